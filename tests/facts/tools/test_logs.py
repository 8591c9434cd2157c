"""Logs of engines and kernels: which known failure they tell of, or that all is well."""

import pytest
from tests.fixtures.recorded import FIXTURES, sample

from sparkup.facts.kernel_failures import SIGNS
from sparkup.facts.nccl_log import NcclNetwork, network
from sparkup.facts.tools import app_log, kernel_log

# The failure that each sample shows; None: none, or one without a number.
APP = {
    "avahi_hostname_conflict": "F19g",
    "cutlass_fp4_fail": "F65",
    "fa4_paged_kv_sm120": None,
    "gloo_no_default_route": "F17",
    "hf_gated_repo": "F74",
    "nccl_bad_no_device": "F01",
    "nccl_bad_socket_no_libibverbs": "F01",
    "nccl_bond_failure": "F14",
    "nccl_good_ib": None,
    "nccl_hca_given_netdev_name": "F03",
    "nccl_modify_qp_gid_err61": "F07",
    "nccl_modify_qp_linklocal": "F08",
    "nccl_retry_exc_mtu": "F05",
    "nccl_watchdog_allgather": "F19j",
    "nvfp4_kv_unsupported": None,
    "ray_wrong_ip": "F16",
    "startup_complete": None,
    "torch_cap_warning_benign": "F69f",
    "triton_ptxas_sm121a": "F63",
    "triton_smem_limit": "F64c",
    "vllm_free_memory_lt_desired": "F20",
    "vllm_kv_too_small": "F23",
    "vllm_marlin_tp4": "F69c",
    "vllm_pp_keyerror": "F69d",
    "vllm_tp_not_divisible": "F69c",
}
HEALTHY = {"nccl_good_ib", "startup_complete"}


def engine(name: str) -> app_log.AppLog:
    return app_log.parse((FIXTURES / "engine_log" / "recorded" / name).read_bytes().decode(errors="replace"))


@pytest.mark.parametrize(("name", "failure"), APP.items())
def test_a_log_tells_of_its_failure(name: str, failure: str | None) -> None:
    found = app_log.parse(sample("app_log", f"{name}.txt"))
    assert found.failure == failure
    assert found.benign == (name == "torch_cap_warning_benign")
    assert (found.cause is None, found.hint is None) == ((name in HEALTHY),) * 2
    assert found.ready == (name == "startup_complete")


def test_over_which_network_ranks_talk() -> None:
    good = app_log.parse(sample("app_log", "nccl_good_ib.txt"))
    assert good.network == NcclNetwork(
        "IB", rdma=True, hcas=("rocep1s0f1", "roceP2p1s0f1"), out_of_band="enp1s0f1np1", connected=True
    )
    bad = app_log.parse(sample("app_log", "nccl_bad_no_device.txt"))
    assert bad.network == NcclNetwork("Socket", rdma=False, interfaces=("enP7s7",))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["NCCL version 2.30.1+cuda13.0"], NcclNetwork(version="2.30.1")),
        (["NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0"], NcclNetwork("IB", rdma=True)),
        (["NCCL INFO Using network IB", "NCCL INFO Using network Socket"], NcclNetwork("Socket", rdma=False)),
        (["NET/IB : Using [0]rocep1s0f0:1/RoCE [RO]"], NcclNetwork("IB", rdma=True, hcas=("rocep1s0f0",))),
        (["NET/Socket : Using [0]eth0:10.0.0.1<0>"], NcclNetwork("Socket", rdma=False, interfaces=("eth0",))),
        (["INFO: hello"], None),
    ],
)
def test_networks(lines: list[str], found: NcclNetwork | None) -> None:
    assert network(lines) == found


def test_a_start_that_went_well() -> None:
    found = engine("start_compiled.log")
    assert (found.failure, found.cause, found.ready, found.stage) == (None, None, True, "up")
    assert found.ready_line == "Application startup complete."
    assert found.kv_tokens
    assert found.concurrency


@pytest.mark.parametrize(
    ("name", "failure", "stage"),
    [("tp3.log", "F69c", "resolve"), ("mem_util.log", "F20", "ranks"), ("kill_worker.log", "F22", "up")],
)
def test_a_start_that_failed(name: str, failure: str, stage: str) -> None:
    found = engine(name)
    assert (found.failure, found.ready, found.stage) == (failure, False, stage)
    assert found.evidence


def test_a_server_that_is_up_over_tcp_is_ready_and_slow() -> None:
    text = sample("app_log", "nccl_bad_no_device.txt") + sample("app_log", "startup_complete.txt")
    found = app_log.parse(text)
    assert (found.failure, found.ready) == ("F01", True)


