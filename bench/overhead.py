"""What sparkup itself adds to a launch: from the command to the start of the program."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.surroundings import MODULE, own_state, quietly
from bench.timing import Lines, in_turns, table

# Says when it began: CLOCK_MONOTONIC is one for all processes of a machine.
PROGRAM = "import time, sys; now = time.monotonic(); open(sys.argv[1], 'w').write(repr(now))"
PATIENCE = 30.0  # seconds


def began(note: Path) -> float:
    """Wait for a program's note of when it began."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        text = note.read_text() if note.exists() else ""
        if text:
            note.unlink()
            return float(text)
        time.sleep(0.001)
    raise TimeoutError(str(note))


def measure(rounds: int) -> Lines:
    """Return the report."""
    with own_state() as env:
        note = Path(env["SPARKUP_STATE_DIR"]).parent / "began"
        argv = (sys.executable, "-c", PROGRAM, str(note))

        def bare() -> float:
            begun = time.monotonic()
            with subprocess.Popen(argv):
                return began(note) - begun

        def launched() -> float:
            begun = time.monotonic()
            quietly((*MODULE, "launch", "-d", "--", *argv), env)
            return began(note) - begun

        candidates: dict[str, Callable[[], float]] = {"bare Popen": bare, "sparkup launch": launched}
        samples = in_turns(candidates, rounds)
    added = samples["sparkup launch"].median - samples["bare Popen"].median
    return [
        "from the command to the start of the program",
        *table(samples, "bare Popen"),
        f"  sparkup adds {added:.2f} s here; the imports of a real vLLM take tens of seconds",
    ]
