"""The peer that start-up is compared with: sparkrun, in an environment of its own, made on first use."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.surroundings import CACHE, output_of

NAME = "sparkrun"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to compare with, or why there is none."""

    program: str = ""
    version: str = ""
    why_not: str = ""


def sparkrun(folder: Path = CACHE / NAME) -> Peer:
    """Return the peer, installed if need be (it wants Python 3.12 or newer)."""
    program, why = folder / "bin" / NAME, "no Python 3.12 or newer is here"
    pythons = newer_pythons()
    while not program.exists():
        python = next(pythons, None)
        if python is None:
            return Peer(why_not=f"{NAME} cannot be installed: {why}")
        why = _install(python, folder)
    works, said = output_of((str(program), "--version"))
    return Peer(str(program), said) if works else Peer(why_not=f"{NAME} does not run: {said}")


def _install(python: str, folder: Path) -> str:
    """Make the environment; return the last thing that was said."""
    made, said = output_of((python, "-m", "venv", "--clear", str(folder)))
    if made:
        pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", NAME)
        _, said = output_of(pip)
    return said


def newer_pythons() -> Iterator[str]:
    """Yield Pythons from 3.12 on, of the PATH and of pyenv; some may be shims that do not work."""
    for minor in (12, 13, 14):
        yield from filter(None, [shutil.which(f"python3.{minor}")])
        yield from map(str, sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")))
