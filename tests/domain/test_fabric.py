"""What an interface says of itself."""

from dataclasses import replace
from ipaddress import IPv4Interface
from typing import Any

import pytest

from sparkup.domain.fabric import CONNECTX7, Interface, RdmaDevice


def test_cages_of_a_connectx7_are_known_by_their_function() -> None:
    port = Interface("x", pci="0002:01:00.1", device_id=CONNECTX7)
    assert (port.port, port.function, port.place) == ("p1", "1", ("0002:01:00", "1"))
    assert Interface("x", pci="0002:01:00.1", device_id=CONNECTX7, cage="p0").port == "p0"
    assert Interface("x", pci="0002:01:00.1", device_id="15b3:101d").port == ""
    assert Interface("x", device_id=CONNECTX7).port == ""
    assert not Interface("x").usable


@pytest.mark.parametrize(
    "dead", [{"up": False}, {"carrier": False}, {"rdma": RdmaDevice("y", "DOWN", link_layer="Ethernet")}]
)
def test_a_port_is_down_when_its_interface_or_its_rdma_device_is(dead: dict[str, Any]) -> None:
    port = Interface("x", up=True, carrier=True, rdma=RdmaDevice("y", "ACTIVE", link_layer="Ethernet"))
    assert port.usable
    assert not port.down
    assert replace(port, **dead).down
    assert not replace(port, **dead).usable


def test_addresses_that_a_machine_gives_itself_do_not_count() -> None:
    given = ("127.0.0.1/8", "169.254.9.9/16", "192.168.100.1/24")
    port = Interface("x", addresses=tuple(map(IPv4Interface, given)))
    assert [str(each) for each in port.fixed] == ["192.168.100.1/24"]
