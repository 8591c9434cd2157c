"""The root of failed starts and deaths, from logs that real engines left behind."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.facts.engine_cause import Cause, first_cause

LOGS = Path(__file__).parents[1] / "fixtures" / "engine_log"


def lines(name: str, folder: str = "recorded") -> list[str]:
    path = LOGS / folder / (f"{name}.log" if folder == "recorded" else f"{name}.txt")
    return path.read_bytes().decode(errors="replace").split("\n")


def cause(name: str, folder: str = "recorded") -> Cause:
    found = first_cause(lines(name, folder))
    assert found is not None
    return found


# name of the log, words of the message, words of the hint
RECORDED = [
    ("unknown_flag", "unrecognized arguments: --no-such-flag 3", "does not know --no-such-flag"),
    ("without_nnodes", "unrecognized arguments: --nnodes 2 --node-rank 1", "or --backend ray"),
    ("bad_int", "argument --tensor-parallel-size/-tp: invalid int value: 'two'", "--help="),
    ("bad_choice", "argument --runner: invalid choice: 'nope'", "--help=runner"),
    ("bad_json_flag", "Invalid JSON: expected ident at line 1", "--help=compilation-config"),
    ("auto_tool", "--enable-auto-tool-choice requires --tool-call-parser", "add --tool-call-parser"),
    ("bad_parser", "invalid tool call parser: nope", "one of the names"),
    ("util_over_1", "CacheConfig: gpu_memory_utilization: Input should be less than or equal to 1",
     "correct --gpu-memory-utilization"),
    ("bash_not_found", "vllm: command not found", "PATH"),
    ("exec_not_found", "vllm: not found", "PATH"),
    ("sh_not_found", "vllm: not found", "PATH"),
    ("env_not_found", "No such file or directory", "PATH"),
    ("port_taken", "OSError: [Errno 98] Address already in use", "another process listens"),
    ("no_config", "Invalid repository ID or local directory specified: '/models/noconfig'", "config.json"),
    ("missing_repo", "LocalEntryNotFoundError: Cannot find an appropriate cached snapshot", "HF_HUB_OFFLINE"),
    ("missing_folder", "HFValidationError: Repo id must be in the form", "config.json"),
    ("bad_json", "not a valid JSON file. (after JSONDecodeError: Unterminated string", "damaged"),
    ("bad_arch", "Model architectures ['FooBarForCausalLM'] are not supported", "newer one"),
    ("bad_type", "model type `foo_bar9` but Transformers does not recognize", "newer one"),
    ("bad_quant", "VllmConfig: Cannot find the config file for awq", "--quantization"),
    ("corrupt", "SafetensorError: Error while deserializing header: header too large", "damaged"),
    ("missing_shard", "FileNotFoundError: Weight files referenced in index but missing", "damaged"),
    ("missing_package", "ModuleNotFoundError: No module named 'fastsafetensors'", "lacks fastsafetensors"),
    ("too_long", "User-specified max_model_len (8192) is greater", "--max-model-len 2048 or less"),
    ("tp3", "VllmConfig: Total number of attention heads (4) must be divisible", "divides 4: 1, 2, 4"),
    ("mem_util", "ValueError: Available memory on node 0 (6.43/7.96 GiB)", "utilization to 0.80 or less"),
    ("kv_too_small", "the estimated maximum model length is 256", "--max-model-len 256 or less"),
    ("kv_too_large", "less than requested memory for kv (200.0 GiB)", "--kv-cache-memory-bytes"),
    ("ray_missing", "ParallelConfig: Failed to import Ray: No module named 'ray'", "install ray"),
    ("ray_refused", "ValueError: current platform cpu does not support ray", "backend mp"),
    ("ray_token", "Failed to connect to Ray cluster", "RAY_AUTH_MODE"),
    ("pp2_dies", "AssertionError: assert self.intermediate_tensors is not None", "--enforce-eager"),
    ("kill_engine", "engine core exited unexpectedly", "memory ran out"),
    ("kill_worker", "Worker proc VllmWorker-0 died unexpectedly", "memory ran out"),
    ("kill_tp2_worker", "Worker proc VllmWorker-1 died unexpectedly (exit code: -9)", "memory ran out"),
    ("kill_worker_in_start", "Worker proc VllmWorker-0 died unexpectedly", "memory ran out"),
    ("kill_worker_tp2_in_start", "VllmWorker-1 died unexpectedly (exit code: -9)", "memory ran out"),
    ("kill_worker_while_loading", "WorkerProc initialization failed", "memory ran out"),
    ("ray_corrupt", "SafetensorError: Error while deserializing header: header too large", "damaged"),
    ("ray_kill_worker", "RayWorkerProc rank=[0] died unexpectedly", "memory ran out"),
    ("kill_engine_in_start", "Engine core initialization failed", "memory ran out"),
]  # fmt: skip

# Name of the sample, id of the failure that it shows ("-": known, but not in the list of failures).
SAMPLES = [
    ("cutlass_fp4_fail", "F65"),
    ("fa4_paged_kv_sm120", "-"),
    ("gloo_no_default_route", "F17"),
    ("hf_gated_repo", "F74"),
    ("nccl_bond_failure", "F14"),
    ("nccl_hca_given_netdev_name", "F03"),
    ("nccl_modify_qp_gid_err61", "F07"),
    ("nccl_modify_qp_linklocal", "F08"),
    ("nccl_retry_exc_mtu", "F05"),
    ("nccl_watchdog_allgather", "F19j"),
    ("nvfp4_kv_unsupported", "-"),
    ("ray_wrong_ip", "F16"),
    ("torch_no_compiler", "-"),
    ("triton_ptxas_sm121a", "F63"),
    ("triton_smem_limit", "F64c"),
    ("vllm_free_memory_lt_desired", "F20"),
    ("vllm_kv_too_small", "F23"),
    ("vllm_marlin_tp4", "F69c"),
    ("vllm_pp_keyerror", "F69d"),
    ("vllm_tp_not_divisible", "F69c"),
]
# What a healthy engine prints as well. NCCL without RDMA is slow, but it serves.
BENIGN = [
    "avahi_hostname_conflict",
    "nccl_bad_no_device",
    "nccl_bad_socket_no_libibverbs",
    "nccl_good_ib",
    "startup_complete",
    "torch_cap_warning_benign",
]


@pytest.mark.parametrize(("name", "message", "hint"), RECORDED, ids=[row[0] for row in RECORDED])
def test_the_root_of_a_recorded_failure(name: str, message: str, hint: str) -> None:
    found = cause(name)
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(("name", "failure"), SAMPLES, ids=[row[0] for row in SAMPLES])
def test_the_failures_of_owners_are_known(name: str, failure: str) -> None:
    found = cause(name, "samples")
    assert found.failure == failure.strip("-")
    assert found.hint


@pytest.mark.parametrize("name", BENIGN)
def test_what_a_healthy_engine_prints_is_no_cause(name: str) -> None:
    assert first_cause(lines(name, "samples")) is None


def test_a_missing_compiler_is_not_taken_for_what_failed_to_compile() -> None:
    assert "install g++" in cause("torch_no_compiler", "samples").hint


def test_every_sample_is_judged() -> None:
    names = {path.stem for path in (LOGS / "samples").iterdir()}
    assert names == {row[0] for row in SAMPLES} | set(BENIGN)


@pytest.mark.parametrize(
    "name", ["start_eager", "start_compiled", "start_tp2", "embed", "classify", "sigint", "ray_start"]
)
def test_an_engine_that_was_told_to_stop_has_no_cause(name: str) -> None:
    """Some of these print an error and a traceback while they stop."""
    assert first_cause(lines(name)) is None


@pytest.mark.parametrize("name", BENIGN)
def test_what_is_benign_does_not_hide_the_cause(name: str) -> None:
    log = lines(name, "samples") + lines("corrupt")
    found = first_cause(log)
    assert found is not None
    assert found.message.startswith("SafetensorError")


def test_the_message_of_pydantic_is_without_its_dump() -> None:
    found = cause("tp3")
    assert found.message == (
        "VllmConfig: Total number of attention heads (4) must be divisible by tensor parallel size (3)."
    )


def test_the_evidence_shows_where_and_what() -> None:
    evidence = cause("corrupt").lines
    assert evidence[0].startswith("(Worker pid=8093) WorkerProc failed to start")
    assert "safetensors" in evidence[1]
    assert evidence[-1].endswith("SafetensorError: Error while deserializing header: header too large")


def test_the_beginning_of_a_log_may_be_missing() -> None:
    """Only the end of a log is fetched; the last that is there is better than nothing."""
    found = first_cause(lines("corrupt")[-60:])
    assert found is not None
    assert "initialization failed" in found.message


def test_the_root_is_found_where_two_ranks_print_at_once() -> None:
    record = "(Worker_TP{rank} pid={rank}) ERROR 11-24 08:19:29 [multiproc_executor.py:953] {text}"
    traceback = ["WorkerProc failed to start.", "Traceback (most recent call last):", '  File "a.py", line 1']
    first = [*traceback, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."]
    second = [*traceback, "RuntimeError: [../pair.cc:544] Connection closed by peer [10.0.0.2]:11441"]
    mixed = [
        record.format(rank=rank, text=text)
        for pair in zip(second, first, strict=True)
        for rank, text in enumerate(pair, start=1)
    ]
    found = first_cause(mixed)
    assert found is not None
    assert found.message.startswith("OutOfMemoryError: CUDA out of memory")
    assert found.failure == "F22"


def test_what_ray_wraps_is_unwrapped() -> None:
    record = "(EngineCore pid=9) ERROR 11-24 08:19:29 [core.py:1510] "
    log = [
        record + "EngineCore failed to start.",
        record + "Traceback (most recent call last):",
        record + "    raise value.as_instanceof_cause()",
        record + "ray.exceptions.RayTaskError(ValueError): ray::RayWorkerProc.init() (pid=1, ip=10.0.0.2)",
        record + '  File "worker.py", line 1, in init',
        record + "ValueError: Free memory on device cuda:0 (1.5/119.6 GiB) on startup is less than "
        "desired GPU memory utilization (0.9, 107.7 GiB).",
    ]
    found = first_cause(log)
    assert found is not None
    assert found.message.startswith("ValueError: Free memory on device cuda:0")
    assert "0.01 or less" in found.hint


def test_a_failed_request_is_not_why_an_engine_died() -> None:
    log = [
        "INFO:     Application startup complete.",
        "ERROR:    Exception in ASGI application",
        "Traceback (most recent call last):",
        '  File "serving.py", line 1, in create',
        "ValueError: something about one request",
        (
            "(APIServer pid=1) WARNING 11-24 08:20:21 [core_client.py:817] [shutdown] MPClient: engine "
            "core exited unexpectedly; starting cleanup"
        ),
    ]
    found = first_cause(log)
    assert found is not None
    assert "exited unexpectedly" in found.message


def test_errors_before_a_start_that_succeeded_do_not_count() -> None:
    log = ["ValueError: an optional part failed", "INFO:     Application startup complete."]
    assert first_cause(log) is None


def test_an_interrupt_is_no_cause() -> None:
    frames = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    wait()"]
    assert first_cause([*frames, "KeyboardInterrupt"]) is None
    assert first_cause([*frames, "KeyboardInterrupt: terminated"]) is None


def test_a_traceback_that_others_printed_into_is_still_read() -> None:
    """Processes without prefixes share the output: a bar may stand between frames and exception."""
    log = [
        "Process EngineCore:",
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in f',
        "Loading safetensors checkpoint shards:   0% Completed | 0/1 [00:00<?, ?it/s]",
        "    load()",
        "ValueError: the root",
    ]
    found = first_cause(log)
    assert found is not None
    assert found.message == "ValueError: the root"


def test_nothing_is_no_cause() -> None:
    assert first_cause([]) is None
    assert first_cause(["", "\r", "\x1b[0m"]) is None


@given(st.lists(st.text()))
def test_any_text_is_read(log: list[str]) -> None:
    first_cause(log)


@given(st.lists(st.sampled_from([*lines("corrupt"), *lines("kill_worker"), *lines("bad_json")]), max_size=60))
def test_lines_of_logs_in_any_order_are_read(log: list[str]) -> None:
    first_cause(log)
