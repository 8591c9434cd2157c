"""Facts of a host as people read them."""

from typing import Any

from sparkup.domain.answer import Recorded
from sparkup.report.host_facts import host_facts, recorded

GIB = 1 << 30
MEMORY: dict[str, Any] = {
    "total": 121 * GIB,
    "available": 100 * GIB,
    "free": None,
    "swap_used": 0,
    "swap_total": 16 * GIB,
    "cma_total": 0,
    "cma_free": 0,
}
DGX: dict[str, Any] = {
    "gb10": True,
    "dmi": {"vendor": "NVIDIA", "product": "NVIDIA_DGX_Spark"},
    "release": {"ota": "7.6.0", "build": "7.2.3", "fastos": None},
    "system": "Ubuntu 24.04.4 LTS",
    "kernel": "6.17.0-1032-nvidia",
    "reboot_required": False,
}
UP: dict[str, Any] = {
    "netdev": "enp1s0f1np1",
    "kind": "",
    "carrier": True,
    "speed": 200000,
    "mtu": 9000,
    "addresses": ["192.168.100.10/24"],
    "cage": "p1",
    "rdma": {"name": "rocep1s0f1", "state": "ACTIVE"},
}
ABSENT = {"state": "absent", "message": "", "version": "", "nvidia_runtime": False, "cdi": False}

DOCKER = {**ABSENT, "state": "up", "version": "29.2.1", "nvidia_runtime": True, "cdi": True}


def lines(**facts: Any) -> list[str]:  # noqa: ANN401
    first, *rest = host_facts("spark1", facts).splitlines()
    assert first == "spark1"
    return rest


def test_a_spark() -> None:
    assert lines(
        machine={"architecture": "aarch64", "user": "ada", "free": {"state": 512 * GIB}},
        dgx=DGX,
        memory=MEMORY,
        gpu={"shown": True, "driver": "580.142", "cards": ["000f:01:00.0 (nvidia)"]},
        links=[UP],
        engines={"docker": DOCKER, "podman": ABSENT},
        systemd={"logind": True, "linger": False, "remove_ipc": True, "kill_user_processes": False},
    ) == [
        "  machine   aarch64, user ada, 512.0 GiB of disk free",
        "  dgx       NVIDIA NVIDIA_DGX_Spark, a GB10",
        "            Ubuntu 24.04.4 LTS, DGX OS 7.6.0, kernel 6.17.0-1032-nvidia",
        "  memory    121.0 GiB, 100.0 GiB available, unknown free; swap 0.0 GiB of 16.0 GiB used",
        "  gpu       driver 580.142, 000f:01:00.0 (nvidia)",
        "  links     enp1s0f1np1: 200 Gb/s, MTU 9000, 192.168.100.10/24, RDMA rocep1s0f1 ACTIVE, cage p1",
        "  engines   docker 29.2.1 up (nvidia, CDI)",
        "            podman absent",
        "  systemd   the user does not linger; at logout shared memory is removed",
    ]


def test_what_is_wrong_has_a_line_of_its_own() -> None:
    told = lines(
        dgx={**DGX, "dmi": None, "release": None, "system": None, "kernel": None, "reboot_required": True},
        memory={**MEMORY, "cma_free": 900 << 20, "swap_used": 2 * GIB},
    )
    assert [line.split("! ")[1].split()[0] for line in told if "! " in line] == ["updates", "the", "swap"]
    assert told[:2] == ["  dgx       a machine of unknown make, a GB10", "            kernel unknown"]


def test_little_is_there() -> None:
    bridge = {**UP, "kind": "bridge", "rdma": None}
    quiet = {
        **UP,
        "carrier": False,
        "rdma": {"name": "rocep1s0f1", "state": None},
        "addresses": [],
        "cage": None,
    }
    assert lines(gpu={"shown": False, "cards": ["0000:01:00.0 (nouveau)"]}, links=[bridge]) == [
        "  gpu       no driver of NVIDIA's runs: 0000:01:00.0 (nouveau)",
        "  links     no RDMA device",
    ]
    assert lines(links=[quiet], systemd={"logind": False}, other={}) == [
        "  links     enp1s0f1np1: MTU 9000, RDMA rocep1s0f1 unknown",
        "  systemd   no logind",
    ]


def test_a_recording() -> None:
    answer = Recorded(
        "spark1", "bug", ("free/free.txt",), {"a/b": "not there", "c/d": "not there", "e": "odd"}
    )
    assert recorded(answer).splitlines()[:5] == [
        "recorded 1 texts of spark1 in bug",
        "  free/free.txt",
        "could not be recorded:",
        "  not there: a/b, c/d",
        "  odd: e",
    ]
    assert "could not" not in recorded(Recorded("spark1", "bug", (), {}))