def test_words_of_others_count_where_no_engine_spoke() -> None:
    assert app_log.parse("ubuntu@spark2: Permission denied (publickey).\n").failure == "F70"
    assert app_log.parse("").cause is None


KERNEL = {
    "cx7_power_27w_benign.txt": ("F12", "benign"),
    "kho_ibv_reg_mr_fail.txt": ("F19i", "fail"),
    "nvidia_peermem_expected.txt": ("F19h", "benign"),
}


@pytest.mark.parametrize(("name", "known"), KERNEL.items())
def test_what_the_kernel_says(name: str, known: tuple[str, str]) -> None:
    found = kernel_log.parse(sample("kernel_log", name))
    (finding,) = found.findings
    assert (finding.failure, finding.level) == known
    assert (found.failure, found.benign) == (known[0], known[1] == "benign")


LINES = [
    ("cx7-pcie-hotplug MTKP0001:00: Cable removal", "F09", "fail"),
    ("pci 0000:00:00.0: broken device, retraining non-functional link at 2.5GT/s", "F09", "fail"),
    ("NVRM: Xid (PCI:000f:01:00): 119, pid=12, Timeout after 6s of waiting for RPC", "F44", "fail"),
    ("NVRM: Xid (PCI:000f:01:00): 13, pid=12, Graphics Exception", None, "warn"),
    ("pcieport 0000:00:00.0: AER:    [14] CmpltTO                (First)", "F19p", "fail"),
    ("arm-smmu-v3 arm-smmu-v3.0.auto: CMD_SYNC timeout at 0x00000001", "F19p", "fail"),
    ("NVRM: Check failed: Out of memory [NV_ERR_NO_MEMORY] (0x00000051) returned from", "F22", "fail"),
    ("NVRM: API mismatch: the client has the version 580.142, but this module 580.95", "F45", "fail"),
    ("NVRM: Xid (PCI:000f:01:00): 79, pid=12, GPU has fallen off the bus.", None, "fail"),
    ("mlx5_core 0000:01:00.0: wait_fw_init:199:(pid 7): Waiting for FW pre-initializing", "F19o", "fail"),
    ("mlx5_core 0000:01:00.0: 3.938 Gb/s available PCIe bandwidth, limited by 2.5 GT/s x2", "F12", "fail"),
    ("pci 0000:00:00.0: DOE: [2c8] ABORT timed out", "F46", "fail"),
    ("pcieport: PCIe Bus Error: severity=Uncorrectable (Non-Fatal), type=Transaction", "F19p", "warn"),
    ("pcieport: PCIe Bus Error: severity=Correctable, type=Physical Layer", None, "benign"),
    ("mt7925e 0009:01:00.0: Message 00020002 (seq 1) timeout", "F49", "warn"),
    ("avahi-daemon: Host name conflict, retrying with spark1-2", "F19g", "warn"),
    ("INFO: task python3:99 blocked for more than 120 seconds.", None, "warn"),
    ("nvme nvme0: I/O error, dev nvme0n1, sector 1", None, "fail"),
    ("Out of memory: Killed process 4242 (VLLM::EngineCor) total-vm:1kB", "F22", "fail"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "failure", "level"), LINES)  # fmt: skip
@pytest.mark.parametrize(
    "before",
    ["", "[   12.345678] ", "[Thu Nov 26 20:34:08 2026] ", "Nov 26 20:34:08 spark1 kernel: ",
     "2026-11-26T20:34:08+0000 spark1 kernel: "],
)  # fmt: skip
def test_lines_with_what_stands_before_them(before: str, line: str, failure: str | None, level: str) -> None:
    (finding,) = kernel_log.parse(f"{before}{line}\n{before}{line}\n").findings
    assert (finding.failure, finding.level, finding.line, finding.count) == (failure, level, line, 2)


def test_the_worst_comes_first() -> None:
    text = sample("kernel_log", "cx7_power_27w_benign.txt") + sample("kernel_log", "kho_ibv_reg_mr_fail.txt")
    found = kernel_log.parse(text)
    assert [finding.failure for finding in found.findings] == ["F19i", "F12"]
    assert (found.failure, found.benign) == ("F19i", False)


def test_a_quiet_kernel() -> None:
    assert kernel_log.parse("Linux version 6.17.0-1032-nvidia\n") == kernel_log.KernelLog(
        None, benign=False, findings=()
    )


def test_there_is_a_line_for_every_sign() -> None:
    lines = [line for line, *_ in LINES] + [sample("kernel_log", name) for name in KERNEL]
    assert [sign.pattern.pattern for sign in SIGNS if not any(map(sign.pattern.search, lines))] == []
    assert all(sign.advice for sign in SIGNS)
