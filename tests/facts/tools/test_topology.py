"""Files of netplan, tables of nodes, and what a discovery found."""

import pytest
from tests.fixtures.recorded import sample, samples

from sparkup.facts.tools.topology import ClusterNode, Discovered, NetplanInterface, parse

PORTS = ("enp1s0f0np0", "enP2p1s0f0np0", "enp1s0f1np1", "enP2p1s0f1np1")
ADDRESSES = {
    "mesh3_ring_eugr/node1": [f"192.168.{net}.11/24" for net in (177, 178, 187, 188)],
    "mesh3_ring_eugr/node2": [f"192.168.{net}.12/24" for net in (197, 198, 177, 178)],
    "mesh3_ring_eugr/node3": [f"192.168.{net}.13/24" for net in (187, 188, 197, 198)],
    "mesh3_ring_nvidia/node1": [f"192.168.{net}.1/24" for net in (0, 1, 2, 3)],
    "mesh3_ring_nvidia/node2": ["192.168.4.1/24", "192.168.5.1/24", "192.168.0.2/24", "192.168.1.2/24"],
    "mesh3_ring_nvidia/node3": [f"192.168.{net}.2/24" for net in (2, 3, 4, 5)],
    "pair_mixed_ports/nodeA": ["", "", "192.168.100.11/24", "192.168.200.17/24"],
    "pair_mixed_ports/nodeB": ["192.168.100.12/24", "192.168.200.18/24", "", ""],
    "pair_port1_two_subnets/node1": ["", "", "192.168.177.11/24", "192.168.178.11/24"],
    "pair_port1_two_subnets/node2": ["", "", "192.168.177.12/24", "192.168.178.12/24"],
    "ring4_eugr/node1": [f"10.20.{net}.11/24" for net in (0, 1, 6, 7)],
    "ring4_eugr/node2": [f"10.20.{net}.12/24" for net in (2, 3, 0, 1)],
    "ring4_eugr/node3": [f"10.20.{net}.13/24" for net in (4, 5, 2, 3)],
    "ring4_eugr/node4": [f"10.20.{net}.14/24" for net in (6, 7, 4, 5)],
}


@pytest.mark.parametrize("node", ADDRESSES)
def test_netplan(node: str) -> None:
    bare = "nvidia" in node
    expected = tuple(
        NetplanInterface(port, "ethernets", (address,), dhcp4=False)
        if bare
        else NetplanInterface(port, "ethernets", (address,), 9000, dhcp4=False, dhcp6=False, link_local=())
        for port, address in zip(PORTS, ADDRESSES[node], strict=True)
        if address
    )
    assert parse(sample("topology", f"{node}.netplan.yaml")) == expected


def test_all_files_of_netplan_are_tested() -> None:
    assert [name for name in samples("topology") if name.endswith(".netplan.yaml")] == [
        f"{node}.netplan.yaml" for node in sorted(ADDRESSES)
    ]


def test_four_ports_in_one_network() -> None:
    ports = ("enp1s0f0np0", "enp1s0f1np1", "enP2p1s0f0np0", "enP2p1s0f1np1")
    assert parse(sample("topology", "same_subnet_all_four_bad.yaml")) == tuple(
        NetplanInterface(port, "ethernets", (f"10.0.1.{number}/16",), 9000)
        for number, port in enumerate(ports, 1)
    )


def test_a_table_of_nodes() -> None:
    assert parse(sample("topology", "mesh3_as_reported_by_user.tsv")) == (
        ClusterNode("head", "10.6.42.208", ("192.168.0.1", "192.168.4.2", "192.168.1.1", "192.168.5.2")),
        ClusterNode("node1", "10.6.42.209", ("192.168.2.1", "192.168.0.2", "192.168.3.1", "192.168.1.2")),
        ClusterNode("node2", "10.6.42.210", ("192.168.4.1", "192.168.3.2", "192.168.5.1", "192.168.2.2")),
    )


def test_what_a_discovery_found() -> None:
    assert parse(sample("topology", "autodiscover_output_all_ports.txt")) == (
        Discovered("IB_IF", ("rocep1s0f0", "rocep1s0f1", "roceP2p1s0f0", "roceP2p1s0f1")),
        Discovered("ETH_IF", ("enp1s0f0np0",)),
        Discovered("LOCAL_IP", ("192.168.100.10/24",)),
    )
    assert parse('export ETH_IF="a, b"\n') == (Discovered("ETH_IF", ("a", "b")),)


OTHER_STYLES = """# of netplan, with all that people write
---
network:
    ethernets:
        "eth0":   # the first
            match: {macaddress: "aa:bb:cc:dd:ee:ff"}
            addresses: [ "10.0.0.1/24",
              fd00::1/64 ]
            nameservers: {addresses: [8.8.8.8], search: [a, b]}
            routes:
            - to: default
              via: 10.0.0.254
        eth1: {addresses: [10.0.1.1/24], mtu: 9000, dhcp4: true, "link-local": [ipv4]}
        eth2:
            dhcp4: yes
            addresses:
            - 10.0.2.1/24:
                label: x
            - '10.0.3.1/24'
        eth3: {}
        eth4:
            mtu: 9000
            addresses:
    bonds:
        bond0:
            interfaces: [eth3, eth4]
    version: 2
    renderer: networkd
"""


def test_netplan_in_other_styles() -> None:
    assert parse(OTHER_STYLES) == (
        NetplanInterface("eth0", "ethernets", ("10.0.0.1/24", "fd00::1/64")),
        NetplanInterface("eth1", "ethernets", ("10.0.1.1/24",), 9000, dhcp4=True, link_local=("ipv4",)),
        NetplanInterface("eth2", "ethernets", ("10.0.2.1/24", "10.0.3.1/24"), dhcp4=True),
        NetplanInterface("eth3", "ethernets"),
        NetplanInterface("eth4", "ethernets", mtu=9000),
        NetplanInterface("bond0", "bonds"),
    )


def test_files_one_after_the_other_are_one() -> None:
    text = (
        "network:\n  version: 2\n  ethernets:\n    eth0:\n      mtu: 1500\n      dhcp4: yes\n"
        "network:\n  version: 2\n  ethernets:\n    eth0:\n      mtu: 9000\n    eth1: {}\n"
    )
    assert parse(text) == (
        NetplanInterface("eth0", "ethernets", mtu=9000, dhcp4=True),
        NetplanInterface("eth1", "ethernets"),
    )


def test_a_file_without_interfaces_has_none() -> None:
    assert parse("network:\n  version: 2\n") == ()
    assert parse("network:\n  ethernets:\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "network: {ethernets: {a: {mtu: 9000}}\n",
        "network: {ethernets: [}]\n",
        "network:\n\tethernets: x\n",
        "network:\n  a: b\n c: d\n",
        "network:\n  ethernets: [a] b\n",
        "network: text\n",
        "- network\n",
        "apiVersion: v1\nkind: Pod\n",
        "network:\n  just words\n",
    ],
)
def test_what_is_no_netplan(text: str) -> None:
    assert parse(text) is None
