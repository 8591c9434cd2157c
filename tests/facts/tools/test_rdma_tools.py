"""ibdev2netdev, rdma link, ibstat, ibv_devinfo and show_gids: what they print of RDMA devices."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools import ibdev2netdev, ibstat, ibv_devinfo, rdma_link, show_gids
from sparkup.facts.tools.ibdev2netdev import Pairing
from sparkup.facts.tools.rdma_link import RdmaPort
from sparkup.facts.tools.show_gids import GidRow

FUNCTIONS = {
    "rocep1s0f0": "enp1s0f0np0",
    "rocep1s0f1": "enp1s0f1np1",
    "roceP2p1s0f0": "enP2p1s0f0np0",
    "roceP2p1s0f1": "enP2p1s0f1np1",
}


@pytest.mark.parametrize(
    ("name", "up"),
    [
        ("no_cable_all_down.txt", set()),
        ("pair_port1_rocep_first.txt", {"rocep1s0f1", "roceP2p1s0f1"}),
        ("pair_port1_roceP2_first.txt", {"rocep1s0f1", "roceP2p1s0f1"}),
    ],
)
def test_ibdev2netdev(name: str, up: set[str]) -> None:
    found = ibdev2netdev.parse(sample("ibdev2netdev", name)) or ()
    assert len(found) == 4
    assert set(found) == {Pairing(rdma, 1, netdev, rdma in up) for rdma, netdev in FUNCTIONS.items()}


def test_ibdev2netdev_with_v() -> None:
    """Lines of NVIDIA's manual: of other cards, with more in them."""
    text = (
        "0000:07:00.0 mlx5_0 (MT4125 - MCX623106AE-CDAT)  ConnectX-6 DX EN adapter card, 100GbE, Dual-port"
        " QSFP56, PCIe 4.0 x16 fw 22.36.1010 port 1 (ACTIVE) ==> ens1f0np0 (Up)\n"
        "0000:07:00.1 mlx5_1 (MT4125 - ) card fw 22.36.1010 port 1 (DOWN  ) ==> ens1f1np1 (Down)\n"
        "mlx4_0 port 2 ==> ib1 (Polling)\n"
    )
    assert ibdev2netdev.parse(text) == (
        Pairing("mlx5_0", 1, "ens1f0np0", True, "ACTIVE", "0000:07:00.0", "22.36.1010"),
        Pairing("mlx5_1", 1, "ens1f1np1", False, "DOWN", "0000:07:00.1", "22.36.1010"),
        Pairing("mlx4_0", 2, "ib1", None),
    )


@pytest.mark.parametrize(
    ("name", "up"),
    [
        ("pair_port0.txt", ("rocep1s0f0", "roceP2p1s0f0")),
        ("two_cables.txt", tuple(FUNCTIONS)),
        ("two_cables_padded_columns.txt", tuple(FUNCTIONS)),
    ],
)
def test_rdma_link(name: str, up: tuple[str, ...]) -> None:
    assert rdma_link.parse(sample("rdma_link", name)) == tuple(
        RdmaPort(rdma, 1, "ACTIVE", "LINK_UP", netdev)
        if rdma in up
        else RdmaPort(rdma, 1, "DOWN", "DISABLED", netdev)
        for rdma, netdev in FUNCTIONS.items()
    )


def test_rdma_link_as_json() -> None:
    assert rdma_link.parse(sample("rdma_link", "json_port1.json")) == tuple(
        RdmaPort(rdma, None, "ACTIVE" if rdma.endswith("f1") else "DOWN", None, netdev)
        for rdma, netdev in FUNCTIONS.items()
    )
    text = (
        '[ {\n "ifindex": 0,\n "ifname": "mlx5_0",\n "port": 2,\n "state": "INIT",\n "netdev_index": 4\n} ]\n'
    )
    assert rdma_link.parse(text) == (RdmaPort("mlx5_0", 2, "INIT", None, None),)
    assert rdma_link.parse("[ ]\n") == ()
    assert rdma_link.parse(text[:-10]) is None


