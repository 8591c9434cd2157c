"""The advice for known failures: only options that exist, and every row can be reached."""

import re
from pathlib import Path

import pytest

from sparkup.facts.command_failures import COMMAND_FAILURES
from sparkup.facts.engine_failures import FAILURES
from sparkup.facts.known_failure import recognise

OPTIONS = Path(__file__).parents[1] / "fakes" / "fake_vllm" / "options.tsv"
DOCKERS = {"--ulimit", "--cap-add", "--device", "--ipc", "--gpus", "--runtime", "--help"}
GONE = ("--task", "--swap-space", "--mxfp4-backend", "--mxfp4-layers", "--guided-decoding-backend",
        "--enable-reasoning", "--rope-scaling", "--device")  # fmt: skip


def options() -> set[str]:
    rows = (row.split("\t")[0] for row in OPTIONS.read_text().splitlines())
    return {name for row in rows for name in row.split()}


def named(advice: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", advice))


def test_advice_names_only_options_that_the_engine_has() -> None:
    texts = [failure.advice for failure in FAILURES if isinstance(failure.advice, str)]
    assert set().union(*map(named, texts)) - DOCKERS <= options()


@pytest.mark.parametrize("option", GONE)
def test_an_option_that_is_gone_is_named_with_what_took_its_place(option: str) -> None:
    _, hint = recognise(f"unrecognized arguments: {option} 1", COMMAND_FAILURES)
    assert hint.startswith(f"leave {option} out")
    assert option not in options()
    assert named(hint) - {option} <= options()


def test_underscores_and_values_do_not_hide_an_option() -> None:
    assert recognise("unrecognized arguments: --swap_space=16", COMMAND_FAILURES)[1].startswith(
        "leave --swap-space out"
    )


@pytest.mark.parametrize(
    ("text", "failure", "hint"),
    [
        ("OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "F22", "--max-num-seqs"),
        ("OutOfMemoryError: Task was killed due to the node running low on memory", "F30", "RAY_memory"),
        ("AcceleratorError: CUDA error: no kernel image is available for execution", "F64", "12.1a"),
        ("RuntimeError: Failed to infer device type", "F59", "nvidia-smi"),
        ("ImportError: libcudart.so.12: cannot open shared object file", "F62", "install"),
        ("ImportError: _C.abi3.so: undefined symbol: _ZN3c104cuda9SetDeviceEab", "F62", "install"),
        ("Failed to initialize NVML: Driver/library version mismatch", "F45", "reboot"),
        ("DistStoreError: Timed out after 601 seconds waiting for clients. 1/2", "F19f", "firewall"),
        ("DistNetworkError: port: 29501, code: -98, name: EADDRINUSE", "F54", "port"),
        ("NCCL WARN NET/IB : ibv_create_qp failed with error Cannot allocate memory", "F01", "memlock"),
        ("NCCL WARN Call to ibv_reg_mr_iova2 failed with error Cannot allocate memory", "F19i", "kho"),
        ("RuntimeError: unable to write to file </torch_1_2>: No space left on device", "F31", "ipc"),
        ("OSError: [Errno 28] No space left on device", "F77", "df -h"),
        ("docker: Error response from daemon: unknown or invalid runtime name: nvidia", "F51", "nvidia-ctk"),
        ("docker: Error response from daemon: toomanyrequests: You have reached your pull", "F79b", "once"),
        ("vllm: error: unrecognized arguments: serve org/name", "F69e", "entrypoint"),
        ("ubuntu@spark2: Permission denied (publickey).", "F70", "ssh-copy-id"),
        ("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "F72", "ssh-keygen"),
        ("NCCL WARN Error: network IB not found.", "F01", "rdma-core"),
        ("No devices were found", "F44", "fwupdmgr"),
        ("WARNING: The NVIDIA Driver was not detected.", "F59", "nvidia-smi"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "", "systemctl"),
        ("ValueError: World size (2) is larger than the number of available GPUs (1)", "", "fewer ranks"),
        ("KV cache (53120)", "", ""),
    ],
)  # fmt: skip
def test_special_failures_come_before_general_ones(text: str, failure: str, hint: str) -> None:
    found, advice = recognise(text, FAILURES)
    assert found == failure
    assert hint in advice
    assert bool(hint) == bool(advice)
