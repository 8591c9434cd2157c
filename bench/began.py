"""A program that notes when it began: python began.py FILE (CLOCK_MONOTONIC is one for a whole machine)."""

import time

NOW = time.monotonic()

import sys  # noqa: E402 - the clock is read before anything else
from pathlib import Path  # noqa: E402

new = Path(sys.argv[1] + ".new")
new.write_text(repr(NOW))
new.replace(sys.argv[1])