def test_rdma_link_of_infiniband_and_of_old_versions() -> None:
    text = (
        "link mlx5_2/1 subnet_prefix fe80:0000:0000:0000 lid 13399 sm_lid 49151 lmc 0 state ACTIVE"
        " physical_state LINK_UP\n    caps: <AUTO_MIG>\n"
        "2/1: mlx5_3/1: state DOWN physical_state POLLING netdev ens2 netdev_index 3\n"
    )
    assert rdma_link.parse(text) == (
        RdmaPort("mlx5_2", 1, "ACTIVE", "LINK_UP", None),
        RdmaPort("mlx5_3", 1, "DOWN", "POLLING", "ens2"),
    )


def test_ibstat() -> None:
    found = ibstat.parse(sample("ibstat", "one_cable_port0.txt")) or ()
    assert [each.device for each in found] == ["roceP2p1s0f0", "roceP2p1s0f1", "rocep1s0f0", "rocep1s0f1"]
    assert found[0] == ibstat.Adapter(
        device="roceP2p1s0f0",
        model="MT4129",
        firmware="28.45.4028",
        node_guid="0xfc4cea0300f94234",
        system_guid="0xfc4cea0300f94230",
        ports=(ibstat.Port(1, "Active", "LinkUp", 200.0, "Ethernet", "0xfe4ceafffef94234", 0),),
    )
    assert found[1].ports == (ibstat.Port(1, "Down", "Disabled", 40.0, "Ethernet", "0xfe4ceafffef94235", 0),)
    assert [each.ports[0].active for each in found] == [True, False, True, False]


def test_ibstatus_and_a_card_with_two_ports() -> None:
    text = (
        "Infiniband device 'mlx4_0' port 1 status:\n\tdefault gid:\t fe80:0000:0000:0000:0002:c903:0:1\n"
        "\tbase lid:\t 0x1f\n\tsm lid:\t\t 0x1\n\tstate:\t\t 4: ACTIVE\n\tphys state:\t 5: LinkUp\n"
        "\trate:\t\t 56 Gb/sec (4X FDR)\n\tlink_layer:\t InfiniBand\n\n"
        "Infiniband device 'mlx4_0' port 2 status:\n\tstate:\t\t 1: DOWN\n"
    )
    ports = (ibstat.Port(1, "ACTIVE", "LinkUp", 56.0, "InfiniBand", None, 31), ibstat.Port(2, "DOWN"))
    assert ibstat.parse(text) == (ibstat.Adapter("mlx4_0", ports=ports),)
    one = "Port 1:\n\tState: Active\n\tRate: 400\n"
    assert ibstat.parse(one) == (ibstat.Adapter(None, ports=(ibstat.Port(1, "Active", rate=400.0),)),)


def test_devices_of_one_name_are_of_two_hosts() -> None:
    text = sample("ibstat", "one_cable_port0.txt")
    assert ibstat.parse(text + text) == (ibstat.parse(text) or ()) * 2
    one = "CA 'rocep1s0f0'\n\tPort 1:\n\t\tState: Active\n"
    assert len(ibstat.parse(one + one) or ()) == 2


@pytest.mark.parametrize(
    ("name", "first", "up"),
    [
        ("mixed_pair_nodeA_port1.txt", "4cbb4703002d1a16", {"rocep1s0f1", "roceP2p1s0f1"}),
        ("mixed_pair_nodeB_port0.txt", "48210b03009604cb", {"rocep1s0f0", "roceP2p1s0f0"}),
    ],
)
def test_ibv_devinfo(name: str, first: str, up: set[str]) -> None:
    guids = [f"{int(first, 16) + more:016x}" for more in (0, 1, 4, 5)]
    assert ibv_devinfo.parse(sample("ibv_devinfo", name)) == tuple(
        ibv_devinfo.Device(
            device=device,
            transport="InfiniBand",
            firmware="28.45.4028",
            node_guid=guid,
            system_guid=first,
            vendor=0x02C9,
            part=4129,
            board="NVD0000000087",
            ports=(
                ibv_devinfo.Port(1, "PORT_ACTIVE", None, 4096, 4096, "Ethernet", 0)
                if device in up
                else ibv_devinfo.Port(1, "PORT_DOWN", None, 4096, 1024, "Ethernet", 0),
            ),
        )
        for device, guid in zip(FUNCTIONS, guids, strict=True)
    )


