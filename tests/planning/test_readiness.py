"""The fold of a start, fed with what watches of real launches told (tests/fixtures/watch)."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.fixtures import recorded
from tests.planning.hosts import running

from sparkup.domain.event import Event, LogLine, Ready, StageChanged
from sparkup.domain.launch import Engine, Exit, Launch, Node, Readiness
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.engine_log import STAGES
from sparkup.planning.readiness import Readying, died, status_text

SERVER = Launch(
    name="mine",
    attempt="id",
    engine=Engine.HOST,
    nodes=(Node("h"),),
    argv=("vllm", "serve", "m"),
    readiness=Readiness("server"),
    port=18431,
)
COMMAND = replace(SERVER, readiness=Readiness("none"), port=None, attached=True)
WAITING = replace(SERVER, readiness=Readiness("port", "18432"), port=18432)


class Fed:
    """A fold that has read a whole recording, or what came before its end."""

    def __init__(self, case: str, launch: Launch = SERVER) -> None:
        self.fold = Readying(launch)
        self.events: list[Event] = []
        self.progress: list[float] = []
        self.done, self.error, self.left = False, None, 0
        records = recorded.watch(case)
        for number, (seconds, record) in enumerate(records):
            verdict = self.fold.feed(seconds, record)
            self.events += verdict.events
            self.progress.append(self.fold.progressed)
            if verdict.done or verdict.error:
                self.done, self.error = verdict.done, verdict.error
                self.left = len(records) - number - 1
                return

    @property
    def shown(self) -> list[str]:
        return [event.line for event in self.events if isinstance(event, LogLine)]

    @property
    def stages(self) -> list[str]:
        return [event.stage for event in self.events if isinstance(event, StageChanged)]

    @property
    def ready(self) -> Ready:
        (found,) = [event for event in self.events if isinstance(event, Ready)]
        return found

    @property
    def problem(self) -> Problem:
        return only(self.error)


def only(error: SparkupError | None) -> Problem:
    assert isinstance(error, WorkFailed)
    (problem,) = error.problems
    assert problem.where == "h"
    return problem


@pytest.mark.parametrize("case", ["real_start", "fake_start"])
def test_a_start_of_vllm_goes_through_its_stages_until_it_is_ready(case: str) -> None:
    fed = Fed(case)
    assert fed.done
    assert fed.error is None
    names = [name for name, _ in fed.ready.stages]
    assert names[0] == "python"
    assert names == sorted(names, key=STAGES.index)
    assert {"resolve", "engine", "weights", "kv-cache", "server"} <= set(names)
    assert set(fed.stages) == set(names)
    assert fed.ready.url == "http://127.0.0.1:18431"
    assert fed.ready.canary == "generate"


def test_the_table_of_a_real_start() -> None:
    """A tiny model on a CPU: most of the time goes to imports, before the first line is printed."""
    ready = Fed("real_start").ready
    last = recorded.watch("real_start")[-1][0]
    assert ready.seconds == last
    assert sum(seconds for _, seconds in ready.stages) == pytest.approx(last, abs=0.2)
    assert all(seconds >= 0 for _, seconds in ready.stages)
    assert dict(ready.stages)["python"] > last / 4
    assert (ready.model, ready.name) == ("tiny", "mine")
    assert ready.kv_tokens == 32768
    assert ready.concurrency == 64.0


def test_the_first_stage_is_told_before_there_is_a_line() -> None:
    fed = Fed("real_start")
    assert fed.events[0] == StageChanged("h", 0, "python", "importing")


def test_every_line_is_passed_on() -> None:
    fed = Fed("fake_start")
    lines = [line for _, record in recorded.watch("fake_start") for line in record.get("log", ())]
    assert fed.shown == lines


@pytest.mark.parametrize("cut", [0, 1, 7, 30])
def test_what_is_told_again_after_a_break_is_nothing_new(cut: int) -> None:
    """A connection breaks in the middle of a start, twice: the watch begins anew each time."""
    whole, records = Fed("real_start"), recorded.watch("real_start")
    fold, events = Readying(SERVER), list[Event]()
    for part in (records[:cut], records[: cut // 2], records):
        fold.again()
        for seconds, record in part:
            events += fold.feed(seconds, record).events
    assert [each.line for each in events if isinstance(each, LogLine)] == whole.shown
    stages = [each.stage for each in events if isinstance(each, StageChanged)]
    assert list(dict.fromkeys(stages)) == list(dict.fromkeys(whole.stages))


def test_progress_never_goes_back() -> None:
    fed = Fed("real_start")
    assert all(before <= after for before, after in pairwise(fed.progress))
    assert fed.progress[-1] > 0


def test_lines_that_repeat_are_no_progress() -> None:
    fed = Fed("repeated", WAITING)
    first = recorded.watch("repeated")[0][0]
    assert fed.fold.progressed == first
    assert len([event for event in fed.events if isinstance(event, LogLine)]) > 5
    told = only(fed.fold.gave_up(first + 600, stalled=True))
    assert told.code == "start-stalled"
    assert (
        told.message == "mine made no progress for 600 s at stage its beginning (more time: --stall-timeout)"
    )


def test_a_clock_in_a_line_is_no_progress() -> None:
    fold = Readying(SERVER)
    for second in range(0, 1000, 10):
        waiting = (
            f"INFO 11-24 12:{second // 60:02}:{second % 60:02} [core.py:1] Waiting for core... {second}s"
        )
        placing = f"Waiting for creating a placement group of specs for {second} seconds"
        asked = f'INFO:     127.0.0.1:{50000 + second} - "GET /health HTTP/1.1" 200 OK'
        fold.feed(float(second), {"log": [waiting, placing, asked]})
    assert fold.progressed == 0.0


def test_a_bar_that_grows_is_progress() -> None:
    fold = Readying(SERVER)
    for seconds, number in ((100.0, 1), (200.0, 2), (300.0, 11), (400.0, 11)):
        bar = f"Loading safetensors checkpoint shards: {number * 9:3}% Completed | {number}/11 [00:10<00:12]"
        fold.feed(seconds, {"log": [bar]})
        assert fold.progressed == min(seconds, 300.0)


def test_bytes_read_from_disk_are_progress_while_weights_load() -> None:
    fed = Fed("reads")
    details = [event.detail for event in fed.events if isinstance(event, StageChanged)]
    assert details == ["importing", "Starting to load model /models/big", "0.0 GiB read", "0.1 GiB read"]
    assert fed.fold.progressed == recorded.watch("reads")[-1][0]


def test_bytes_read_before_there_are_weights_are_progress_without_a_stage() -> None:
    fold = Readying(WAITING)
    verdict = fold.feed(5.0, {"read": 1 << 30})
    assert verdict.events == ()
    assert fold.progressed == 5.0


def test_a_server_that_stands_still_while_it_loads() -> None:
    fed = Fed("fake_stalls")
    assert not fed.done
    told = only(fed.fold.gave_up(600.0, stalled=True))
    assert told.code == "start-stalled"
    assert "at stage weights" in told.message
    assert told.hint.endswith("the whole log: sparkup logs mine --host h")
    assert told.details
    late = only(fed.fold.gave_up(600.0, stalled=False))
    assert late.code == "start-timeout"
    assert late.message.startswith(
        "mine was not ready after 600 s, at stage weights (more time: --ready-timeout)"
    )


def test_a_port_that_takes_connections_makes_ready() -> None:
    fed = Fed("port", WAITING)
    assert fed.done
    assert fed.ready == Ready("mine", "http://127.0.0.1:18432", fed.ready.seconds)


def test_the_third_refusal_of_a_healthy_server_fails_the_start() -> None:
    fed = Fed("fake_refuses")
    assert fed.problem.code == "canary-failed"
    assert fed.problem.message.startswith(
        "mine says it is healthy but does not answer: HTTP 500 from /v1/completions"
    )
    assert fed.stages[-1] == "canary"
    refusals = [
        record["look"]["refusals"]
        for _, record in recorded.watch("fake_refuses")
        if "refusals" in str(record)
    ]
    assert fed.left > 0
    assert refusals[:3] == [1, 2, 3]


def test_one_refusal_is_no_failure_yet() -> None:
    fold = Readying(SERVER)
    look = {"state": "not-yet", "health": 200, "canary": {"ok": False, "problem": "busy"}, "refusals": 2}
    verdict = fold.feed(1.0, {"look": look})
    assert not verdict.done
    assert verdict.error is None
    assert StageChanged("h", 0, "canary", "busy") in verdict.events


def test_a_canary_that_is_not_answered_is_no_refusal_and_is_told_of_in_the_end() -> None:
    """The first request may take minutes: kernels are compiled for it."""
    fold = Readying(SERVER)
    look = {"state": "not-yet", "health": 200, "canary": {"ok": False, "problem": "timed out"}, "refusals": 0}
    for seconds in (60.0, 120.0, 180.0, 240.0):
        assert fold.feed(seconds, {"look": look}).error is None
    assert fold.progressed == 60.0
    told = only(fold.gave_up(700.0, stalled=True))
    assert told.message.startswith("mine made no progress for 640 s at stage canary")
    assert "the last look at it: timed out" in told.message


def test_a_look_that_went_wrong_is_told_of() -> None:
    fold = Readying(SERVER)
    assert fold.feed(1.0, {"look": {"state": "not-yet", "problem": "no module named ssl"}}).error is None
    assert "no module named ssl" in only(fold.gave_up(700.0, stalled=False)).message


@pytest.mark.parametrize(
    ("case", "how"),
    [
        ("exits_early", "exit status 3"),
        ("killed", "killed: exit status 137, which is also what the kernel does when memory runs out"),
        ("fake_dies", "exit status 1"),
        ("fake_exits_0", "exit status 0"),
    ],
)
def test_an_end_before_it_is_ready_is_a_failure_whatever_its_status(case: str, how: str) -> None:
    fed = Fed(case)
    assert fed.problem.code == "start-failed"
    assert fed.problem.message.startswith(f"mine ended before it was ready ({how})")
    assert "sparkup logs mine" in fed.problem.hint
    assert fed.left == 0


def test_the_first_cause_stands_in_the_message_and_its_lines_below() -> None:
    (problem,) = [Fed("exits_early").problem]
    assert problem.message.endswith("ValueError: no such thing")
    assert "ValueError: no such thing" in problem.details


def test_without_a_cause_the_last_lines_are_shown() -> None:
    problem = Fed("killed").problem
    assert problem.details[-1] == "begin"
    assert problem.hint.endswith("the whole log: sparkup logs mine --host h")


@pytest.mark.parametrize("case", ["attached", "attached_short"])
def test_a_command_that_is_attached_may_end_at_once(case: str) -> None:
    fed = Fed(case, COMMAND)
    assert fed.done
    assert fed.error is None


def test_a_command_that_is_no_server_is_ready_when_it_lives() -> None:
    fold = Readying(COMMAND)
    verdict = fold.feed(0.1, {"look": {"state": "ready"}})
    assert verdict.done
    assert verdict.events == (Ready("mine", "", 0.1),)


def test_a_launch_that_somebody_stopped_is_said_to_be_stopped() -> None:
    fold = Readying(SERVER)
    error = fold.feed(1.0, {"exit": {"status": 143, "asked": True}}).error
    assert only(error).message == "mine was stopped before it was ready"
    assert only(error).details == ()


def test_a_launch_whose_supervisor_vanished() -> None:
    fold = Readying(SERVER)
    error = fold.feed(1.0, {"exit": None}).error
    assert only(error).message == "mine ended before it was ready (its supervisor vanished)"


def test_a_watch_that_ends_without_a_word() -> None:
    fold = Readying(SERVER)
    problem = only(fold.feed(1.0, None).error)
    assert problem.code == "bad-answer"
    assert problem.hint == "the whole log: sparkup logs mine --host h"


def test_a_record_that_says_nothing_we_know_changes_nothing() -> None:
    fold = Readying(WAITING)
    verdict = fold.feed(1.0, {"news": 1})
    assert (verdict.events, verdict.done, verdict.error) == ((), False, None)
    assert fold.progressed == 0.0


def test_a_server_that_ends_by_itself_has_died() -> None:
    """vLLM exits 0 then."""
    lines = [line for _, record in recorded.watch("fake_dies") for line in record.get("log", ())]
    rank = replace(running("mine"), alive=False, exit=Exit(0, asked=False, at=1.0))
    problem = only(died("mine", "h", rank, lines))
    assert problem.code == "engine-died"
    assert problem.message.startswith("mine ended although nobody had asked it to (exit status 0)")
    lost = only(died("mine", "h", running("mine"), []))
    assert lost.message == "mine ended although nobody had asked it to (its supervisor vanished)"


def test_a_server_that_was_ended_shows_of_its_log_only_a_cause() -> None:
    """What it did until then was seen by who followed it."""
    rank = replace(
        running("mine"), alive=False, exit=Exit(143, asked=False, at=1.0, because="rank 1 is lost")
    )
    served = [line for _, record in recorded.watch("fake_start") for line in record.get("log", ())]
    problem = only(died("mine", "h", rank, served))
    assert (problem.message, problem.details) == ("mine was ended: rank 1 is lost", ())
    failed = [line for _, record in recorded.watch("fake_dies") for line in record.get("log", ())]
    assert only(died("mine", "h", rank, failed)).details


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "exit status 0"),
        (2, "exit status 2"),
        (143, "ended by signal 15"),
        (None, "its supervisor vanished"),
    ],
)
def test_how_a_process_ended_in_words(status: int | None, text: str) -> None:
    assert status_text(status) == text


PAIR = replace(SERVER, nodes=(Node("h"), Node("w", 1)))
READY = {"look": {"state": "ready", "health": 200, "canary": {"task": "generate"}}}
RANK_DIED = {"exit": {"status": 1, "asked": False}}
FOLLOWED = {"exit": {"status": 143, "asked": True, "because": "rank 1 on w has ended (exit status 1)"}}
FOLLOWED_BY_STOP = {"exit": {"status": 143, "because": "rank 1 on w has ended (exit status 143)"}}
ROOT = {"log": ["(Worker_TP1 pid=7) ValueError: the weights of layer 3 are missing"]}
POINTER = {"log": ["RuntimeError: Connection closed by peer [10.0.0.12]:4711"]}


def of_pair(*told: tuple[float, Mapping[str, object] | None, str]) -> Readying:
    fold = Readying(PAIR)
    for seconds, record, host in told:
        assert fold.feed(seconds, record, host).error is None
    return fold


def test_the_head_says_when_all_are_ready() -> None:
    fold = of_pair((1.0, {"look": {"state": "ready"}}, "w"))
    assert fold.feed(2.0, READY, "h").done


def test_a_rank_that_fails_is_named_with_its_own_cause() -> None:
    fold = of_pair((1.0, POINTER, "h"), (1.0, ROOT, "w"), (5.0, {"exit": {"status": 0}}, "h"))
    assert fold.due(6.0) is None, "others may have more to say"
    verdict = fold.feed(6.5, RANK_DIED, "w")
    assert verdict.error is not None
    (problem,) = verdict.error.problems
    assert (problem.code, problem.where) == ("start-failed", "w")
    assert problem.message.startswith("mine rank 1 ended before it was ready (exit status 1): ")
    assert "the weights of layer 3 are missing" in problem.message
    assert problem.hint.endswith("sparkup logs mine --host w")


def test_what_ended_because_of_another_is_not_the_cause() -> None:
    fold = of_pair((5.0, FOLLOWED, "h"), (5.1, None, "h"))
    assert fold.due(5.5) is None
    assert fold.feed(6.0, RANK_DIED, "w").error is not None
    (problem,) = fold.due(6.0).problems  # type: ignore[union-attr]
    assert problem.where == "w"


def test_a_host_that_vanished_is_told_by_those_who_missed_it() -> None:
    fold = of_pair((5.0, {"exit": {"because": "rank 1 on w has not been heard of for 15 s"}}, "h"))
    error = fold.due(8.0)
    assert error is not None
    (problem,) = error.problems
    assert "was ended before it was ready: rank 1 on w has not been heard of for 15 s" in problem.message
    assert problem.hint.startswith("see whether that host is on, and its cable in; a firewall ")


def test_one_rank_that_was_stopped_by_hand_stops_the_start() -> None:
    fold = of_pair((5.0, {"exit": {"status": 143, "asked": True}}, "w"))
    error = fold.feed(5.2, FOLLOWED_BY_STOP, "h").error
    assert error is not None
    assert "was stopped before it was ready" in error.problems[0].message


def test_a_head_that_is_ready_while_a_rank_has_ended_is_not_ready() -> None:
    fold = of_pair((5.0, RANK_DIED, "w"))
    assert not fold.feed(5.1, READY, "h").done
    assert fold.due(7.5) is not None


def test_a_watch_of_one_rank_that_ends_without_a_word() -> None:
    error = of_pair().feed(1.0, None, "w").error
    assert error is not None
    assert error.problems[0].where == "w"


def test_any_rank_makes_progress() -> None:
    fold = of_pair((9.0, {"log": ["Loading weights of a rank"]}, "w"))
    assert fold.progressed == 9.0
    events = fold.feed(9.5, {"log": ["more of it"]}, "w").events
    assert [each.rank for each in events if isinstance(each, LogLine)] == [1]
    fold.again("w")
    assert not [each for each in fold.feed(11.0, {"log": ["x"]}, "w").events if isinstance(each, LogLine)]
