"""Nothing of a log is missed while it turns over under its reader."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import LONG

from sparkup.node.log import Log
from sparkup.node.tail import Tail

LIMIT = 4000  # bytes a part
LINES = 20_000


@pytest.fixture
def switching() -> Iterator[None]:
    """Let threads take turns so often that they meet between any two steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_log_that_turns_over_between_two_looks_is_read_whole(tmp_path: Path, switching: None) -> None:
    log, tail = Log(str(tmp_path / "log"), LIMIT), Tail(str(tmp_path / "log"))
    read, deadline = 0, time.monotonic() + LONG

    def write() -> None:
        sent = 0
        for number in range(LINES):
            while sent - read > LIMIT // 2 and time.monotonic() < deadline:  # never two parts ahead
                time.sleep(0)
            log.write(b"%09d\n" % number)
            sent += 10

    writer = threading.Thread(target=write)
    writer.start()
    found = b""
    while time.monotonic() < deadline:
        over = not writer.is_alive()
        data = tail.read()
        found += data
        read = len(found)
        if over and not data:
            break
    writer.join()
    log.close()
    tail.close()
    assert found == b"".join(b"%09d\n" % number for number in range(LINES))