def test_a_guid_that_was_taken_out_is_not_known() -> None:
    text = sample("ibv_devinfo", "mixed_pair_nodeB_port0.txt").replace("4821:0b03:0096:04cb", "REDACTED")
    assert [each.system_guid for each in ibv_devinfo.parse(text) or ()] == [None] * 4


def test_ibv_devinfo_says_which_ports_are_up() -> None:
    found = ibv_devinfo.parse(sample("ibv_devinfo", "mixed_pair_nodeB_port0.txt")) or ()
    assert [each.ports[0].active for each in found] == [True, False, True, False]


def test_ibv_devices_lists_names() -> None:
    guids = ("30c59903003e4a62", "30c59903003e4a63", "30c59903003e4a66", "30c59903003e4a67")
    assert ibv_devinfo.parse(sample("ibv_devinfo", "ibv_devices.txt")) == tuple(
        ibv_devinfo.Device(device, node_guid=guid) for device, guid in zip(FUNCTIONS, guids, strict=True)
    )
    header = "".join(sample("ibv_devinfo", "ibv_devices.txt").splitlines(keepends=True)[:2])
    assert ibv_devinfo.parse(header) == ()
    assert ibv_devinfo.parse("No IB devices found\n") == ()
    assert ibv_devinfo.parse("2 HCAs found:\n\tmlx5_0\n\tmlx5_1\n\n") == (
        ibv_devinfo.Device("mlx5_0"),
        ibv_devinfo.Device("mlx5_1"),
    )


def test_show_gids() -> None:
    found = show_gids.parse(sample("show_gids", "one_cable_port0_same_subnet.txt")) or ()
    assert len(found) == 12
    assert found[0] == GidRow(
        "rocep1s0f0", 1, 0, "fe80:0000:0000:0000:xxxx:xxxx:xxxx:xxxx", None, "v1", "enp1s0f0np0"
    )
    assert [(row.device, row.index, row.ipv4) for row in found if row.ipv4 and row.version == "v2"] == [
        ("rocep1s0f0", 3, "192.168.100.10"),
        ("roceP2p1s0f0", 3, "192.168.100.14"),
    ]


def test_show_gids_with_columns_left_out() -> None:
    """The address is in the GID as well; InfiniBand has neither version nor interface."""
    text = (
        "DEV\tPORT\tINDEX\tGID\tIPv4\tVER\tDEV\n"
        "mlx5_0\t1\t3\t0000:0000:0000:0000:0000:ffff:0a00:0001\tRoCE v2\tens1f0\n"
        "mlx5_1\t1\t0\tfe80:0000:0000:0000:ec0d:9a03:0078:645e\n"
        "mlx5_2\t1\t5\t0000:0000:0000:0000:0000:ffff:0a00:0002\t10.0.0.2\tens2\n"
    )
    assert show_gids.parse(text) == (
        GidRow("mlx5_0", 1, 3, "0000:0000:0000:0000:0000:ffff:0a00:0001", "10.0.0.1", "v2", "ens1f0"),
        GidRow("mlx5_1", 1, 0, "fe80:0000:0000:0000:ec0d:9a03:0078:645e", None, None, None),
        GidRow("mlx5_2", 1, 5, "0000:0000:0000:0000:0000:ffff:0a00:0002", "10.0.0.2", None, "ens2"),
    )
    assert show_gids.parse("DEV PORT INDEX GID IPv4 VER DEV\nn_gids_found=0\n") == ()


@pytest.mark.parametrize(
    ("parse", "source"), [(ibdev2netdev.parse, "ibdev2netdev"), (rdma_link.parse, "rdma_link")]
)
def test_an_unplugged_machine_may_show_nothing(parse: object, source: str) -> None:
    assert callable(parse)
    assert parse(sample(source, "no_cable_empty.txt")) == ()
