"""The interfaces of simulated hosts, and of others as their kernels would show them."""

import copy
from ipaddress import IPv4Interface

import pytest
from tests.fixtures.record import ask
from tests.fixtures.recorded import answers, cases

from sparkup.domain.fabric import Gid, Interface, RdmaDevice
from sparkup.domain.fact import SHAPES, Answers, fits
from sparkup.facts.links import LINKS, parse


def found(case: str) -> dict[str, Interface]:
    return {each.netdev: each for each in parse(answers("links", case))}


def test_a_port_with_a_cable() -> None:
    addresses = {0: "fe80:0000:0000:0000:0000:00ff:feb1:0101", 2: "0000:0000:0000:0000:0000:ffff:c0a8:b10b"}
    gids = tuple(
        Gid(index, addresses[index & 2], "RoCE v2" if index & 1 else "IB/RoCE v1", "enp1s0f1np1")
        for index in range(4)
    )
    assert found("spark1")["enp1s0f1np1"] == Interface(
        netdev="enp1s0f1np1",
        mac="4c:bb:47:b0:01:01",
        carrier=True,
        up=True,
        speed=200000,
        mtu=9000,
        addresses=(IPv4Interface("192.168.177.11/24"),),
        pci="0000:01:00.1",
        device_id="15b3:1021",
        cage="p1",
        rdma=RdmaDevice(
            name="rocep1s0f1",
            state="ACTIVE",
            physical_state="LinkUp",
            rate=200.0,
            link_layer="Ethernet",
            gids=gids,
            guid="4cbb:47b1:0001:0001",
        ),
    )


def test_all_of_a_host() -> None:
    host = found("spark1")
    assert [(each.netdev, each.kind, each.cage) for each in host.values()] == [
        ("enP2p1s0f0np0", "", "p0"),
        ("enP2p1s0f1np1", "", "p1"),
        ("enP7s7", "", None),
        ("enp1s0f0np0", "", "p0"),
        ("enp1s0f1np1", "", "p1"),
        ("lo", "loopback", None),
    ]
    assert {each.rdma.name for each in host.values() if each.usable and each.rdma} == {
        "rocep1s0f1",
        "roceP2p1s0f1",
    }
    assert (host["enP7s7"].pci, host["enP7s7"].device_id) == ("0007:01:00.0", "10ec:8127")
    assert (host["lo"].pci, host["lo"].device_id, host["lo"].rdma) == ("", "", None)


def test_pulled_cables() -> None:
    host = found("spark2_without_cables")
    assert {name: each.carrier for name, each in host.items() if each.connectx7} == {
        "enP2p1s0f0np0": False,
        "enP2p1s0f1np1": False,
        "enp1s0f0np0": False,
        "enp1s0f1np1": False,
    }


def test_other_kinds_are_told_by_what_they_are() -> None:
    host = found("other_kinds")
    kinds = {name: each.kind for name, each in host.items() if each.kind}
    assert kinds == {"br0": "bridge", "lo": "loopback", "tun7": "tun", "va": "veth", "vb": "veth"}
    assert host["va"].master == "br0"
    assert (host["va"].up, host["vb"].up) == (True, False)
    assert host["enp1s0f1np1"].addresses == (
        IPv4Interface("192.168.177.11/24"),
        IPv4Interface("192.168.177.211/32"),
    )


@pytest.mark.parametrize("case", cases("links"))
def test_an_ip_without_json_tells_the_same(case: str) -> None:
    recorded = answers("links", case)
    old = {**recorded, "json": {"status": 255, "out": "", "err": 'Option "-j" is unknown, try "ip -help".'}}
    assert parse(old) == parse(recorded)


def test_without_ip_there_are_no_addresses() -> None:
    none = {"status": None, "out": "", "err": "", "missing": True}
    told = parse({**answers("links", "spark1"), "json": none, "text": none})
    assert len(told) == 6
    assert not any(each.addresses for each in told)


def changed(
    files: dict[str, str], targets: dict[str, str] | None = None, rdma: dict[str, str] | None = None
) -> Answers:
    """Return the answers of spark1 with other files: "" takes one away."""
    recorded = copy.deepcopy(answers("links", "spark1"))
    for name, folder, more in (("net", "net", files), ("rdma", "infiniband", rdma or {})):
        told = recorded[name]["files"]
        told.update({f"/sys/class/{folder}/{path}": text for path, text in more.items()})
        recorded[name]["files"] = {path: text for path, text in told.items() if text}
    recorded["links"]["links"].update({f"/sys/class/net/{path}": to for path, to in (targets or {}).items()})
    return recorded


