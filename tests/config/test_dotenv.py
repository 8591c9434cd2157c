"""The .env of the old scripts as an inventory."""

from pathlib import Path

import pytest

from sparkup.config.dotenv import load, read
from sparkup.config.inventory import read as read_inventory
from sparkup.config.inventory_write import Draft, written
from sparkup.domain.command import Environment, Secret
from sparkup.domain.inventory import Defaults, Inventory, KnownHost
from sparkup.errors import InputRefused

WHOLE = """\
# written by hand
CLUSTER_NODES="192.168.177.11,ada@192.168.177.12"
LOCAL_IP=192.168.177.11
ETH_IF=enp1s0f1np1
IB_IF="rocep1s0f1,roceP2p1s0f1"
MASTER_PORT=29501
CONTAINER_NAME=vllm_node
COPY_HOSTS='10.0.0.12 10.0.0.13'
CONTAINER_HF_TOKEN='hf_x'
CONTAINER_NCCL_DEBUG=INFO
"""


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InputRefused) as caught:
        read(text, ".env")
    assert {each.code for each in caught.value.problems} == {"bad-dotenv"}
    assert all(each.hint for each in caught.value.problems)
    return [(each.where, each.message) for each in caught.value.problems]


def test_all_that_it_can_say() -> None:
    found = read(WHOLE, ".env")
    hosts = {
        "192.168.177.11": KnownHost("192.168.177.11", "192.168.177.11"),
        "192.168.177.12": KnownHost("192.168.177.12", "ada@192.168.177.12"),
    }
    assert found.inventory == Inventory(
        hosts,
        {"default": tuple(hosts)},
        Defaults(
            "enp1s0f1np1",
            ("rocep1s0f1", "roceP2p1s0f1"),
            29501,
            "vllm_node",
            environment=Environment({"NCCL_DEBUG": "INFO"}, (Secret("HF_TOKEN", "hf_x"),)),
        ),
    )
    assert (found.copy_hosts, found.local, found.notes) == (("10.0.0.12", "10.0.0.13"), "192.168.177.11", ())
    assert found.inventory.origin("clusters", "default") == ".env:2"
    assert found.inventory.origin("defaults", "master_port") == ".env:6"
    assert found.inventory.origin("defaults", "env", "NCCL_DEBUG") == ".env:10"
    assert found.inventory.origin("hosts", "192.168.177.12") == ".env:2"


def test_blanks_say_nothing() -> None:
    found = read("CLUSTER_NODES=\nLOCAL_IP=\nETH_IF=\nIB_IF=\nMASTER_PORT=\nCONTAINER_NAME=''\n", ".env")
    assert found.inventory == Inventory()
    assert (found.copy_hosts, found.local) == ((), "")


def test_it_can_become_a_cluster_yaml() -> None:
    known = read(WHOLE, ".env").inventory
    text = written(Draft(Path("cluster.yaml"), None), known)
    again = read_inventory(text, "cluster.yaml")
    assert (again.hosts, again.clusters) == (known.hosts, known.clusters)
    assert "hf_x" not in text
    assert again.defaults.inherited == ("HF_TOKEN",)


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("CLUSTER_NODES=a,a", 1, "CLUSTER_NODES: a is there twice"),
        ("CLUSTER_NODES='a ada@a'", 1, "CLUSTER_NODES: a and ada@a are one machine"),
        ("\nCLUSTER_NODES=10.0.0.300", 2, "CLUSTER_NODES: '10.0.0.300' is no address"),
        ("COPY_HOSTS=a,-x", 1, "COPY_HOSTS: '-x' is no host name"),
        ("LOCAL_IP=10.0.0.0/24", 1, "LOCAL_IP: '10.0.0.0/24' is no host name"),
        ("MASTER_PORT=0", 1, "MASTER_PORT: '0' is no port"),
        ("MASTER_PORT=65536", 1, "MASTER_PORT: '65536' is no port"),
        ("MASTER_PORT=0080000", 1, "MASTER_PORT: '0080000' is no port"),
        ("ETH_IF='a b/c'", 1, "ETH_IF: 'a b/c' is no name of an interface"),
        ("IB_IF='a,b/c'", 1, "IB_IF: 'b/c' is no name of an interface"),
        ("MASTER_PORT=x", 1, "MASTER_PORT: 'x' is no port"),
        ("CONTAINER_NAME='a b'", 1, "CONTAINER_NAME: 'a b' is no name"),
        ("ETH_IF=a\nETH_IF=a", 2, "ETH_IF is there twice, first in line 1"),
        ("echo x", 1, "echo... is no plain assignment"),
        ("=x", 1, "it... is no plain assignment"),
    ],
)
def test_what_is_wrong(text: str, where: int, message: str) -> None:
    assert problems(text) == [(f".env:{where}", message)]


def test_nothing_is_executed_and_all_is_said_at_once(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = f"MASTER_PORT=x\nA=$(touch {mark})\ntouch {mark}\nCLUSTER_NODES=-x\n"
    assert [where for where, _ in problems(text)] == [".env:1", ".env:2", ".env:3", ".env:4"]
    assert not mark.exists()


def test_no_value_is_shown_of_what_cannot_be_read() -> None:
    assert "hf_x" not in str(problems("HF_TOKEN=hf_x$\nhf='hf_x'$x"))


def test_what_is_not_read_is_pointed_out() -> None:
    text = "CLUSTER_NODE=a\nHF_TOKEN=hf_x\nCONTAINER_=1\nCONTAINER_1=1\nCLUSTER_NODES=a\nLOCAL_IP=b\n"
    assert read(text, ".env").notes == (
        ".env:1: CLUSTER_NODE is not read; did you mean CLUSTER_NODES?",
        ".env:2: HF_TOKEN is not read",
        ".env:3: CONTAINER_ is not read; did you mean CONTAINER_NAME?",
        ".env:4: CONTAINER_1 is not read; did you mean CONTAINER_NAME?",
        ".env:6: LOCAL_IP b is not among CLUSTER_NODES",
    )


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("CLUSTER_NODES=a\n")
    assert list(load(file).inventory.hosts) == ["a"]
    for content in (None, b"\xff"):
        file.unlink()
        if content:
            file.write_bytes(content)
        with pytest.raises(InputRefused) as caught:
            load(file)
        assert caught.value.problems[0].where == str(file)
        file.touch()
