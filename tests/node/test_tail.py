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


def numbers(first: int, last: int) -> bytes:
    """Return lines of ten bytes."""
    return b"".join(b"%09d\n" % number for number in range(first, last))


def written(log: Log, first: int, last: int) -> None:
    """Write such lines one by one."""
    for number in range(first, last):
        log.write(b"%09d\n" % number)


def rest(tail: Tail) -> bytes:
    """Return all that a reader gets."""
    found = b""
    while data := tail.read(100):
        found += data
    return found


def test_a_log_that_turns_over_twice_under_a_slow_reader_is_read_whole(tmp_path: Path) -> None:
    log, tail = Log(str(tmp_path / "log"), LIMIT), Tail(str(tmp_path / "log"))
    written(log, 0, 100)
    found = tail.read(50)
    written(log, 100, 1000)  # two parts of 401 lines, and some more
    assert found + rest(tail) == numbers(0, 1000)
    log.close()
    tail.close()


def test_what_is_gone_before_it_could_be_read_is_said(tmp_path: Path) -> None:
    log, tail = Log(str(tmp_path / "log"), LIMIT), Tail(str(tmp_path / "log"))
    written(log, 0, 100)
    assert tail.read(50) == numbers(0, 5)
    written(log, 100, 2000)
    found = rest(tail)
    said = b"\n[sparkup: 8020 bytes of this log are gone: it grew faster than it was read]\n"
    assert found == numbers(5, 401) + said + numbers(401 + 802, 2000)
    log.close()
    tail.close()


def test_a_log_of_before_without_such_an_index_is_followed(tmp_path: Path) -> None:
    log, tail = Log(str(tmp_path / "log"), LIMIT), Tail(str(tmp_path / "log"))
    (tmp_path / "log.index").write_bytes(b"1795511769.330 0\n")
    written(log, 0, 401)
    assert rest(tail) == numbers(0, 401)
    written(log, 401, 500)
    assert rest(tail) == numbers(401, 500)
    log.close()
    tail.close()