def one(name: str, recorded: Answers) -> Interface:
    return next(each for each in parse(recorded) if each.netdev == name)


def test_what_a_port_that_is_down_does_not_tell_is_unknown() -> None:
    down = changed({"enp1s0f0np0/speed": "", "enp1s0f0np0/carrier": "", "enp1s0f1np1/speed": "-1\n"})
    assert one("enp1s0f0np0", down).speed is None
    assert one("enp1s0f0np0", down).carrier is None
    assert one("enp1s0f1np1", down).speed is None


def test_a_kernel_that_does_not_name_cages() -> None:
    bare = one("enp1s0f1np1", changed({"enp1s0f1np1/phys_port_name": ""}))
    assert (bare.cage, bare.port) == (None, "p1")


def test_ports_of_virtual_machines_are_not_the_cage() -> None:
    """With SR-IOV a function has its own interface and one for each virtual machine."""
    more = {
        "aa0/address": "4c:bb:47:b0:01:09",
        "aa0/phys_port_name": "pf1vf0",
        "aa0/device/vendor": "0x15b3",
        "aa0/device/device": "0x1021",
    }
    rdma = {"rocep1s0f1/device/net/aa0/ifindex": "9", "rocep1s0f1/ports/1/gid_attrs/ndevs/0": ""}
    recorded = changed(more, {"aa0/device": "../../../0000:01:00.1"}, rdma)
    virtual = one("aa0", recorded)
    assert (virtual.kind, virtual.cage, virtual.rdma) == ("virtual", None, None)
    own = one("enp1s0f1np1", recorded).rdma
    assert own is not None
    assert own.name == "rocep1s0f1"


def test_a_device_upon_a_bond_is_the_bonds() -> None:
    rdma = {"rocep1s0f1/ports/1/gid_attrs/ndevs/0": "bond0\n"}
    recorded = changed({"bond0/bonding/mode": "802.3ad 4\n", "bond0/uevent": "DEVTYPE=bond\n"}, {}, rdma)
    bond = one("bond0", recorded)
    assert bond.kind == "bond"
    assert bond.rdma is not None
    assert bond.rdma.name == "rocep1s0f1"


def test_an_rdma_device_without_an_interface_belongs_to_none() -> None:
    names = {"mlx5_9/ports/1/state": "4: ACTIVE\n", "mlx5_9/ports/1/link_layer": "InfiniBand\n"}
    told = parse(changed({}, {}, names))
    assert "mlx5_9" not in {each.rdma.name for each in told if each.rdma}


def test_a_wireless_one_and_what_is_upon_another() -> None:
    files = {
        "wlP9s9/address": "4c:bb:47:2d:1a:20",
        "wlP9s9/flags": "",
        "eth0.7/ifindex": "8",
        "eth0.7/iflink": "4",
        "eth0.7/uevent": "DEVTYPE=vlan\nINTERFACE=eth0.7\n",
        "usb0/address": "00:00:00:00:00:01",
    }
    targets = {
        "wlP9s9/phy80211": "../../ieee80211/phy0",
        "wlP9s9/device": "../../../0009:01:00.0",
        "usb0/device": "../../../1-1:1.0",
    }
    recorded = changed(files, targets)
    assert (one("wlP9s9", recorded).kind, one("wlP9s9", recorded).up) == ("wireless", None)
    assert one("eth0.7", recorded).kind == "virtual"
    assert (one("usb0", recorded).kind, one("usb0", recorded).pci) == ("", "")


def test_free_entries_of_a_table_of_addresses_are_none() -> None:
    zero = {
        f"rocep1s0f1/ports/1/gids/{index}": "0000:0000:0000:0000:0000:0000:0000:0000" for index in (4, 200)
    }
    rdma = one("enp1s0f1np1", changed({}, {}, zero)).rdma
    assert rdma is not None
    assert [each.index for each in rdma.gids] == [0, 1, 2, 3]


def test_this_machine_can_be_asked() -> None:
    told = ask(LINKS, "python3")
    assert all(fits(told[name], SHAPES[request.kind]) for name, request in LINKS.requests.items())
    assert any(each.kind == "loopback" for each in parse(told))
