"""What `rdma link` prints, as text or with -j: the ports of RDMA devices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sparkup.facts.tools.lines import clean, integer, judged, known, lines, objects

# "link mlx5_0/1 state ...", and before iproute2 5.0 "1/1: mlx5_0/1: state ...".
ROW = re.compile(r"(?:^|\s)(?:link|\d+/\d+:)\s+(?P<device>[^\s/:]+)/(?P<port>\d+):?\s+(?P<rest>\S.*)")


@dataclass(frozen=True, slots=True)
class RdmaPort:
    """One port of an RDMA device."""

    device: str
    port: int | None
    state: str | None  # ACTIVE, DOWN, INIT, ARMED
    physical_state: str | None  # LINK_UP, DISABLED, POLLING
    netdev: str | None


def parse(text: str) -> tuple[RdmaPort, ...] | None:
    """Read what `rdma link` printed, in its order; None for another text."""
    told = lines(text)
    if (items := objects(clean(text))) is not None:
        named = [item for item in items if "ifname" in item]
        return judged([_port(str(item["ifname"]), item.get("port"), item) for item in named], map(str, items))
    rows = [row for line in told if (row := ROW.search(line))]
    return judged([_port(row["device"], row["port"], _pairs(row["rest"])) for row in rows], told)


def _port(device: str, port: object, values: Mapping[str, object]) -> RdmaPort:
    name, _, number = device.partition("/")
    state, physical, netdev = (
        known(str(values.get(key, ""))) for key in ("state", "physical_state", "netdev")
    )
    return RdmaPort(name, integer(str(number if port is None else port)), state, physical, netdev)


def _pairs(rest: str) -> Mapping[str, str]:
    words = rest.split()
    return dict(zip(words[::2], words[1::2], strict=False))
