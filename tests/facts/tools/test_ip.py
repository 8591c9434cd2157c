"""What `ip` prints, on machines and on simulated hosts, in all the ways that it can be asked."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.ip import parse
from sparkup.facts.tools.ip_addr import Address, NetworkInterface
from sparkup.facts.tools.ip_neigh import Neighbour
from sparkup.facts.tools.ip_route import Route

LINK_LOCAL6 = Address("inet6", "fe80::3e6d:66ff:fecc:b3b7", 64, "link", dynamic=False)


def interfaces(name: str) -> dict[str, NetworkInterface]:
    return {each.name: each for each in parse(sample("ip", name)) or () if isinstance(each, NetworkInterface)}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("addr_show_linklocal.txt", Address("inet", "169.254.35.62", 16, "link", dynamic=False)),
        ("addr_show_static_mtu1500.txt", Address("inet", "192.168.100.10", 24, "global", dynamic=False)),
    ],
)
def test_one_interface(name: str, address: Address) -> None:
    assert parse(sample("ip", name)) == (
        NetworkInterface(
            name="enp1s0f1np1",
            index=4,
            up=True,
            carrier=True,
            state="UP",
            mtu=1500,
            mac="3c:6d:66:cc:b3:b7",
            addresses=(address, LINK_LOCAL6),
        ),
    )


def test_json_with_few_members_says_no_more_than_it_has() -> None:
    assert parse(sample("ip", "j4_addr_pair_port1.json")) == tuple(
        NetworkInterface(name, addresses=(Address("inet", address, prefix, scope),))
        for name, address, prefix, scope in (
            ("lo", "127.0.0.1", 8, "host"),
            ("enP7s7", "192.168.1.211", 24, "global"),
            ("docker0", "172.17.0.1", 16, "global"),
            ("enp1s0f1np1", "192.168.100.10", 24, "global"),
        )
    )
    (port,) = parse(sample("ip", "j_addr_show_dev_port0.json")) or ()
    assert port == NetworkInterface(
        "enp1s0f0np0",
        addresses=(
            Address("inet6", "fe80::3e6d:66ff:fecc:b3b7", 64, "link"),
            Address("inet", "192.168.100.10", 24, "global"),
        ),
    )


def test_json_in_full() -> None:
    found = interfaces("j_addr_full_pair_port1_mtu9000.json")
    assert list(found) == [
        *("lo", "enP7s7", "enp1s0f0np0", "enp1s0f1np1", "enP2p1s0f0np0", "enP2p1s0f1np1", "wlP9s9", "docker0")
    ]
    assert found["enp1s0f1np1"] == NetworkInterface(
        name="enp1s0f1np1",
        index=4,
        up=True,
        carrier=True,
        state="UP",
        mtu=9000,
        mac="4c:bb:47:2d:1a:17",
        addresses=(Address("inet", "192.168.100.11", 24, "global", dynamic=False),),
    )
    assert found["enP7s7"].addresses[0].dynamic is True
    assert (found["enp1s0f0np0"].up, found["enp1s0f0np0"].carrier) == (True, False)
    assert (found["wlP9s9"].up, found["wlP9s9"].carrier) == (False, None)


def test_each_way_of_asking_tells_the_same_of_a_host() -> None:
    plain = interfaces("simulated_addr.txt")
    assert plain["enp1s0f1np1"] == NetworkInterface(
        name="enp1s0f1np1",
        index=2,
        parent="if5",
        up=True,
        carrier=True,
        state="UP",
        mtu=9000,
        mac="4c:bb:47:b0:01:01",
        addresses=(
            Address("inet", "192.168.177.11", 24, "global", dynamic=False),
            Address("inet6", "fe80::4ebb:47ff:feb0:101", 64, "link", dynamic=False),
        ),
    )
    assert interfaces("simulated_d_addr.txt") == plain
    assert interfaces("simulated_c_addr.txt") == plain
    assert interfaces("simulated_j_d_addr.json") == plain
    for name in ("br_addr.txt", "br_link.txt", "o_addr.txt", "o_link.txt", "j_br_addr.json"):
        for each in interfaces(f"simulated_{name}").values():
            assert _fits(each, plain[each.name]), (name, each)


def _fits(part: NetworkInterface, whole: NetworkInterface) -> bool:
    """Say whether what is told in part contradicts nothing that is told in whole."""
    values = [(getattr(part, name), getattr(whole, name)) for name in part.__slots__ if name != "addresses"]
    addresses = {(each.address, each.prefix) for each in whole.addresses}
    return all(value in (None, other) for value, other in values) and all(
        (each.address, each.prefix) in addresses for each in part.addresses
    )


def test_the_brief_form_has_addresses_and_state() -> None:
    found = interfaces("simulated_br_addr.txt")
    assert [each.address for each in found["tun0"].addresses] == ["10.88.0.1"]
    assert found["enp1s0f0np0"] == NetworkInterface("enp1s0f0np0", state="DOWN")


@pytest.mark.parametrize("name", ["neigh.txt", "j_neigh.json", "arp.txt"])
def test_neighbours(name: str) -> None:
    known = None if name == "arp.txt" else "REACHABLE"
    assert parse(sample("ip", f"simulated_{name}")) == (
        Neighbour("192.168.178.12", "enP2p1s0f1np1", "4c:bb:47:b1:01:02", known),
        Neighbour("192.168.176.99", "enP7s7", None, "INCOMPLETE"),
        Neighbour("192.168.177.12", "enp1s0f1np1", "4c:bb:47:b0:01:02", known),
        Neighbour("192.168.176.12", "enP7s7", "4c:bb:47:b2:01:02", known),
    )


@pytest.mark.parametrize("name", ["route.txt", "j_route.json"])
def test_routes(name: str) -> None:
    assert parse(sample("ip", f"simulated_{name}")) == (
        Route("0.0.0.0/0", "enP7s7", "192.168.176.1"),
        Route("10.66.0.0/16", None, kind="unreachable"),
        Route("10.77.0.0/24", "enp1s0f1np1", "192.168.177.12", metric=50),
        Route("10.77.0.0/24", "enP2p1s0f1np1", "192.168.178.12", metric=50),
        Route("192.168.176.0/24", "enP7s7", source="192.168.176.11"),
        Route("192.168.177.0/24", "enp1s0f1np1", source="192.168.177.11"),
        Route("192.168.178.0/24", "enP2p1s0f1np1", source="192.168.178.11"),
    )


def test_the_kernels_own_table_of_routes() -> None:
    assert parse(sample("ip", "simulated_proc_route.txt")) == (
        Route("0.0.0.0/0", "enP7s7", "192.168.176.1", metric=0),
        Route("10.66.0.0/16", None, kind="unreachable"),
        Route("10.77.0.0/24", "enp1s0f1np1", "192.168.177.12", metric=50),
        Route("192.168.176.0/24", "enP7s7", metric=0),
        Route("192.168.177.0/24", "enp1s0f1np1", metric=0),
        Route("192.168.178.0/24", "enP2p1s0f1np1", metric=0),
    )


def test_one_route_that_was_asked_for() -> None:
    assert parse(sample("ip", "simulated_get.txt")) == (
        Route("192.168.177.12/32", "enp1s0f1np1", source="192.168.177.11"),
    )


@pytest.mark.parametrize("text", ["[]", "[{},{}]", sample("ip", "error_no_device.txt")])
def test_nothing_there(text: str) -> None:
    assert parse(text) == ()


def test_an_address_without_an_address_is_none() -> None:
    text = '[{"ifname":"eth0","flags":[],"link":"eth1","link_index":9,"addr_info":[{},{"family":"inet"}]}]'
    assert parse(text) == (NetworkInterface("eth0", parent="eth1", up=False),)


def test_what_is_no_network_is_no_route() -> None:
    text = sample("ip", "simulated_route.txt").replace("10.77.0.0/24", "10.777.0.0/24")
    assert [route.to for route in parse(text) or () if isinstance(route, Route)][2] == "192.168.176.0/24"
    table = sample("ip", "simulated_proc_route.txt").replace("00FFFFFF", "00FF00FF")
    assert [route.to for route in parse(table) or () if isinstance(route, Route)] == [
        "0.0.0.0/0",
        "10.66.0.0/16",
    ]
