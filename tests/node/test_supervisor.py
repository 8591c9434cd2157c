"""The supervisor: keeps the log, records the end, ends the whole tree, whatever its engine does."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests import processes
from tests.disks import fill, mounted, skip_unless_able
from tests.node.side import ONCE, Side
from tests.waiting import until

PYTHON = sys.executable
# Leaves its session and parent, as a daemon does, and closes what it has of them.
DAEMON = (
    "import os, signal, sys, time\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "if os.fork(): os._exit(0)\n"
    "os.closerange(0, 64)\n"
    "{extra}\n"
    "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
    "time.sleep(600)\n"
)
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def script(folder: Path, extra: str = "") -> str:
    """Write a program that becomes a daemon and says who it is; return its path."""
    file = folder / "daemon.py"
    file.write_text(DAEMON.format(extra=extra))
    return str(file)


def said(file: Path) -> int:
    """Wait until a process has written who it is."""
    until(lambda: file.exists() and file.read_text(), f"{file.name} is written")
    return int(file.read_text())


def test_output_is_kept_as_it_is(side: Side) -> None:
    code = (
        "import sys; o, e = sys.stdout.buffer, sys.stderr.buffer\n"
        "o.write(b'out\\n'); o.flush(); e.write(b'err\\n'); e.flush(); o.write(b'\\xff\\0 last, no end')"
    )
    side.started([PYTHON, "-c", code])
    side.ended()
    assert (side.folder() / "log").read_bytes() == b"out\nerr\n\xff\0 last, no end"


def test_more_than_a_pipe_holds_is_kept(side: Side) -> None:
    side.started([PYTHON, "-c", "import sys; sys.stdout.write('x' * (3 << 20))"])
    side.ended()
    assert (side.folder() / "log").stat().st_size == 3 << 20


def test_the_log_turns_over(side: Side) -> None:
    limit, chunk = 20_000, 1 << 16
    side.started([PYTHON, "-c", "for i in range(40000): print('line', i)"], log_limit=limit)
    side.ended()
    newest, older = (side.folder() / name for name in ("log", "log.1"))
    assert newest.read_text().endswith("line 39999\n")
    assert max(newest.stat().st_size, older.stat().st_size) <= limit + chunk
    together = (older.read_text() + newest.read_text()).splitlines()[1:]
    first = int(together[0].split()[1])
    assert together == [f"line {number}" for number in range(first, 40000)]  # nothing lost between the parts


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import os; os.abort()", 134),
    ],
)
def test_the_end_is_recorded(side: Side, code: str, status: int) -> None:
    side.started([PYTHON, "-c", code])
    ended = side.ended()
    assert (ended["status"], ended["asked"], ended["left"]) == (status, False, [])
    assert ended["at"] == pytest.approx((side.folder() / "exit.json").stat().st_mtime, abs=5)


def test_who_asked_for_the_end_is_recorded(side: Side) -> None:
    rank = side.started([PYTHON, "-c", "import time; print('up', flush=True); time.sleep(600)"])
    side.printed("up")
    os.kill(rank["pid"], signal.SIGTERM)
    ended = side.ended()
    assert (ended["status"], ended["asked"]) == (143, True)


def test_what_leaves_the_tree_is_ended_with_it(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "pid"
    side.started(
        ["sh", "-c", '"$@"; while ! [ -s "$3" ]; do :; done', "sh", PYTHON, script(tmp_path), str(out)]
    )
    ended = side.ended()
    assert ended["left"] == []
    assert not processes.lives(said(out))


@pytest.mark.e2e
@ONCE
def test_a_stubborn_orphan_is_killed(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "pid"
    rank = side.started(["sh", "-c", '"$@"; sleep 600', "sh", PYTHON, script(tmp_path, STUBBORN), str(out)])
    orphan = said(out)
    os.kill(rank["child"], signal.SIGKILL)
    assert side.ended()["status"] == 137
    assert not processes.lives(orphan)


def test_orphans_are_reaped_while_it_runs(side: Side) -> None:
    code = "import os, time\nfor _ in range(20):\n if not os.fork():\n  os.fork()\n  os._exit(0)\n"
    rank = side.started([PYTHON, "-c", code + "print('forked', flush=True); time.sleep(600)"])
    side.printed("forked")
    until(lambda: processes.children(rank["pid"]) == [rank["child"]], "no zombies are left")


def test_one_that_ignores_sigterm_is_killed_after_its_grace(side: Side) -> None:
    code = f"import signal, time; {STUBBORN}; print('up', flush=True); time.sleep(600)"
    rank = side.started([PYTHON, "-c", code], grace=1)
    side.printed("up")
    os.kill(rank["pid"], signal.SIGTERM)
    ended = side.ended()
    assert (ended["status"], ended["asked"], ended["left"]) == (137, True, [])


@pytest.mark.e2e
@ONCE
def test_one_that_loses_the_first_sigterm_is_told_again(side: Side) -> None:
    """As vLLM does while it starts."""
    code = (
        "import signal, sys, time\n"
        "def lose(*_): signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); print('lost', flush=True)\n"
        "signal.signal(signal.SIGTERM, lose); print('up', flush=True)\n"
        "while True: time.sleep(0.1)"
    )
    rank = side.started([PYTHON, "-c", code], grace=20)
    side.printed("up")
    os.kill(rank["pid"], signal.SIGTERM)
    assert side.ended()["status"] == 5
    assert side.log() == "up\nlost\n"


def test_an_end_in_its_own_time_is_waited_for(side: Side, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "def end(*_):\n"
        f" {STUBBORN}; print('told', flush=True)\n"
        " while not os.path.exists(sys.argv[1]): time.sleep(0.02)\n"
        " print('cleaned up', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    rank = side.started([PYTHON, "-c", code, str(tmp_path / "go")], grace=120)
    side.printed("up")
    os.kill(rank["pid"], signal.SIGTERM)
    side.printed("told")
    for _ in range(2):  # told more than once
        os.kill(rank["pid"], signal.SIGTERM)
    (tmp_path / "go").touch()
    assert side.ended()["status"] == 0
    assert side.log() == "up\ntold\ncleaned up\n"


def test_a_disk_that_fills_up_costs_log_lines_only(side: Side, tiny_disk: Path) -> None:
    full = replace(side, root=tiny_disk / "state")
    code = (
        "import os, sys, time\n"
        "def wait(name):\n while not os.path.exists(sys.argv[1] + name): time.sleep(0.02)\n"
        "print('before', flush=True); wait('/full')\n"
        "for _ in range(5000): print('x' * 99)\n"
        "sys.stdout.flush(); open(sys.argv[1] + '/printed', 'w'); wait('/free')\n"
        "print('after', flush=True); time.sleep(0.2); print('the end')\n"
    )
    try:
        full.started([PYTHON, "-c", code, str(tmp := tiny_disk.parent)])
        full.printed("before")
        filler = fill(tiny_disk)
        (tmp / "full").touch()
        until((tmp / "printed").exists, "the engine is not held up")
        filler.unlink()
        (tmp / "free").touch()
        ended = full.ended()
        assert ended["status"] == 0
        log = full.log()
        assert log.startswith("before\n")
        assert "part of this log was lost: the disk was full" in log
        assert log.endswith("the end\n")
        assert ended["lost_log"] + log.count("x") * 100 // 99 == pytest.approx(500_000, abs=200)
    finally:
        full.close()


def test_a_log_that_cannot_turn_over_costs_log_lines_only(side: Side, tmp_path: Path) -> None:
    """A new part needs a new file, and a disk may have none left (or a quota say no)."""
    skip_unless_able()
    code = (
        "import os, sys, time\n"
        "print('up', flush=True)\n"
        "while not os.path.exists(sys.argv[1] + '/full'): time.sleep(0.02)\n"
        "for i in range(40000): print('line', i)\n"
        "sys.stdout.flush(); open(sys.argv[1] + '/printed', 'w')\n"
        "while not os.path.exists(sys.argv[1] + '/free'): time.sleep(0.02)\n"
        "print('the end')"
    )
    with mounted(tmp_path / "disk", "size=4m,nr_inodes=40") as disk:
        there = replace(side, root=disk / "state")
        try:
            there.started([PYTHON, "-c", code, str(tmp_path)], log_limit=20_000)
            there.printed("up")
            crowd = take_all_names(disk)
            (tmp_path / "full").touch()
            until((tmp_path / "printed").exists, "the engine is not held up")
            for file in crowd:
                file.unlink()
            (tmp_path / "free").touch()
            assert there.ended()["status"] == 0
            assert there.log().endswith("the end\n")
        finally:
            there.close()


def take_all_names(disk: Path) -> list[Path]:
    """Make files until the file system holds no more of them."""
    made: list[Path] = []
    try:
        while True:
            file = disk / f"f{len(made)}"
            file.touch()
            made.append(file)
    except OSError:
        return made


def test_an_engine_does_not_outlive_its_supervisor(side: Side) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[1], 'w').write('told'), sys.exit(0)))\n"
        "print('up', flush=True); time.sleep(600)"
    )
    out = side.root.parent / "told"
    rank = side.started([PYTHON, "-c", code, str(out)])
    side.printed("up")
    os.kill(rank["pid"], signal.SIGKILL)
    until(out.exists, "the engine was told to end")
    until(lambda: not processes.lives(rank["child"]), "the engine has ended")
    assert not (side.folder() / "exit.json").exists()
    assert side.run(side.on("ready", "a")).value == {"state": "ended", "exit": None}
    assert side.start(side.spec(["true"])).status == 0  # the name of a lost launch is free


def test_a_disk_that_is_full_at_the_end(side: Side, tiny_disk: Path) -> None:
    """How it ended cannot be written then; that it has ended is seen from its processes."""
    full = replace(side, root=tiny_disk / "state")
    go = tiny_disk.parent / "go"
    try:
        rank = full.started(["sh", "-c", 'echo up; while ! [ -e "$0" ]; do sleep 0.02; done', str(go)])
        full.printed("up")
        fill(tiny_disk)
        go.touch()
        until(lambda: not processes.lives(rank["pid"]), "the supervisor has ended")
        assert full.run(full.on("ready", "a")).value == {"state": "ended", "exit": None}
        answer = full.stop("a", rank["attempt"])
        assert (answer.status, answer.value["left"], full.launches()) == (0, [], [])
    finally:
        full.close()


ALL = 1 << 60  # bytes: no host has so much memory available


@pytest.mark.parametrize(("limits", "ignores", "status"), [([ALL, 0], False, 143), ([ALL, ALL], True, 137)])
def test_a_host_short_of_memory_is_rid_of_the_rank(
    side: Side, limits: list[int], ignores: bool, status: int
) -> None:
    script = "trap '' TERM; sleep 600 & wait" if ignores else "sleep 600"
    side.started(["sh", "-c", script], guard=limits)
    ended = side.ended()
    assert (ended["short_of_memory"], ended["asked"]) == (True, False)
    assert ended["status"] == status
    assert b"MiB of memory are available" in (side.folder() / "log").read_bytes()


def test_with_memory_enough_it_is_left_alone(side: Side) -> None:
    side.started(["sleep", "0.8"], guard=[1, 1])
    ended = side.ended()
    assert (ended["short_of_memory"], ended["status"]) == (False, 0)
