"""What `launch --check` and `--explain` say of two simulated hosts: all is looked at, and nothing is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.control import SERVE, Control, control
from tests.simhosts.hosts import Testbed

NODES = ("-n", "spark1,spark2", "--")


@pytest.fixture
def there(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody with two hosts."""
    simhosts.grow(2)
    with control(simhosts, tmp_path / "home") as somebody:
        for number in (1, 2):
            somebody.model(number)
        yield somebody


def test_all_that_is_checked_of_two_hosts(there: Control) -> None:
    done = there.user.run("launch", "--check", "--json", *NODES, *SERVE, "-tp", "2")
    assert done.status == 0, done
    outcomes = {row["id"]: row["outcome"] for row in done.json["checks"]}
    assert {outcomes[name] for name in ("net.mtu", "net.peer", "run.hosts", "port.free", "sys.kho")} == {"ok"}
    assert done.json["fabric"].startswith("pair: RDMA (RoCE) on 2 devices a host; ranks meet on spark1 ")
    assert [rank["devices"] for rank in done.json["ranks"]] == [["rocep1s0f1", "roceP2p1s0f1"]] * 2
    assert there.engines(1) == there.engines(2) == []


def test_what_each_rank_would_be_given(there: Control) -> None:
    done = there.user.run("launch", "--explain", "-e", "NCCL_IB_HCA=mlx5_0", *NODES, *SERVE, "-tp", "2")
    assert done.status == 0, done
    assert (
        "  NCCL_IB_HCA=mlx5_0\n      you set it, and it wins: both twins of each cage that leads to these"
        " hosts (else rocep1s0f1,roceP2p1s0f1)\n"
    ) in done.out
    assert "rank 1 on spark2\n  VLLM_HOST_IP=192.168.177.12\n" in done.out


def test_ends_of_a_link_that_differ(there: Control) -> None:
    port = ["ip", "link", "set", "enp1s0f1np1", "mtu"]
    there.hosts.exec(2, [*port, "4000"])
    try:
        done = there.user.run("launch", "--check", *NODES, *SERVE, "-tp", "2")
    finally:
        there.hosts.exec(2, [*port, "9000"])
    assert done.status == 5, done
    assert done.out.startswith("FAILS        net.mtu          ")
    assert done.out.endswith("vllm_node would not be started\n")
