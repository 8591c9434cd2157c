"""The executor: steps in their order, the first failure, cancellation, and waits."""

import asyncio
import gc
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from tests import processes
from tests.waiting import LONG, until

from sparkup.connect.local import Local
from sparkup.domain.command import Command, Result, Secret
from sparkup.domain.event import Event, Noted, StepFinished, StepOutput, StepStarted
from sparkup.domain.plan import Plan, Put, Run, Step, Verdict, Wait
from sparkup.errors import GateRefused, Problem, SparkupError, WorkFailed
from sparkup.run.executor import Results, execute

pytestmark = pytest.mark.anyio


def run(name: str, script: str, after: Sequence[str] = (), **other: Any) -> Run:  # noqa: ANN401 (fields of Run)
    """Return a step that runs a shell script."""
    return Run(name, "local", Command(("sh", "-c", script)), f"do {name}", after=tuple(after), **other)


async def carry_out(steps: Sequence[Step], events: list[Event] | None = None) -> Results:
    """Carry steps out on this machine."""
    heard = [] if events is None else events
    async with asyncio.timeout(LONG):
        return await execute(Plan(tuple(steps)), {"local": Local()}, heard.append)


async def seen(file: Path) -> str:
    """Wait until a program has written a file."""
    return await asyncio.to_thread(until, lambda: written(file), f"{file} is written")


def written(file: Path) -> str:
    """Return what is in a file, nothing where there is none."""
    return file.read_text() if file.exists() else ""


