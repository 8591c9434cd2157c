"""What hosts last answered, one file a host, for plans made offline."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sparkup.domain.fact import Answers
from sparkup.run import private


def file_of(folder: Path, host: str) -> Path:
    """Return where a host's answers are; its name may hold what a file name cannot."""
    return folder / f"{quote(host, safe='@')}.json"


def recall(path: Path) -> Answers:
    """Return all that is known of a host. Raises OSError or ValueError."""
    known = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(known, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as the lines above say of other texts
    return known


def remember(path: Path, answers: Mapping[str, Any]) -> None:
    """Add to what is known of a host; a convenience: where it cannot be, an offline plan will say so."""
    new = path.with_suffix(f".{os.getpid()}.new")  # others may be at it as well
    with contextlib.suppress(OSError):
        private.folder(path.parent)
        try:
            with private.opened(new, "w") as file:
                json.dump({**_known(path), **answers}, file)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


def _known(path: Path) -> Answers:
    try:
        return recall(path)
    except (OSError, ValueError):
        return {}
