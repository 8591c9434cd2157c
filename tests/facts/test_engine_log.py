"""Stages and capacity, read from recorded logs and from lines of versions that we cannot run here."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.facts.engine_log import STAGES, Capacity, LogReader, Stage, read_line

RECORDED = Path(__file__).parents[1] / "fixtures" / "engine_log" / "recorded"


def read(name: str) -> list[Stage | Capacity]:
    reader = LogReader()
    text = (RECORDED / f"{name}.log").read_bytes().decode(errors="replace")
    return [found for line in text.split("\n") for found in reader.feed(line)]


def stages(name: str) -> list[Stage]:
    return [found for found in read(name) if isinstance(found, Stage)]


@pytest.mark.parametrize("name", ["start_eager", "start_compiled", "start_tp2", "embed", "ray_start"])
def test_a_start_goes_through_its_stages_in_order_until_it_is_up(name: str) -> None:
    found = stages(name)
    names = [stage for stage, _ in itertools.groupby(found, key=lambda stage: stage.name)]
    assert names == sorted(names, key=STAGES.index)
    assert {"python", "resolve", "engine", "ranks", "weights", "kv-cache", "server"} <= set(names)
    assert found[-1].name == "up"
    assert ("compile" in names) == (name == "start_compiled")


def test_weights_are_counted_in_shards() -> None:
    counted = [stage for stage in stages("start_tp2") if stage.fraction is not None]
    assert [stage.fraction for stage in counted] == [0.0, 1.0]
    assert {stage.name for stage in counted} == {"weights"}
    assert counted[1].detail == "4/4"


def test_a_line_of_detail_is_what_the_engine_said() -> None:
    details = [stage.detail for stage in stages("start_compiled")]
    assert "Resolved architecture: Qwen3ForCausalLM" in details
    assert "Loading weights took 0.01 seconds" in details
    assert "Warming up model for the compilation" in details
    assert "init engine (profile, create kv cache, warmup model) took 33.67 s" in details


@pytest.mark.parametrize("name", ["start_eager", "start_compiled"])
def test_capacity_is_read_from_one_line(name: str) -> None:
    found = [capacity for capacity in read(name) if isinstance(capacity, Capacity)]
    assert found == [Capacity(32768, 64.0)]


def test_capacity_may_take_two_lines() -> None:
    """vLLM 0.11 to 0.25 print the two halves one after the other."""
    reader = LogReader()
    first = reader.feed(
        "(EngineCore_DP0 pid=387) INFO 03-08 16:44:29 [kv_cache_utils.py:1314] "
        "GPU KV cache size: 188,640 tokens"
    )
    second = reader.feed(
        "(EngineCore_DP0 pid=387) INFO 03-08 16:44:29 [kv_cache_utils.py:1319] "
        "Maximum concurrency for 131,072 tokens per request: 5.23x"
    )
    assert Capacity(188640) in first
    assert Capacity(188640, 5.23) in second
    assert reader.capacity == Capacity(188640, 5.23)


# What vLLM prints on GPUs and over Ray: the words of its source, as users' logs show them.
@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("INFO 09-29 09:51:37 [__init__.py:216] Automatically detected platform cuda.",
         Stage("python", "Automatically detected platform cuda")),
        ("(APIServer pid=1) INFO 03-08 16:40:01 [utils.py:302] version 0.17.0",
         Stage("resolve", "version 0.17.0")),
        (("\x1b[36m(RayWorkerProc pid=148, ip=10.77.0.12)\x1b[0m (Worker_TP1 pid=148) INFO 11-24 "
         "08:15:09 [parallel_state.py:1906] world_size=2 rank=1 local_rank=0 "
         "distributed_init_method=tcp://10.77.0.11:41234 backend=nccl"),
         Stage("ranks", "world_size=2 rank=1")),
        (("(EngineCore pid=9) 2026-11-24 08:14:46,497\tINFO worker.py:1821 -- Connecting to existing "
         "Ray cluster at address: 10.77.0.11:6379..."),
         Stage("ranks", "Connecting to existing Ray cluster at address: 10.77.0.11:6379")),
        (("(EngineCore pid=9) INFO 11-24 08:15:09 [ray_utils.py:467] Waiting for creating a placement "
         "group of specs for 30 seconds. specs=[{'GPU': 1.0}]. Check `ray status`"),
         Stage("ranks", "Waiting for creating a placement group of specs for 30 seconds")),
        (("(Worker_TP0 pid=147) \rLoading safetensors checkpoint shards:  24% Completed | 4/17 "
         "[00:09<00:31,  2.40s/it]\r"),
         Stage("weights", "4/17", 4 / 17)),
        ("Loading safetensors using Runai Model Streamer:  50% Completed | 291/582 [00:09<00:31]",
         Stage("weights", "291/582", 0.5)),
        (("(Worker_TP0 pid=147) INFO 05-14 00:03:16 [gpu_model_runner.py:5150] Model loading took "
         "16.94 GiB memory and 61.730284 seconds"),
         Stage("weights", "Model loading took 16.94 GiB memory and 61.730284 seconds")),
        ("(Worker_TP1_EP1 pid=7) INFO 09-29 09:51:37 [monitor.py:34] torch.compile takes 14.62 s in total",
         Stage("compile", "torch.compile takes 14.62 s")),
        (("(Worker_TP0 pid=7) INFO 06-23 14:53:25 [backends.py:292] Compiling a graph for compile "
         "range (1, 8192) takes 5.68 s"),
         Stage("compile", "Compiling a graph for compile range (1, 8192) takes 5.68 s")),
        (("2026-07-08T22:40:06.098303108Z (EngineCore pid=542) INFO 07-08 22:40:06 [gpu_worker.py:508] "
         "Available KV cache memory: 37.99 GiB"),
         Stage("kv-cache", "Available KV cache memory: 37.99 GiB")),
        (("(EngineCore_DP0 pid=387) 2026-03-08 16:44:29,692 - INFO - autotuner.py:262 - "
         "flashinfer.jit: [Autotuner]: Autotuning process starts ..."),
         Stage("graphs", "Autotuning process starts")),
        (("\rCapturing CUDA graphs (mixed prefill-decode, PIECEWISE):  45%|████▍     | 30/67 "
         "[00:05<00:06,  5.70it/s]"),
         Stage("graphs", "mixed prefill-decode, PIECEWISE 30/67", 30 / 67)),
        (("(Worker_TP0 pid=1) INFO 03-08 16:45:29 [gpu_model_runner.py:1] Graph capturing finished in "
         "12 secs, took 0.54 GiB"),
         Stage("graphs", "Graph capturing finished in 12 secs, took 0.54 GiB")),
        (("(APIServer pid=1) INFO 03-08 16:45:29 [api_server.py:1] Starting vLLM API server 0 on "
         "http://0.0.0.0:8000"),
         Stage("server", "Starting vLLM API server 0 on http://0.0.0.0:8000")),
    ],
)  # fmt: skip
def test_lines_of_gpus_and_of_ray(line: str, stage: Stage) -> None:
    assert read_line(line) == stage


def test_of_a_progress_bar_the_last_state_counts() -> None:
    bar = "Loading safetensors checkpoint shards: {:3}% Completed | {}/4 [00:00<?, ?it/s]"
    line = "\r".join(bar.format(25 * done, done) for done in range(4))
    assert read_line(line) == Stage("weights", "3/4", 0.75)


def test_a_late_line_of_another_rank_does_not_take_a_start_back() -> None:
    reader = LogReader()
    assert reader.feed("Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<?]")
    assert reader.feed("(Worker_TP1 pid=2) INFO x rank 1 in world size 2 is assigned as") == ()
    assert reader.stage.name == "weights"


def test_a_cpu_may_size_its_cache_before_it_compiles() -> None:
    reader = LogReader()
    reader.feed("CPU KV cache size: 32,768 tokens")
    assert reader.feed("INFO x Warming up model for the compilation...")
    assert reader.stage.name == "compile"


def test_ranks_that_repeat_the_capacity_say_nothing_new() -> None:
    reader = LogReader()
    line = "GPU KV cache size: 8,192 tokens, Maximum concurrency for 512 tokens per request: 16.00x"
    assert len(reader.feed("(Worker_TP0 pid=1) " + line)) == 2
    assert reader.feed("(Worker_TP1 pid=2) " + line) == ()


def test_a_capacity_that_comes_late_does_not_take_a_start_back() -> None:
    reader = LogReader()
    reader.feed("INFO x Graph capturing finished in 12 secs, took 0.54 GiB")
    assert reader.feed("GPU KV cache size: 8,192 tokens") == (Capacity(8192),)
    assert reader.stage.name == "graphs"


def test_the_same_again_is_nothing_new() -> None:
    reader = LogReader()
    assert reader.feed("INFO:     Application startup complete.")
    assert reader.feed("INFO:     Application startup complete.") == ()


@pytest.mark.parametrize("name", ["unknown_flag", "port_taken", "bash_not_found", "no_config"])
def test_a_failed_start_is_never_up(name: str) -> None:
    assert {stage.name for stage in stages(name)} <= {"python", "resolve"}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read_line(text)
    LogReader().feed(text)


@given(st.lists(st.sampled_from((RECORDED / "start_eager.log").read_text().split()), max_size=40))
def test_words_of_a_log_in_any_order_are_read(words: list[str]) -> None:
    read_line(" ".join(words))


@given(st.text(alphabet="0123456789,./%| [x-"), st.text(alphabet="0123456789,./%| [x-"))
def test_numbers_of_any_length_are_read(first: str, second: str) -> None:
    for line in (
        f"KV cache size: {first} tokens, Maximum concurrency for {second} tokens per request: 1x",
        f"Loading safetensors checkpoint shards: 1% Completed | {first}/{second} [",
        f"Capturing CUDA graphs: 1%|# | {second}/{first} [",
    ):
        read_line(line)