async def test_each_step_waits_for_those_it_names(tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps = [
        run("a", f"sleep 0.2; echo a >>{log}"),
        run("b", f"sleep 0.1; echo b >>{log}", after=["a"]),
        run("c", f"echo c >>{log}", after=["a"]),
        run("d", f"echo d >>{log}", after=["b", "c"]),
    ]
    await carry_out(steps)
    assert log.read_text().split() == ["a", "c", "b", "d"]


async def test_steps_that_wait_for_nothing_run_side_by_side(tmp_path: Path) -> None:
    meet = "touch {0}; while ! [ -e {1} ]; do sleep 0.01; done"
    one, two = tmp_path / "one", tmp_path / "two"
    await carry_out([run("a", meet.format(one, two)), run("b", meet.format(two, one))])


async def test_results_and_events() -> None:
    events: list[Event] = []
    steps = [run("a", "echo out; echo err >&2"), run("b", "cat", after=["a"])]
    results = await carry_out(steps, events)
    assert (results["a"].stdout, results["a"].stderr, results["a"].status) == ("out\n", "err\n", 0)
    assert [(type(event), event.id) for event in events if isinstance(event, StepStarted | StepFinished)] == [
        (StepStarted, "a"),
        (StepFinished, "a"),
        (StepStarted, "b"),
        (StepFinished, "b"),
    ]


async def test_an_empty_plan() -> None:
    assert await carry_out([]) == {}


async def test_a_failure_ends_the_others(tmp_path: Path) -> None:
    pid, ran = tmp_path / "pid", tmp_path / "ran"
    steps = [
        run("long", f"echo $$ >{pid}; exec sleep 600"),
        run("fails", f"while ! [ -s {pid} ]; do sleep 0.01; done; echo why >&2; exit 3"),
        run("later", f"touch {ran}", after=["fails"]),
        run("last", f"touch {ran}", after=["long"]),
    ]
    with pytest.raises(WorkFailed) as failure:
        await carry_out(steps)
    problem = failure.value.problems[0]
    assert (problem.code, problem.where, problem.details) == ("step-failed", "local", ("why",))
    assert problem.message == "do fails: exit status 3"
    assert "exit 3" in problem.hint
    assert not processes.lives(int(pid.read_text()))
    assert not ran.exists()


async def test_a_failure_that_is_explained() -> None:
    refused = GateRefused(Problem("no-disk", "full"))
    with pytest.raises(GateRefused, match="full"):
        await carry_out([run("a", "exit 1", explain=lambda _: refused)])
    with pytest.raises(WorkFailed, match="exit status 9"):
        await carry_out([run("a", "exit 9", explain=lambda _: None)])


async def test_a_failure_tells_no_secret() -> None:
    command = Command(("sh", "-c", "cat >/dev/null; exit 1"), b"x\n", (Secret("A_KEY", "very-secret"),))
    with pytest.raises(WorkFailed) as failure:
        await carry_out([Run("a", "local", command, "do a")])
    assert "very-secret" not in repr(failure.value.problems)


async def test_of_several_failures_a_users_error_is_told() -> None:
    steps = [run(name, "exit 1") for name in "abc"]
    with pytest.raises(WorkFailed) as failure:
        await carry_out(steps)
    assert len(failure.value.problems) == 1


async def cancelled(steps: Sequence[Step], when: Path) -> None:
    """Carry steps out, break off once a file is there, and see that it counts."""
    task = asyncio.create_task(carry_out(steps))
    await seen(when)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_step_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    await cancelled([run("a", f"echo $$ >{pid}; exec sleep 600")], pid)
    assert not processes.lives(int(pid.read_text()))


@pytest.mark.parametrize("shown", [None, str])
async def test_an_unbroken_step_is_brought_to_its_end(tmp_path: Path, shown: Any) -> None:  # noqa: ANN401 (field)
    begun, done = tmp_path / "begun", tmp_path / "done"
    script = f"echo x >{begun}; sleep 0.4; echo x >{done}"
    await cancelled([run("a", script, unbroken=True, shown=shown)], begun)
    assert done.exists()


async def test_what_waits_for_an_unbroken_step_is_not_begun(tmp_path: Path) -> None:
    begun, next_one = tmp_path / "begun", tmp_path / "next"
    first = run("a", f"echo x >{begun}; sleep 0.2", unbroken=True)
    await cancelled([first, run("b", f"touch {next_one}", after=["a"])], begun)
    assert not next_one.exists()


async def test_another_failure_does_not_break_it_either(tmp_path: Path) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"
    steps = [
        run("a", f"echo x >{begun}; sleep 0.4; echo x >{done}", unbroken=True),
        run("b", f"while ! [ -s {begun} ]; do sleep 0.01; done; exit 1"),
    ]
    with pytest.raises(WorkFailed):
        await carry_out(steps)
    assert done.exists()


async def test_an_unbroken_step_that_fails_when_it_is_broken_off_is_quiet(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    begun = tmp_path / "begun"
    await cancelled([run("a", f"echo x >{begun}; sleep 0.2; exit 1", unbroken=True)], begun)
    gc.collect()
    await asyncio.sleep(0)
    assert heard == []


async def test_a_file_is_put(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    await carry_out([Put("a", "local", b"content", PurePosixPath(path), "write", 0o750)])
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o750


async def test_a_file_that_cannot_be_put(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkFailed) as failure:
        await carry_out([Put("a", "local", b"", PurePosixPath(tmp_path / "file" / "below"), "write")])
    assert failure.value.problems[0].code == "file-not-written"


async def test_what_is_shown_of_a_slow_command() -> None:
    events: list[Event] = []
    shown = {"one": "ONE", "two": "", "three": "THREE"}
    results = await carry_out(
        [run("a", "printf 'one\\ntwo\\nthree'; echo err >&2", shown=lambda line: shown[line])], events
    )
    assert [event.line for event in events if isinstance(event, StepOutput)] == ["ONE", "THREE"]
    assert [event.slow for event in events if isinstance(event, StepStarted)] == [True]
    assert (results["a"].stdout, results["a"].stderr) == ("one\ntwo\nthree", "err\n")


async def test_a_slow_command_that_fails() -> None:
    explained: list[Result] = []

    def explain(result: Result) -> SparkupError | None:
        explained.append(result)
        return None

    with pytest.raises(WorkFailed, match="exit status 4"):
        await carry_out([run("a", "echo out; exit 4", shown=lambda line: line, explain=explain)])
    assert (explained[0].status, explained[0].stdout) == (4, "out")


class Count:
    """A fold that takes so many records; keeps what it was fed."""

    def __init__(self, wanted: int = 1, progress: bool = True) -> None:
        self.wanted, self.progress, self.progressed = wanted, progress, 0.0
        self.fed: list[Mapping[str, object] | None] = []
        self.hosts: set[str] = set()
        self.late = LONG

    def feed(self, seconds: float, record: Mapping[str, object] | None, host: str) -> Verdict:
        self.fed.append(record)
        self.hosts.add(host)
        if self.progress:
            self.progressed = seconds
        if record is None:
            return Verdict(error=WorkFailed(Problem("bad-answer", "it ended")))
        if "fail" in record:
            return Verdict(error=WorkFailed(Problem("start-failed", str(record["fail"]))))
        return Verdict((Noted(str(record)),), done=len(self.fed) == self.wanted)

    def due(self, seconds: float) -> SparkupError | None:
        return WorkFailed(Problem("start-failed", "it is certain by now")) if seconds > self.late else None

    def again(self, host: str) -> None:
        self.fed.append({"again": True})

    def gave_up(self, seconds: float, *, stalled: bool) -> SparkupError:
        code = "start-stalled" if stalled else "start-timeout"
        return WorkFailed(Problem(code, f"after {seconds:.1f} s"))


def wait(script: str, fold: Count, stall: float = LONG, total: float | None = None) -> Wait:
    """Return a wait for what a shell script prints."""
    command = Command(("sh", "-c", script))
    return Wait("w", "local", command, "wait", lambda: fold, stall=stall, total=total)


async def waited(step: Wait, code: str = "") -> list[Event]:
    """Carry a wait out; with a code, it must fail with that."""
    events: list[Event] = []
    if not code:
        await carry_out([step], events)
        return events
    with pytest.raises(WorkFailed) as failure:
        await carry_out([step], events)
    assert failure.value.problems[0].code == code
    return events


async def test_a_wait_ends_with_its_fold(tmp_path: Path) -> None:
    pid, fold = tmp_path / "pid", Count(2)
    script = f"echo $$ >{pid}; echo '{{\"n\": 1}}'; echo '{{\"n\": 2}}'; exec sleep 600"
    events = await waited(wait(script, fold))
    assert fold.fed == [{"n": 1}, {"n": 2}]
    assert [event.text for event in events if isinstance(event, Noted)] == ["{'n': 1}", "{'n': 2}"]
    assert not processes.lives(int(pid.read_text()))


async def test_a_wait_that_fails() -> None:
    await waited(wait("echo '{\"fail\": 1}'; exec sleep 600", Count()), "start-failed")


async def test_a_wait_whose_program_ends() -> None:
    fold = Count(5)
    await waited(wait("echo '{}'", fold), "bad-answer")
    assert fold.fed == [{}, None]


async def test_a_wait_whose_program_is_not_there() -> None:
    fold = Count()
    step = Wait("w", "local", Command(("no-such-program",)), "wait", lambda: fold)
    await waited(step, "bad-answer")
    assert fold.fed == [None]


JUNK = ["", "junk", "{", '{"half": ', "{junk}", "[1]", "5", "null", "\x1b[1m{}", "\ufffd" * 50, '"{}"']


async def test_a_wait_whose_program_prints_junk_as_well() -> None:
    """A login script may print, a record may be cut off; what is no record is no reason to give up."""
    fold = Count()
    text = "\n".join([*JUNK, json.dumps({"good": True})])
    argv = (sys.executable, "-c", "import sys; print(sys.argv[1], flush=True); sys.stdin.read()", text)
    await waited(Wait("w", "local", Command(argv), "wait", lambda: fold))
    assert fold.fed == [{"good": True}]


async def test_a_wait_without_progress() -> None:
    await waited(wait("exec sleep 600", Count(), stall=0.5), "start-stalled")


async def test_records_alone_are_no_progress() -> None:
    fold = Count(10**6, progress=False)
    await waited(wait("while :; do echo '{}'; sleep 0.05; done", fold, stall=0.6), "start-stalled")
    assert fold.fed


@pytest.mark.e2e
async def test_progress_resets_the_stall_and_not_the_total() -> None:
    fold = Count(10**6)
    await waited(wait("while :; do echo '{}'; sleep 0.05; done", fold, stall=0.8, total=2.0), "start-timeout")


async def test_a_cancelled_wait_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    await cancelled([wait(f"echo $$ >{pid}; exec sleep 600", Count())], pid)
    assert not processes.lives(int(pid.read_text()))


def several(fold: Count, **scripts: str) -> Wait:
    """Return a wait for what a script prints on each of some hosts."""
    first, *others = scripts
    commands = {host: Command(("sh", "-c", script)) for host, script in scripts.items()}
    return Wait(
        "w", first, commands[first], "wait", lambda: fold, others={each: commands[each] for each in others}
    )


async def on_hosts(step: Wait) -> None:
    here = Local()
    await execute(Plan((step,)), {"a": here, "b": here}, lambda _: None)


async def test_a_wait_for_several_hosts_is_over_when_the_fold_says_so() -> None:
    fold = Count(wanted=2)
    await on_hosts(several(fold, a="echo '{}'; sleep 600", b="echo '{}'; sleep 600"))
    assert fold.hosts == {"a", "b"}


async def test_a_host_that_has_no_more_to_say_ends_no_wait() -> None:
    class Patient(Count):
        def feed(self, seconds: float, record: Mapping[str, object] | None, host: str) -> Verdict:
            return Verdict() if record is None else super().feed(seconds, record, host)

    fold = Patient(wanted=2)
    await on_hosts(several(fold, a="echo '{}'", b="sleep 0.3; echo '{}'"))
    assert len(fold.fed) == 2


async def test_what_time_makes_certain_ends_a_wait() -> None:
    fold = Count(wanted=9)
    fold.late = 0.1
    with pytest.raises(WorkFailed, match="it is certain by now"):
        await on_hosts(several(fold, a="sleep 600", b="sleep 600"))
