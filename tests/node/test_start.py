"""`start`: takes a name, starts a rank under a supervisor, or says why not and leaves nothing."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests import processes
from tests.disks import fill, mounted, skip_unless_able
from tests.node.side import Answer, Side, message
from tests.terminals import on_terminal
from tests.waiting import LONG, until

SLEEP = ("sleep", "600")
NAME_TAKEN, NOT_STARTED = 73, 74
SHOW = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def test_it_answers_who_runs(side: Side) -> None:
    answer = side.start(side.spec(SLEEP))
    assert answer.status == 0
    started = answer.value["started"]
    assert started == side.read("rank.json")
    assert processes.lives(started["pid"])
    assert processes.command(started["child"]) == "sleep 600 "
    assert processes.parent(started["child"]) == started["pid"]
    assert answer.value["folder"] == str(side.folder())


def test_a_name_of_a_living_launch_is_taken(side: Side) -> None:
    first = side.started(SLEEP)
    answer = side.start(side.spec(["sh", "-c", "touch $HOME/ran"]))
    assert (answer.status, answer.value) == (
        NAME_TAKEN,
        {"error": "name-taken", "launch": "a"},
    )
    assert processes.lives(first["child"])
    assert side.read("spec.json")["attempt"] == first["attempt"]
    assert not (side.root.parent / "ran").exists()


def test_a_port_that_a_living_launch_is_to_have_is_taken_before_it_listens(side: Side) -> None:
    assert side.start(side.spec(SLEEP, "a", port=18000)).status == 0
    answer = side.start(side.spec(SLEEP, "b", port=18000))
    assert (answer.status, answer.value) == (
        NAME_TAKEN,
        {"error": "port-taken", "launch": "a", "port": 18000},
    )
    assert not side.folder("b").exists()
    assert side.start(side.spec(SLEEP, "b", port=18001)).status == 0
    side.stop("a", "")
    assert side.start(side.spec(SLEEP, "c", port=18000)).status == 0


def test_where_ranks_meet_is_taken_before_anybody_is_there(side: Side) -> None:
    """Two launches that begin at the same moment have both seen the port free."""

    def take(name: str, **more: object) -> Answer:
        spec = side.spec(SLEEP, name, **more)
        return side.run(side.argv("take", "--root", str(side.root)), message(spec, {}))

    refused = {"error": "port-taken", "launch": "a", "port": 18000}
    assert take("a", beats={"port": 18000}).status == 0
    for other in ({"beats": {"port": 18000}}, {"port": 18000}):
        answer = take("b", **other)
        assert (answer.status, answer.value) == (NAME_TAKEN, refused)
        assert not side.folder("b").exists()
    assert take("b", beats={"port": 18001}, port=8000).status == 0
    assert take("c", beats={"port": 8000}).value == {"error": "port-taken", "launch": "b", "port": 8000}


def test_an_ended_launch_is_put_away(side: Side) -> None:
    side.started(["echo", "the first"])
    side.ended()
    second = side.started(["sh", "-c", "echo the second; sleep 600"])
    side.printed("the second")
    assert side.log(past=True) == "the first\n"
    assert side.read("exit.json", past=True)["status"] == 0
    assert side.read("spec.json")["attempt"] == second["attempt"]
    assert not (side.folder() / "exit.json").exists()


@pytest.mark.parametrize("before", [False, True], ids=["free", "ended"])
def test_of_several_starts_at_once_one_wins(side: Side, before: bool) -> None:
    for _ in range(2):
        if before:
            side.started(["true"])
            side.ended()
        specs = [side.spec(SLEEP) for _ in range(4)]
        argv, pipe = side.argv("start", "--root", str(side.root)), subprocess.PIPE
        starts = [subprocess.Popen(argv, stdin=pipe, stdout=pipe, env=side.environment) for _ in specs]
        for process, spec in zip(starts, specs, strict=True):  # all of them wait for their input
            assert process.stdin is not None
            process.stdin.write(message(spec, {}))
        for process in starts:
            assert process.stdin is not None
            process.stdin.close()
        statuses = [process.wait(LONG) for process in starts]
        for process in starts:
            assert process.stdout is not None
            process.stdout.close()
        assert sorted(statuses) == [0] + [NAME_TAKEN] * 3
        winner = specs[statuses.index(0)]
        assert side.read("spec.json")["attempt"] == winner["attempt"]
        marks = [f"SPARKUP_ATTEMPT={spec['attempt']}" for spec in specs]
        assert processes.touching(*marks) == [side.read("rank.json")["child"]]
        side.stop()


def test_what_is_kept_is_for_its_owner_alone(side: Side) -> None:
    """Arguments and plain variables may be private; that there is a launch need not be."""
    side.started(["sh", "-c", "echo secret"], env={"NAME": "value"}, ready="port", ready_target="1")
    side.ended()
    assert side.folder().stat().st_mode & 0o777 == 0o711
    files = {file.name: file.stat().st_mode & 0o777 for file in side.folder().iterdir()}
    assert {"spec.json", "rank.json", "exit.json", "look.json", "log", "log.index"} <= set(files)
    assert set(files.values()) == {0o600}


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_start_that_was_broken_off_is_over_whatever_the_clock_says(side: Side, ahead: int) -> None:
    side.folder().mkdir(parents=True)
    os.utime(side.folder(), (time.time() + ahead,) * 2)
    assert side.start(side.spec(SLEEP)).status == 0


def test_a_start_that_is_under_way_has_its_name(side: Side) -> None:
    side.folder().mkdir(parents=True)
    assert side.start(side.spec(SLEEP)).value == {"error": "name-taken", "launch": "a"}


def refused(side: Side, argv: Sequence[str] = ("true",), cwd: str = "") -> str:
    """Start what cannot be started; see that nothing is left, return the message."""
    answer = side.start(side.spec(argv, cwd=cwd))
    assert answer.status == NOT_STARTED
    assert side.launches() == []
    until(lambda: not processes.touching(side.root), "nothing runs")
    assert answer.value["error"] == "command-not-found"
    return str(answer.value["message"])


def test_a_program_that_is_to_run_later_is_missed_at_once(side: Side, tmp_path: Path) -> None:
    """A rank of Ray waits for its head before it runs `ray`: nobody is to wait for that."""
    first = [["touch", str(tmp_path / "begun")]]
    answer = side.start(dict(side.spec(["no-such-program"]), first=first))
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "command-not-found")
    assert answer.value["message"] == "no-such-program: not found"
    assert not (tmp_path / "begun").exists()
    assert side.launches() == []


def test_a_program_that_is_not_there(side: Side) -> None:
    assert "no-such-program" in refused(side, argv=["no-such-program"])


def test_a_program_that_cannot_be_executed(side: Side, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    assert str(program) in refused(side, argv=[str(program)])


def test_a_folder_that_is_not_there(side: Side) -> None:
    assert "/no/such/folder" in refused(side, cwd="/no/such/folder")


def test_what_cannot_be_an_argument(side: Side) -> None:
    assert "null" in refused(side, argv=["echo", "a\0b"])


def test_a_full_disk_is_seen_before_the_start(side: Side, tiny_disk: Path) -> None:
    full = replace(side, root=tiny_disk / "state")
    (tiny_disk / "state").mkdir()
    filler = fill(tiny_disk)
    answer = full.start(full.spec(SLEEP))
    assert (answer.status, answer.value["error"]) == (NOT_STARTED, "log-not-writable")
    assert "No space left" in answer.value["message"]
    assert full.launches() == []
    assert processes.touching(full.root) == []
    filler.unlink()
    assert full.start(full.spec(SLEEP)).status == 0
    full.close()


def test_a_disk_without_room_for_the_folder(side: Side, tmp_path: Path) -> None:
    skip_unless_able()
    with mounted(tmp_path / "disk", "size=512k,nr_inodes=5") as disk:
        full = replace(side, root=disk / "state")
        answer = full.start(full.spec(SLEEP))
        assert (answer.status, answer.value.get("error")) == (NOT_STARTED, "log-not-writable")
        assert full.launches() == []
        assert processes.touching(full.root) == []


VALUES = {
    "SPACES": "  two  words  ",
    "LINES": "first\nsecond\n",
    "QUOTES": 'it\'s "quoted" $HOME `pwd` \\n',
    "EQUALS": "a=b=c",
    "UNICODE": "grüße 日本 🚀",
    "EMPTY": "",
}


def test_the_environment_arrives_as_it_is(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "out"
    side.started([sys.executable, "-c", SHOW, str(out)], env=VALUES)
    side.ended()
    found = json.loads(out.read_text())
    assert {name: found[name] for name in VALUES} == VALUES


def test_an_environment_of_another_encoding_does_no_harm(side: Side, tmp_path: Path) -> None:
    """A login whose locale is no UTF-8: bytes go through as they were sent."""
    out = tmp_path / "out"
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    argv = [sys.executable, "-c", "import sys; print(ascii(sys.argv[2]), file=open(sys.argv[1], 'w'))"]
    spec = side.spec([*argv, str(out), "日本"], env=dict(VALUES, PYTHONUTF8="1"))
    assert side.start(spec, env=old).status == 0
    assert side.ended()["status"] == 0
    assert out.read_text() == ascii("日本") + "\n"


def test_the_environments_programs_come_first(side: Side, tmp_path: Path) -> None:
    folder, out = tmp_path / "env" / "bin", tmp_path / "out"
    folder.mkdir(parents=True)
    program = folder / "sparkup-test-program"
    program.write_text(f'#!/bin/sh\necho "$VIRTUAL_ENV" >{out}\n')
    program.chmod(0o755)
    side.started([program.name], bin=str(folder))
    side.ended()
    assert out.read_text() == f"{folder.parent}\n"


HIDDEN = f"hf_{secrets.token_hex(8)}"  # the test's own: another run at the same time has the same names
SECRETS = {"HF_TOKEN": HIDDEN, "VLLM_API_KEY": "two words\nand a=line"}


def test_secrets_reach_the_process_and_no_file(side: Side, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = f"{SHOW}; import time; time.sleep(600)"
    answer = side.start(side.spec([sys.executable, "-c", script, str(out)]), SECRETS)
    until(lambda: out.exists() and out.read_text().endswith("}"), "the process has its environment")
    found = json.loads(out.read_text())
    assert {name: found[name] for name in SECRETS} == SECRETS
    kept = b"".join(path.read_bytes() for path in side.root.rglob("*") if path.is_file())
    assert b"HF_TOKEN" in kept  # by name
    assert HIDDEN.encode() not in kept
    assert b"two words" not in kept
    holders = [answer.value["started"]["child"]]
    assert processes.touching(HIDDEN) == holders  # nobody else's arguments or environment


def test_half_an_input_starts_nothing(side: Side) -> None:
    spec = side.spec(["touch", str(side.root.parent / "ran")], secrets=list(SECRETS))
    whole = message(spec, SECRETS)
    line = whole.index(b"\n") + 1
    cuts = [0, 1, line // 2, line - 1, line, line + 9, whole.index(b"\0") + 1, len(whole) - 1]
    for cut in cuts:
        answer = side.run(side.argv("start", "--root", str(side.root)), whole[:cut])
        assert (answer.status, answer.value) == (NOT_STARTED, {"started": None}), cut
        assert answer.stderr.startswith("standard input was cut short"), cut
        assert side.launches() == []
    assert not (side.root.parent / "ran").exists()


def test_it_outlives_the_session_that_started_it(side: Side) -> None:
    """The shell of a login starts it on a terminal; then the terminal goes, and the session with it."""
    spec = message(side.spec(SLEEP), {}).decode()
    start = subprocess.list2cmdline(side.argv("start", "--root", str(side.root)))
    script = f'printf %s "$SPEC" | {start} >/dev/null; sleep 600'
    with on_terminal(["sh", "-c", script], {**side.environment, "SPEC": spec}) as terminal:
        until((side.folder() / "rank.json").exists, "the rank runs")
        rank = side.read("rank.json")
        terminal.hang_up()
        assert terminal.process.wait(LONG) == -signal.SIGHUP
        os.kill(rank["pid"], signal.SIGHUP)
        assert os.getsid(rank["pid"]) != terminal.process.pid
    assert os.getsid(rank["child"]) == rank["child"]
    assert side.run(side.on("ready", "a")).value == {"state": "ready"}


@pytest.mark.parametrize(
    "delay", [0.06, *(pytest.param(each, marks=pytest.mark.e2e) for each in (0.0, 0.03, 0.09, 0.12))]
)
def test_a_starter_that_is_killed_leaves_all_or_nothing(side: Side, delay: float) -> None:
    spec = side.spec(SLEEP)
    with side.running(side.argv("start", "--root", str(side.root))) as starter:
        assert starter.stdin is not None
        starter.stdin.write(message(spec, {}))
        starter.stdin.close()
        try:
            starter.wait(delay)
        except subprocess.TimeoutExpired:
            starter.kill()
    mark = f"SPARKUP_ATTEMPT={spec['attempt']}"
    if processes.touching(mark):
        until((side.folder() / "rank.json").exists, "the supervisor goes on")
    side.stop("a", spec["attempt"])
    assert processes.touching(mark) == []


@pytest.mark.parametrize("processes_left", [0, 1])
def test_a_host_without_room_for_processes_starts_nothing_and_says_so(
    program_file: Path, processes_left: int
) -> None:
    """The limit counts all processes of a user: one that has no others."""
    if os.geteuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("another user is needed, and a Python that all may run")
    user = ("setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        program = shutil.copy(program_file, folder)
        limit = ("prlimit", f"--nproc={1 + processes_left}", "--")
        argv = ["sleep", "600"]
        spec = {"launch": "a", "attempt": "a1", "argv": argv, "env": {}, "secrets": [], "ready": "none"}
        done = subprocess.run(
            [*user, *limit, "/usr/bin/python3", "-I", program, "start", "--root", str(folder / "state")],
            input=json.dumps(spec).encode() + b"\n",
            capture_output=True,
            timeout=LONG,
            check=False,
        )
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["error"]) == (NOT_STARTED, "system-refused"), done
        assert list((folder / "state" / "launches").iterdir()) == []
