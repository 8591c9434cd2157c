"""What we do to a launch follows its state: state that others could have written is nobody's order."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import processes
from tests.node.side import Side

NOT_PERMITTED, NOT_STARTED = 77, 74
STRANGER = 12345
SLEEP = ("sleep", "600")
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="giving files to another user needs root")


@pytest.fixture
def victim() -> Iterator[int]:
    """A process that no launch of ours has anything to do with."""
    with subprocess.Popen(SLEEP) as running:
        yield running.pid
        running.kill()


def planted(side: Side, pid: int) -> Path:
    """Write state that claims a process; give it to a stranger."""
    folder = side.folder()
    folder.mkdir(parents=True)
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    rank = {"pid": pid, "pid_start": int(stat[19]), "child": pid, "child_start": int(stat[19]), "boot": boot}
    (folder / "spec.json").write_text(json.dumps({"launch": "a", "attempt": "x", "argv": ["y"], "url": ""}))
    (folder / "rank.json").write_text(json.dumps(rank))
    os.chown(folder, STRANGER, STRANGER)
    return folder


@pytest.mark.parametrize("verb", ["stop", "logs", "exec", "watch", "ready", "ask"])
def test_nothing_is_done_on_a_strangers_word(side: Side, victim: int, verb: str) -> None:
    folder = planted(side, victim)
    answer = side.run(side.on(verb, "a", "--", "touch", str(side.root / "ran")))
    assert answer.status == NOT_PERMITTED
    assert processes.lives(victim)
    assert folder.exists()
    assert not (side.root / "ran").exists()


def test_a_link_does_not_lead_elsewhere(side: Side, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "a").mkdir(parents=True)
    side.started(SLEEP)
    (side.root / "past").symlink_to(elsewhere)
    assert side.stop().status == NOT_PERMITTED
    assert (elsewhere / "a").exists()
    (side.root / "past").unlink()
    assert side.stop().status == 0


@pytest.mark.parametrize("name", ["../a", "..", ".hidden", "a/b", "-x y"])
def test_a_name_leads_nowhere_else(side: Side, name: str) -> None:
    assert side.run(side.on("logs", f"./{name}" if name.startswith("-") else name)).status == NOT_PERMITTED


def test_nothing_is_started_where_everybody_may_write(side: Side) -> None:
    side.root.mkdir(exist_ok=True)
    side.root.chmod(0o777)
    answer = side.start(side.spec(SLEEP))
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "unsafe-folder")
    assert not side.folder().exists()
