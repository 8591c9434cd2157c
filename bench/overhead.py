"""What sparkup itself adds to a launch: from the command to the start of the program."""

import itertools
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.loopback import loopback, missing
from bench.report import Report
from bench.surroundings import MODULE, ROOT, Place, own_place
from bench.timing import Samples, in_turns, table

PATIENCE = 30.0  # seconds
BARE, BARE_SSH = "Popen", "ssh, connected already"


class Starts:
    """Times from a command to the start of the program that it starts."""

    def __init__(self, place: Place) -> None:
        self.place, self.note, self.numbers = place, place.folder / "began", itertools.count()
        self.program = (sys.executable, "-I", "-S", str(ROOT / "bench" / "began.py"), str(self.note))

    def of(self, argv: tuple[str, ...]) -> float:
        """Run a command to its end; return when its program began, in seconds after the command did."""
        begun = time.monotonic()
        self.place.run(*argv)
        return self._began() - begun

    def bare(self) -> float:
        """Time the program without sparkup."""
        return self.of(self.program)

    def launched(self, *options: str) -> float:
        """Time it as a launch. Each has a name of its own: none waits for the end of another."""
        name = f"b{next(self.numbers)}"
        words = ("launch", "-d", "--ready", "none", "--name", name, *options, "--", *self.program)
        return self.of((*MODULE, *words))

    def _began(self) -> float:
        deadline = time.monotonic() + PATIENCE
        while not self.note.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(str(self.note))
            time.sleep(0.001)
        text = self.note.read_text()
        self.note.unlink()
        return float(text)


def measure(rounds: int) -> Report:
    """Return the report; over SSH as well where there is an sshd."""
    with own_place() as place:
        starts = Starts(place)
        here = in_turns({BARE: starts.bare, "sparkup launch -d": starts.launched}, rounds)
        lines = [*table(here, BARE), _added(here)]
        with _over_ssh(starts) as candidates:
            there = in_turns(candidates, rounds)
        lines += [*table(there, BARE_SSH), _added(there)] if there else [f"  not over SSH: {missing()}"]
    return Report("from the command to the start of the program", lines)


@contextmanager
def _over_ssh(starts: Starts) -> Iterator[dict[str, Callable[[], float]]]:
    """Give the candidates over SSH; their first round, which does not count, makes the connections."""
    if missing():
        yield {}
        return
    with loopback(starts.place) as host:
        yield {
            BARE_SSH: lambda: starts.of((*host.client, shlex.join(starts.program))),
            "sparkup launch -d --host": lambda: starts.launched(*host.options),
        }


def _added(samples: Samples) -> str:
    """Say what sparkup adds, in seconds: that is what a user waits."""
    bare, ours = (statistics.median(times) for times in samples.values())
    return f"  sparkup adds {ours - bare:.2f} s"
