"""The log of a rank, and whoever gets a copy of it."""

import os
import time
from pathlib import Path

from sparkup.node.log import COPY_PATIENCE, Log

BLOCK = b"x" * (1 << 16)


def test_a_copy_that_nobody_takes_holds_nothing_up(tmp_path: Path) -> None:
    read, write = os.pipe()
    log = Log(str(tmp_path / "log"), 1 << 30, write)
    begun = time.monotonic()
    for _ in range(200):
        log.write(BLOCK)
    assert COPY_PATIENCE / 2 < time.monotonic() - begun < 5 * COPY_PATIENCE
    assert (tmp_path / "log").stat().st_size == 200 * len(BLOCK)
    taken = os.read(read, 1 << 20)
    assert set(taken) == {ord("x")}
    log.write(b"more")  # it is taken again
    assert os.read(read, 1 << 20).endswith(b"more")
    log.close()
    for end in (read, write):
        os.close(end)
