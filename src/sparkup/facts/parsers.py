"""The parsers of `sparkup facts parse NAME`, by NAME.

Add one: `parse(text: str) -> T | None` in a file of its own (facts/source_text.py says what it may return), a
line in SOURCES, recorded texts in tests/fixtures/samples/NAME, and ./dev docs for the schema.
"""

from collections.abc import Mapping

from sparkup.facts import memory
from sparkup.facts.source_text import Source, plain
from sparkup.facts.tools import free

SOURCES: Mapping[str, Source] = {
    "free": Source(free.parse, "the output of `free` or `free -h`"),
    "meminfo": Source(memory.parse_meminfo, "the content of /proc/meminfo"),
}


def parse(name: str, text: str) -> object | None:
    """Return what the text of a source says, None for text of another kind. Raises KeyError."""
    return SOURCES[name].parse(plain(text))
