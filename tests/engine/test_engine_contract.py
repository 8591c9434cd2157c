"""What the program relies on of `vllm serve`, held against the fake and against the real engine."""

import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.engines import Kind, Served, ended, fake, real, run, serving
from tests.waiting import until

from sparkup.facts.engine_cause import first_cause
from sparkup.facts.engine_log import STAGES, Capacity, LogReader, Stage

KINDS = [
    pytest.param("fake", id="fake"),
    pytest.param("real", id="real", marks=[pytest.mark.real, pytest.mark.timeout(900)]),
]
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    """The engine under test."""
    folder = tmp_path_factory.mktemp("engine")
    if request.param == "fake":
        return fake(folder)
    programs: Path = request.getfixturevalue("environment_bin")
    return real(folder, programs)


@pytest.fixture(scope="module")
def served(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests that only look; the last of them stops it."""
    with serving(kind, tmp_path_factory.mktemp("served") / "log") as found:
        found.wait_until_up()
        yield found


def test_the_log_tells_the_stages_of_a_start_in_order(served: Served) -> None:
    reader = LogReader()
    found = [item for line in served.lines() for item in reader.feed(line)]
    names = [item.name for item in found if isinstance(item, Stage)]
    order = [name for name, _ in itertools.groupby(names)]
    assert order == sorted(order, key=STAGES.index)
    assert order[-1] == "up"
    assert {"resolve", "engine", "ranks", "weights", "kv-cache", "server"} <= set(order)


def test_the_log_tells_the_capacity(served: Served) -> None:
    reader = LogReader()
    for line in served.lines():
        reader.feed(line)
    assert reader.capacity == Capacity(32768, 64.0)


def test_a_start_that_succeeded_has_no_cause(served: Served) -> None:
    assert first_cause(served.lines()) is None


def test_the_tree_is_api_server_engine_core_worker(served: Served) -> None:
    engine, worker = served.titled("VLLM::EngineCore"), served.titled("VLLM::Worker")
    tree = served.tree()
    assert tree[engine] == "VLLM::EngineCore"
    assert tree[worker] == "VLLM::Worker"
    assert Path(f"/proc/{served.process.pid}/comm").read_text() == "vllm\n"
    assert Path(f"/proc/{engine}/comm").read_text() == "VLLM::EngineCor\n"
    assert b"VLLM_NO_USAGE_STATS=1" in Path(f"/proc/{engine}/environ").read_bytes()


def test_health_is_empty(served: Served) -> None:
    assert served.ask("/health") == (200, "")


def test_the_version_is_that_of_vllm(served: Served) -> None:
    assert served.json("/version") == {"version": "0.32.0"}


def test_the_models_are_those_served(served: Served, kind: Kind) -> None:
    [card] = served.json("/v1/models")["data"]
    assert card["id"] == "tiny"
    assert card["root"] == kind.model
    assert card["max_model_len"] == 512


def test_a_chat_answers_with_its_usage(served: Served) -> None:
    answer = served.json("/v1/chat/completions", CHAT)
    [choice] = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 4
    assert answer["usage"]["total_tokens"] == 4 + answer["usage"]["prompt_tokens"]
    assert answer["system_fingerprint"].startswith("vllm-0.32.0-")


def test_a_completion_answers(served: Served) -> None:
    answer = served.json("/v1/completions", {"model": "tiny", "prompt": "hello", "max_tokens": 1})
    assert answer["usage"]["completion_tokens"] == 1
    assert isinstance(answer["choices"][0]["text"], str)


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_ends_with_its_usage_if_asked(served: Served, usage: bool) -> None:
    events = served.events("/v1/chat/completions", {**CHAT, "stream_options": {"include_usage": usage}})
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all("error" not in event for event in events)
    if usage:
        assert events.pop()["usage"]["completion_tokens"] == 4
    assert events[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({**CHAT, "model": "nope"}, 404, id="another model"),
        pytest.param({"model": "tiny"}, 400, id="no messages"),
    ],
)
def test_a_bad_request_gets_an_error(served: Served, body: dict[str, object], status: int) -> None:
    got, text = served.ask("/v1/chat/completions", body)
    assert got == status
    assert json.loads(text)["error"]["code"] == status


def test_a_route_that_is_not_served_is_404(served: Served) -> None:
    for path in ("/v1/embeddings", "/rerank", "/score"):
        assert served.ask(path, {"model": "tiny", "input": "a"}) == (404, '{"detail":"Not Found"}')


def test_metrics_have_the_families_that_say_how_it_is_doing(served: Served) -> None:
    served.json("/v1/chat/completions", CHAT)
    status, text = served.ask("/metrics")
    assert status == 200
    for family in (
        'vllm:num_requests_running{engine="0",model_name="tiny"} 0.0',
        'vllm:num_requests_waiting{engine="0",model_name="tiny"} 0.0',
        'vllm:kv_cache_usage_perc{engine="0",model_name="tiny"} 0.0',
        'vllm:prompt_tokens_total{engine="0",model_name="tiny"} ',
        'vllm:generation_tokens_total{engine="0",model_name="tiny"} ',
        'finished_reason="length"',
        "vllm:time_to_first_token_seconds_count{",
        "vllm:inter_token_latency_seconds_count{",
        "vllm:e2e_request_latency_seconds_count{",
    ):
        assert family in text
    [cache] = [line for line in text.split("\n") if line.startswith("vllm:cache_config_info{")]
    assert 'kv_cache_size_tokens="32768"' in cache
    assert 'kv_cache_max_concurrency="64.0"' in cache
    assert 'kv_cache_memory_bytes="67108864"' in cache


def test_sigterm_ends_it_with_0(served: Served) -> None:
    """The last of the tests of one server."""
    assert served.stop() == 0
    assert "Application shutdown complete" in "\n".join(served.lines())
    assert first_cause(served.lines()) is None


def test_an_unknown_option_is_refused_with_2(kind: Kind, tmp_path: Path) -> None:
    status, lines = run(kind, tmp_path / "log", ["serve", kind.model, "--no-such-flag", "3"])
    found = first_cause(lines)
    assert status == 2
    assert found is not None
    assert found.message == "unrecognized arguments: --no-such-flag 3"
    assert "--no-such-flag" in found.hint


def test_an_engine_core_that_is_killed_ends_it_with_0(kind: Kind, tmp_path: Path) -> None:
    with serving(kind, tmp_path / "log", env={"VLLM_API_KEY": "sesame"}) as served:
        served.wait_until_up()
        assert served.ask("/v1/models") == (401, '{"error":"Unauthorized"}')
        assert served.ask("/v1/models", key="sesame")[0] == 200
        os.kill(served.titled("VLLM::EngineCore"), signal.SIGKILL)
        until(lambda: served.status("/health") == 503, "/health is 503", 60)
        assert ended(served, 60) == 0
        found = first_cause(served.lines())
        assert found is not None
        assert found.hint
