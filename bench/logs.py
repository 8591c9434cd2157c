"""Launches that write logs, and what followers of them do."""

import hashlib
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.reader import Followed, follow
from bench.surroundings import MODULE, ROOT, Place

PATIENCE = 120.0  # seconds
WRITER = (sys.executable, str(ROOT / "bench" / "writer.py"))


class Logs:
    """Launches that write logs, and followers of them."""

    def __init__(self, place: Place) -> None:
        self.place, self.numbers = place, itertools.count()
        self.found: dict[str, list[Followed]] = {}
        self.wrong: list[str] = []  # of the logs that did not come whole, what read them

    def start(self, lines: int, pace: int = 0, *, waits: bool = False) -> str:
        """Launch a writer that stays, and perhaps waits for its reader; return its name."""
        name = f"log{next(self.numbers)}"
        go = (str(self.go(name)),) if waits else ()
        words = ("launch", "-d", "--ready", "none", "--name", name, "--")
        self.place.sparkup(*words, *WRITER, str(lines), str(pace), "stay", *go)
        return name

    def path(self, name: str) -> Path:
        """Return where the log of a launch is."""
        return Path(self.place.env["SPARKUP_STATE_DIR"], "launches", name, "log")

    def go(self, name: str) -> Path:
        """Return the file for which a writer waits."""
        return self.place.folder / f"{name}.go"

    def written(self, name: str, size: int) -> None:
        """Wait until a log has its size."""
        deadline = time.monotonic() + PATIENCE
        while self.path(name).stat().st_size < size:
            if time.monotonic() > deadline:
                raise TimeoutError(name)
            time.sleep(0.02)

    def ours(self, name: str) -> tuple[str, ...]:
        """Return our follower."""
        return (*MODULE, "logs", "-f", name)

    def tail(self, name: str) -> tuple[str, ...]:
        """Return the follower that everybody has."""
        return ("tail", "-n", "+1", "-f", str(self.path(name)))

    def follow(self, who: str, argv: Sequence[str], name: str, size: int) -> Followed:
        """Follow a log to its last line, and compare what came with what is in it."""
        followed = follow(argv, self.place.env, size, self.go(name))
        self.found.setdefault(who, []).append(followed)
        with self.path(name).open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest()
        if (followed.size, followed.digest) != (size, whole):
            self.wrong.append(who)
        return followed
