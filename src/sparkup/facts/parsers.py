"""The parsers of `sparkup facts parse NAME`, by NAME.

Add one: `parse(text: str) -> T` in a file of its own (facts/source_text.py says what it may return and raise),
a line in SOURCES, recorded texts in tests/fixtures/samples/NAME, and ./dev docs for the schema.
"""

from collections.abc import Mapping

from sparkup.facts import free, memory
from sparkup.facts.source_text import Source, plain

SOURCES: Mapping[str, Source] = {
    "free": Source(free.parse, "the output of `free` or `free -h`"),
    "meminfo": Source(memory.parse_meminfo, "the content of /proc/meminfo"),
}


def parse(name: str, text: str) -> object:
    """Return what the text of a source says; raises UnlikeError for text of another kind, KeyError."""
    return SOURCES[name].parse(plain(text))
