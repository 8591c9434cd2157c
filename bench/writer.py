"""A program that prints numbered lines: python writer.py LINES BYTES_A_SECOND [stay] [FILE].

BYTES_A_SECOND 0 is as fast as it can. Each line has its number and when it was made
(CLOCK_MONOTONIC, nanoseconds). `stay`: it ends only when it is told to. FILE: it goes on after the
first lines when there is such a file, so that whoever reads them has caught up.
"""

import signal
import sys
import time
from pathlib import Path

LENGTH = 120  # bytes a line, as those of vLLM
BLOCK = 100  # lines written at once
TEXT = "x" * (LENGTH - len(f"{0:09} {0:018} \n"))


def main(count: int, rate: int, *, stay: bool = False, go: Path | None = None) -> None:
    """Print all lines."""
    write(0, min(BLOCK, count))
    while go and not go.exists():
        time.sleep(0.01)
    begun = time.monotonic()
    for first in range(BLOCK, count, BLOCK):
        if rate:
            time.sleep(max(0.0, first * LENGTH / rate - (time.monotonic() - begun)))
        write(first, min(first + BLOCK, count))
    if stay:
        signal.pause()


def write(first: int, end: int) -> None:
    """Print some lines at once."""
    now = time.monotonic_ns()
    sys.stdout.write("".join(f"{number:09} {now:018} {TEXT}\n" for number in range(first, end)))
    sys.stdout.flush()


if __name__ == "__main__":
    numbers, words = map(int, sys.argv[1:3]), sys.argv[3:]
    files = [Path(word) for word in words if word != "stay"]
    main(*numbers, stay="stay" in words, go=files[0] if files else None)
