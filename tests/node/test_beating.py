"""A rank whose disk stands still goes on beating: the others do not take it for lost, nor it them."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import processes
from tests.node.side import ONCE, Json, Side
from tests.ports import free_udp_port
from tests.waiting import until

PROGRAMS = ("mkfs.ext4", "mount", "umount", "fsfreeze")
SILENT = 1.5  # seconds after which a rank is missed
CHATTY = ("sh", "-c", "while :; do echo line; sleep 0.05; done")
KEY = {"SPARKUP_BEAT_KEY": "6d1f"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which can be made to stand still."""
    if os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)):
        pytest.skip(f"needs root and {', '.join(PROGRAMS)}")
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop,noatime", str(image), str(folder)], check=False).returncode:
        pytest.skip("no loop device can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Let each write to a file system wait for the time of a `with`."""
    subprocess.run(["fsfreeze", "--freeze", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(folder)], check=True)


@pytest.fixture
def pair(side: Side, disk: Path) -> Iterator[tuple[Side, Side]]:
    """The host of a head, and that of a worker, whose state is on the disk."""
    worker = Side(side.python, side.program, disk / "state")
    yield side, worker
    worker.close()


def rank(number: int, port: int) -> Json:
    """Return what a rank of two is told beside its command."""
    peer = {"rank": 1 - number, "host": f"spark{2 - number}", "address": f"127.0.0.{2 - number}"}
    beats = {"port": port, "address": f"127.0.0.{number + 1}", "peers": [peer], "silent": SILENT}
    return {"attempt": "a1", "rank": number, "beats": beats, "first": [["true"], ["true"]]}


def stuck(there: Side) -> bool:
    """Say whether a supervisor waits for its disk: the kernel lets nothing interrupt it."""
    return processes.state(there.read("rank.json")["pid"]) == "D"


def known(there: Side) -> bool:
    file = there.folder() / "peers.json"
    return file.exists() and there.read(file.name)["peers"][0]["heard"] is not None


@ONCE
def test_a_log_that_cannot_be_written_makes_nobody_look_lost(pair: tuple[Side, Side]) -> None:
    port = free_udp_port()
    for number, there in enumerate(pair):
        assert there.start(there.spec(CHATTY, **rank(number, port)), KEY).status == 0
    head, worker = pair
    until(lambda: known(head) and known(worker), "each has heard the other")
    with frozen(worker.root.parent):
        until(lambda: stuck(worker), "its supervisor hangs in a write")
        time.sleep(3 * SILENT)
        assert stuck(worker)
        assert not (head.folder() / "exit.json").exists()
    before = len(worker.log())
    until(lambda: len(worker.log()) > before, "its log goes on")
    assert not (worker.folder() / "exit.json").exists()
    assert head.stop().status == 0
    assert "rank 0 on spark1 has ended" in worker.ended()["because"]
