"""Files of ours for this user's eyes only: what hosts answer and what was done concerns nobody else."""

import os
from pathlib import Path
from typing import Literal, TextIO


def folder(path: Path) -> None:
    """Make a folder, or close one that was open to others. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def opened(path: Path, mode: Literal["a", "w"]) -> TextIO:
    """Open a file to write; a new one is ours alone. Raises OSError."""
    return open(path, mode, encoding="utf-8", opener=_alone)


def _alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
