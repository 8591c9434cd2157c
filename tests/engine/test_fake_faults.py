"""The faults of the fake engine do what they are named for."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.engine.engines import FAKE, Kind, Served, ended, fake, free_port, run, serving
from tests.processes import lives
from tests.waiting import until

from sparkup.facts.engine_cause import first_cause
from sparkup.facts.engine_log import LogReader

CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
SOON = 20.0  # seconds: a start of the fake and a death, on a busy machine


class Start:
    """Starts the fake with faults; everything is cleared away when the test ends."""

    def __init__(self, kind: Kind, folder: Path, stack: ExitStack) -> None:
        self.kind, self.folder, self.stack = kind, folder, stack

    def __call__(self, faults: str = "", *arguments: str, **env: str) -> Served:
        log = self.folder / f"log-{faults.replace('/', '')}"
        more = {"FAKE_VLLM_FAULT": faults, **env}
        return self.stack.enter_context(serving(self.kind, log, *arguments, env=more))

    def up(self, faults: str = "", *arguments: str, **env: str) -> Served:
        served = self(faults, *arguments, **env)
        served.wait_until_up()
        return served


@pytest.fixture
def kind(tmp_path: Path) -> Kind:
    return fake(tmp_path)


@pytest.fixture
def start(kind: Kind, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield Start(kind, tmp_path, stack)


def stage(served: Served) -> str:
    reader = LogReader()
    for line in served.lines():
        reader.feed(line)
    return reader.stage.name


def all_gone(served: Served) -> bool:
    return not any(lives(pid) for pid in served.seen)


def test_dies_in_start(start: Start) -> None:
    served = start("dies-in-start")
    assert ended(served, SOON) == 1
    found = first_cause(served.lines())
    assert found is not None
    assert found.message.startswith("SafetensorError")


def test_dies_in_start_as_another_one_did(start: Start) -> None:
    served = start("dies-in-start:kv_too_small")
    assert ended(served, SOON) == 1
    found = first_cause(served.lines())
    assert found is not None
    assert "--max-model-len 256" in found.hint


def test_exits_0_in_start(start: Start) -> None:
    served = start("exits-0-in-start")
    assert ended(served, SOON) == 0
    assert stage(served) == "weights"


def test_health_503_then_exit_0(start: Start) -> None:
    served = start.up("health-503-then-exit-0:0.2")
    until(lambda: served.status("/health") == 503, "/health is 503")
    assert ended(served, SOON) == 0
    until(lambda: all_gone(served), "engine core and worker are gone")


def test_healthy_but_dead(start: Start) -> None:
    served = start.up("healthy-but-dead")
    with pytest.raises(TimeoutError):
        served.ask("/v1/chat/completions", CHAT, timeout=0.5)
    assert served.status("/health") == 200
    assert served.stop() == 0


def test_healthy_but_dead_fails_if_asked_to(start: Start) -> None:
    served = start.up("healthy-but-dead:fail")
    status, text = served.ask("/v1/chat/completions", CHAT)
    assert status == 500
    assert json.loads(text)["error"]["type"] == "InternalServerError"
    assert served.status("/health") == 200


def test_stream_error(start: Start) -> None:
    served = start.up("stream-error")
    events = served.events("/v1/chat/completions", CHAT)
    assert events[-1]["error"]["code"] == 500
    assert "choices" in events[0]


def test_dies_on_first_request(start: Start) -> None:
    served = start.up("dies-on-first-request")
    assert served.ask("/v1/chat/completions", CHAT)[0] == 500
    assert ended(served, SOON) == 0
    found = first_cause(served.lines())
    assert found is not None
    assert found.message == "AssertionError: assert self.intermediate_tensors is not None"


def test_survives_api_server(start: Start) -> None:
    served = start.up("survives-api-server")
    engine, worker = served.titled("VLLM::EngineCore"), served.titled("VLLM::Worker")
    served.process.kill()
    served.process.wait(SOON)
    time.sleep(0.2)  # nothing to wait for: what must not happen
    assert lives(engine)
    assert lives(worker)
    os.kill(engine, signal.SIGTERM)
    until(lambda: not lives(engine) and not lives(worker), "SIGTERM ends both")


def test_without_it_nothing_is_left_behind(start: Start) -> None:
    served = start.up()
    served.process.kill()
    until(lambda: all_gone(served), "engine core and worker are gone")


def test_ignores_sigterm(start: Start) -> None:
    served = start.up("ignores-sigterm")
    for pid in (served.process.pid, *served.tree()):
        os.kill(pid, signal.SIGTERM)
    assert served.ask("/v1/chat/completions", CHAT)[0] == 200
    served.process.kill()
    until(lambda: all_gone(served), "SIGKILL ends it")


def test_stalls_in_weights(start: Start) -> None:
    served = start("stalls-in-weights", FAKE_VLLM_START_SECONDS="0")
    until(lambda: stage(served) == "weights", "it loads weights")
    size = len(served.lines())
    time.sleep(0.3)  # nothing to wait for: what must not happen
    assert len(served.lines()) == size
    assert served.process.poll() is None
    assert served.status("/health") is None


def test_a_signal_in_a_start_is_lost_and_a_second_one_ends_it(start: Start) -> None:
    """As with the real one: a stop that sends one SIGTERM and waits would wait for ever."""
    served = start("stalls-in-weights", FAKE_VLLM_START_SECONDS="0")
    until(lambda: stage(served) == "weights", "it loads weights")
    served.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # nothing to wait for: what must not happen
    assert served.process.poll() is None
    served.process.send_signal(signal.SIGTERM)
    assert ended(served, SOON) == -signal.SIGINT


def test_slow(start: Start) -> None:
    begun = time.monotonic()
    start.up("slow:1.5")
    assert time.monotonic() - begun > 1.5


def test_big_log(start: Start) -> None:
    served = start.up("big-log:5")
    until(lambda: served.log.stat().st_size > 5_000_000, "the log is large")
    assert served.stop() == 0


def test_quiet(start: Start) -> None:
    served = start.up("quiet")
    assert served.ask("/v1/chat/completions", CHAT)[0] == 200
    assert served.stop() == 0
    assert served.log.read_bytes() == b""


def test_a_worker_that_is_killed_kills_the_engine(start: Start) -> None:
    served = start.up()
    os.kill(served.titled("VLLM::Worker"), signal.SIGKILL)
    until(lambda: served.status("/health") == 503, "/health is 503")
    assert ended(served, SOON) == 0
    found = first_cause(served.lines())
    assert found is not None
    assert "died unexpectedly (exit code: -9)" in found.message


def test_requests_hang_while_the_worker_is_stopped(start: Start) -> None:
    served = start.up()
    worker = served.titled("VLLM::Worker")
    os.kill(worker, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        served.ask("/v1/chat/completions", CHAT, timeout=0.5)
    assert served.status("/health") == 200
    os.kill(worker, signal.SIGCONT)


def test_ranks_have_their_own_titles(start: Start) -> None:
    served = start.up("", "--tensor-parallel-size", "2")
    assert {"VLLM::Worker_TP0", "VLLM::Worker_TP1"} <= set(served.tree().values())


def test_pooling_models_embed_and_rank(start: Start) -> None:
    served = start.up("", "--runner", "pooling", "--convert", "embed")
    [vector] = served.json("/v1/embeddings", {"model": "tiny", "input": "hello"})["data"]
    assert all(isinstance(number, float) for number in vector["embedding"])
    ranked = served.json("/rerank", {"model": "tiny", "query": "a b", "documents": ["c", "a"]})
    assert [result["index"] for result in ranked["results"]] == [1, 0]
    scored = served.json("/score", {"model": "tiny", "text_1": "a", "text_2": ["a", "b"]})
    assert len(scored["data"]) == 2
    assert served.ask("/v1/chat/completions", CHAT)[0] == 404


def test_a_taken_port_fails_as_the_real_one_does(kind: Kind, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["serve", kind.model, "--host", "127.0.0.1", "--port", port]
        status, lines = run(kind, tmp_path / "log", arguments)
    found = first_cause(lines)
    assert status == 1
    assert found is not None
    assert found.message == "OSError: [Errno 98] Address already in use"


def test_the_port_of_a_start_refuses_connections_until_it_is_up(start: Start) -> None:
    served = start("stalls-in-weights", FAKE_VLLM_START_SECONDS="0")
    until(lambda: stage(served) == "weights", "it loads weights")
    with pytest.raises(ConnectionRefusedError):
        served.ask("/health")


def test_a_model_without_config_fails_as_the_real_one_does(kind: Kind, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    arguments = ["serve", str(empty), "--port", str(free_port())]
    status, lines = run(kind, tmp_path / "log", arguments)
    found = first_cause(lines)
    assert status == 1
    assert found is not None
    assert f"Invalid repository ID or local directory specified: '{empty}'" in found.message


def test_wrong_values_are_refused_with_2(kind: Kind, tmp_path: Path) -> None:
    status, lines = run(kind, tmp_path / "log", ["serve", kind.model, "--port", "many"])
    assert status == 2
    assert "argument --port: invalid int value: 'many'" in "\n".join(lines)


def test_options_are_taken_as_the_real_parser_takes_them(start: Start) -> None:
    start.up("", "--trust_remote_code", "--gpu-mem", "0.5", "--attention-config.backend", "x", "-O3")


def test_an_unknown_fault_is_an_error_of_the_test(kind: Kind, tmp_path: Path) -> None:
    started = kind.start(tmp_path / "log", "--version", env={"FAKE_VLLM_FAULT": "burns"})
    assert started.process.wait(SOON) == 1
    assert "no fault is called burns" in "\n".join(started.lines())


def test_it_starts_quickly() -> None:
    """The best of some tries, as the machine may be busy; a `vllm` that takes long slows every test."""
    best = min(_seconds_of_version() for _ in range(5))
    assert best < 0.15


def _seconds_of_version() -> float:
    begun = time.monotonic()
    answer = subprocess.run(
        (sys.executable, str(FAKE), "--version"),
        env={**os.environ, "FAKE_VLLM_START_SECONDS": "0"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert answer.stdout == b"0.32.0+cpu\n"
    return time.monotonic() - begun
