"""Interfaces of Sparks as the kernel shows them, with addresses of recorded netplan files, and others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sparkup.domain.check import Finding
from sparkup.domain.fabric import CONNECTX7, Fabric, Interface, RdmaDevice

TOPOLOGIES = Path(__file__).parents[1] / "fixtures/samples/topology"
Hosts = dict[str, tuple[Interface, ...]]
# As on every Spark: users' names of cage and twin, the RDMA device, the PCI address.
A0, A1, B0, B1 = "enp1s0f0np0", "enp1s0f1np1", "enP2p1s0f0np0", "enP2p1s0f1np1"
PORTS = {
    A0: ("rocep1s0f0", "0000:01:00.0", 0x62),
    A1: ("rocep1s0f1", "0000:01:00.1", 0x63),
    B0: ("roceP2p1s0f0", "0002:01:00.0", 0x66),
    B1: ("roceP2p1s0f1", "0002:01:00.1", 0x67),
}
WIFI = Interface(
    "wlP9s9", up=True, carrier=True, kind="wireless", addresses=(IPv4Interface("192.168.1.77/24"),)
)
DOCKER = Interface("docker0", up=True, kind="bridge", addresses=(IPv4Interface("172.17.0.1/16"),))


def spark(
    number: int = 1, addresses: Mapping[str, str] | None = None, mtu: int = 9000, up: Sequence[str] = ()
) -> tuple[Interface, ...]:
    """Return the interfaces of a Spark; ports with addresses are up, and those of `up`."""
    given = addresses or {}
    found = []
    for netdev, (device, pci, last) in PORTS.items():
        on = netdev in given or netdev in up
        found.append(
            Interface(
                netdev,
                carrier=on,
                up=True,
                speed=200000 if on else None,
                mtu=mtu if on else 1500,
                addresses=(IPv4Interface(given[netdev]),) if given.get(netdev) else (),
                pci=pci,
                device_id=CONNECTX7,
                cage="p" + pci[-1],
                rdma=RdmaDevice(
                    device,
                    "ACTIVE" if on else "DOWN",
                    "LinkUp" if on else "Disabled",
                    200.0 if on else 40.0,
                    "Ethernet",
                    guid=f"30c5:9903:00{number % 256:02x}:4a{last:02x}",
                ),
            )
        )
    management = Interface(
        "enP7s7",
        carrier=True,
        up=True,
        speed=10000,
        mtu=1500,
        addresses=(IPv4Interface(f"10.6.{number // 250}.{number % 250 + 1}/16"),),
        pci="0007:01:00.0",
        device_id="10ec:8127",
    )
    return (*found, management, DOCKER)


def netplan(path: Path) -> dict[str, str]:
    """Return the address of each interface in a netplan file."""
    ethernets: dict[str, Any] = YAML(typ="safe").load(path.read_text())["network"]["ethernets"]
    return {name: str(each["addresses"][0]) for name, each in ethernets.items()}


def sample(name: str, mtu: int = 9000) -> Hosts:
    """Return the hosts of a recorded topology."""
    files = sorted((TOPOLOGIES / name).glob("*.netplan.yaml"))
    return {file.name.partition(".")[0]: spark(i, netplan(file), mtu) for i, file in enumerate(files, 1)}


def as_reported() -> Hosts:
    """Return the ring of three that a user reported as a table: addresses in the order of PORTS."""
    lines = (TOPOLOGIES / "mesh3_as_reported_by_user.tsv").read_text().splitlines()[1:]
    hosts: Hosts = {}
    for number, line in enumerate(lines, 1):
        name, _, addresses = line.split("\t")
        given = (f"{address}/24" for address in addresses.split(","))
        hosts[name] = spark(number, dict(zip(PORTS, given, strict=True)))
    return hosts


def switch(count: int, *, subnets: int = 2, ports: Sequence[str] = (A0, B0)) -> Hosts:
    """Return hosts on one switch, each port in a network of its own, or all in one."""
    return {
        f"n{number:04}": spark(
            number,
            {
                netdev: f"10.{100 + (index if subnets > 1 else 0)}.{number // 250}."
                f"{(number % 250 + 1) if subnets > 1 else (number % 60) * 4 + index + 1}/16"
                for index, netdev in enumerate(ports)
            },
        )
        for number in range(1, count + 1)
    }


def pair(left: Mapping[str, str], right: Mapping[str, str]) -> Hosts:
    """Return two hosts whose ports have these addresses; "" is a port that is up and has none."""
    return {"a": spark(1, left), "b": spark(2, right)}


def ring(count: int, prefix: int = 24) -> Hosts:
    """Return hosts in a ring, p0 of each joined with p1 of the next, each twin in a network of its own."""
    hosts: Hosts = {}
    for number in range(count):
        before = (number - 1) % count
        hosts[f"n{number:04}"] = spark(
            number,
            {
                A0: f"10.{20 + number // 250}.{number % 250}.1/{prefix}",
                A1: f"10.{20 + before // 250}.{before % 250}.2/{prefix}",
                B0: f"10.{120 + number // 250}.{number % 250}.1/{prefix}",
                B1: f"10.{120 + before // 250}.{before % 250}.2/{prefix}",
            },
        )
    return hosts


def change(hosts: Hosts, host: str, netdev: str, **fields: Any) -> Hosts:  # noqa: ANN401
    """Return hosts one interface of which is otherwise."""
    mine = tuple(replace(each, **fields) if each.netdev == netdev else each for each in hosts[host])
    return {**hosts, host: mine}


def port(hosts: Hosts, host: str, netdev: str, **fields: Any) -> Hosts:  # noqa: ANN401
    """Return hosts one RDMA device of which is otherwise."""
    rdma = next(each.rdma for each in hosts[host] if each.netdev == netdev)
    assert rdma
    return change(hosts, host, netdev, rdma=replace(rdma, **fields))


def devices(fabric: Fabric) -> dict[str, list[str]]:
    """Return the RDMA devices of each host, in their order."""
    return {host: [each.rdma.name for each in mine if each.rdma] for host, mine in fabric.rails.items()}


def told(fabric: Fabric, *levels: str) -> list[tuple[str, str, str]]:
    """Return level, code and place of the findings, those of some levels if named."""
    return [
        (each.level, each.code, each.where)
        for each in fabric.findings
        if each.level in (levels or each.level)
    ]


def finding(fabric: Fabric, code: str) -> Finding:
    """Return the only finding of a code."""
    (only,) = (each for each in fabric.findings if each.code == code)
    return only
