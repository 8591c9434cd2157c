"""The phases of a dry run as text for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def phases(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of all phases that would do something, and that nothing was done."""
    for phase in told:
        if not phase["steps"] and not phase["notes"]:
            continue
        yield f"{phase['title']}:"
        for step in phase["steps"]:
            after = f"  (after {', '.join(step['after'])})" if step["after"] else ""
            yield f"  [{step['host']}] {step['reason']}{after}"
            yield f"      {step['what']}"
        yield from (f"      {note}" for note in phase["notes"])
    yield "nothing was done; the same without --dry-run does it"
