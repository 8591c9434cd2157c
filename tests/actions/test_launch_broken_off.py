"""A start that is broken off is taken back, whenever that is; a terminal that goes away leaves it running."""

import signal
import subprocess
import time

import pytest
from tests import processes
from tests.user import Running, User
from tests.waiting import LONG, until

ENDED_BY_SIGNAL = {signal.SIGINT: (130, -signal.SIGINT), signal.SIGTERM: (130, -signal.SIGTERM)}
SLOW = {"FAKE_VLLM_START_SECONDS": "3"}  # half a second and more for each stage
# A few moments here; the whole range is in the fault matrix.
FEW, ALL = (0.15, 0.35, 0.9), (0.02, 0.08, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 0.9, 1.2, 1.5, 2.0, 3.0)
MOMENTS = [pytest.param(delay, marks=[] if delay in FEW else [pytest.mark.e2e]) for delay in ALL]


def broken_off(user: User, delay: float, number: signal.Signals) -> Running:
    """Start, send a signal after a while, wait for the end."""
    with user.running("launch", *user.serve(), env=SLOW) as command:
        try:
            command.process.wait(delay)
        except subprocess.TimeoutExpired:
            command.signal(number)
        command.done()
        return command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", MOMENTS)
def test_at_any_moment_nothing_is_left(user: User, delay: float, number: signal.Signals) -> None:
    command = broken_off(user, delay, number)
    # Before our first line runs, Python ends as any program does; a shell says 130 to that as well.
    # While it reads its own modules, it says 1.
    early = (1,) if delay < 0.1 else ()
    assert command.process.returncode in (*ENDED_BY_SIGNAL[number], *early), command.err
    user.nothing_is_left()
    assert delay < 0.1 or "Traceback" not in command.err


def test_it_says_that_it_took_the_start_back(user: User) -> None:
    with user.running("launch", *user.serve(), env=SLOW) as command:
        command.expect("importing")
        command.signal()
        done = command.done()
    assert done.status == 130
    assert "the start of vllm_node was broken off and taken back" in done.err
    user.nothing_is_left()


SLOW_TO_END = ("--", "sh", "-c", "trap 'sleep 1; exit' TERM; echo up; while :; do sleep 0.1; done")
# vLLM loses a signal that comes while it starts, and takes the next one.
UNDOING = [
    pytest.param(SLOW_TO_END, "up", id="command"),
    pytest.param((), "resolve", id="server", marks=pytest.mark.e2e),
]


@pytest.mark.parametrize(("words", "moment"), UNDOING)
def test_more_signals_while_it_is_taken_back_do_no_harm(
    user: User, words: tuple[str, ...], moment: str
) -> None:
    with user.running("launch", *(words or user.serve()), env=SLOW) as command:
        command.expect(moment)
        command.signal()
        until(lambda: processes.touching(f"stop\0vllm_node\0--root\0{user.state}"), "it is taken back")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            command.signal(number)
            time.sleep(0.01)
        done = command.done()
    assert done.status == 130
    user.nothing_is_left()
    assert user.run("logs", "vllm_node").out  # the log is kept


@pytest.mark.parametrize("verb", ["launch", "stop"])
def test_before_anything_is_done_it_says_so(user: User, verb: str) -> None:
    config = user.home / "config"
    config.write_text("Host slow\n  ProxyCommand sleep 60\n")
    words = user.serve() if verb == "launch" else ["--all"]
    with user.running(verb, "--ssh-config", str(config), "--host", "slow", *words) as command:
        until(lambda: processes.touching("ControlMaster=auto"), "it knocks there")
        command.signal()
        done = command.done()
    assert done.status == 130
    assert "broken off; nothing was changed" in done.err


def test_ctrl_c_at_a_terminal(user: User) -> None:
    with user.at_terminal("launch", *user.serve(), env=SLOW) as terminal:
        terminal.expect("importing")
        terminal.type("\x03")
        seen = terminal.expect("taken back")
        assert terminal.status() == 130
    assert "Traceback" not in seen
    user.nothing_is_left()


@pytest.mark.e2e
def test_a_launch_with_the_name_of_another_is_not_taken_back_with_it(user: User) -> None:
    """What is undone is this attempt: the launch that has the name is left alone."""
    user.launched()
    done = user.run("launch", *user.serve())
    assert done.status == 5
    assert "vllm_node is already the name of a launch" in done.err
    assert user.row()["phase"] == "ready"


def test_a_hangup_before_it_is_ready_leaves_it_to_become_ready(user: User) -> None:
    with user.running("launch", *user.serve(), env={"FAKE_VLLM_START_SECONDS": "1.5"}) as command:
        command.expect("resolve")
        command.signal(signal.SIGHUP)
        done = command.done()
    assert done.status == 0
    assert user.row()["phase"] == "starting"
    until(lambda: user.row()["health"] == 200, "it answers")
    assert user.row()["phase"] in ("ready", "healthy")
    assert user.run("stop").status == 0


@pytest.mark.parametrize("delay", [0.2, 0.25, 0.3, 0.35, 0.4])
def test_a_hangup_while_the_program_is_put_there_starts_all_the_same(user: User, delay: float) -> None:
    """Once we have begun to write on the host there is a launch in the end, or a word of why not."""
    with user.running("launch", *user.serve()) as command:
        try:
            command.process.wait(delay)
        except subprocess.TimeoutExpired:
            command.signal(signal.SIGHUP)
        status = command.done().status
    begun = (user.state / "bin").exists()
    assert (status == 0) is begun
    assert (user.names() == ["vllm_node"]) is begun


@pytest.mark.e2e
def test_a_hangup_while_it_is_followed_leaves_it_running(user: User) -> None:
    with user.running("launch", *user.serve()) as command:
        command.expect("its log:")
        command.signal(signal.SIGHUP)
        assert command.done().status == 0
    assert user.row()["phase"] == "ready"


@pytest.mark.parametrize("moment", ["resolve", pytest.param("its log:", marks=pytest.mark.e2e)])
def test_a_terminal_that_goes_away_leaves_it_running(user: User, moment: str) -> None:
    environment = {"FAKE_VLLM_START_SECONDS": "2", "TERM": "dumb"}
    with user.at_terminal("launch", *user.serve(), env=environment) as terminal:
        terminal.expect(moment)
        terminal.hang_up()
        terminal.process.wait(LONG)
    row = user.row()
    assert processes.lives(row["pid"])
    until(lambda: user.row()["health"] == 200, "it answers")


@pytest.mark.e2e
@pytest.mark.parametrize("delay", MOMENTS)
def test_a_hangup_at_any_moment_leaves_a_whole_launch_or_none(user: User, delay: float) -> None:
    command = broken_off(user, delay, signal.SIGHUP)
    assert command.process.returncode in (0, 130, -signal.SIGHUP)
    if user.names():
        assert user.row()["phase"] == "starting"
        assert processes.lives(user.row()["pid"])
    else:
        user.nothing_is_left()
