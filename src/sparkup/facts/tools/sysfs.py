"""What the kernel shows below /sys of RDMA ports and interfaces, file by file, and tables of functions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparkup.facts.tools.lines import clean, integer, judged, known, lines
from sparkup.facts.tools.sysfs_values import cage, gid, named, rate, speed

HEADING = re.compile(r"#\s*path\b.*")
HEADED = re.compile(r"^==> (/sys/\S+) <==\n(?!==>)", re.MULTILINE)  # of head and tail
CLASS = re.compile(r"/sys/class/(?P<kind>infiniband|net)/(?P<name>[^/]+)/(?P<file>.+)")
CELLS = re.compile(r"\s{2,}|\t+")
FUNCTION = re.compile(r"(?P<pci>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?P<rest>\s.*)?")
UNREADABLE = re.compile(r"\(.*on read\)|.*Invalid argument|EINVAL")


@dataclass(frozen=True, slots=True)
class KernelGid:
    """An entry of an RDMA port's table of addresses. `kind`: "RoCE v2" or "IB/RoCE v1"."""

    index: int
    value: str | None = None
    kind: str | None = None
    netdev: str | None = None


@dataclass(frozen=True, slots=True)
class KernelPort:
    """What the files say of one port; `name` is of its device, interface or column.

    None is what no file says, or one that cannot be read.
    """

    name: str
    state: str | None = None  # ACTIVE, DOWN
    physical_state: str | None = None  # LinkUp, Disabled
    rate: float | None = None  # Gb/s; that of a port that is down means nothing
    link_layer: str | None = None
    netdev: str | None = None
    operstate: str | None = None
    carrier: bool | None = None
    speed: int | None = None  # Mb/s
    mtu: int | None = None  # bytes
    cage: str | None = None  # p0, p1
    sent: int | None = None  # port_xmit_data, in words of 4 bytes
    received: int | None = None  # port_rcv_data, in words of 4 bytes
    gids: tuple[KernelGid, ...] = ()


@dataclass(frozen=True, slots=True)
class PciFunction:
    """A row of a table of PCI functions: what is upon one."""

    pci: str
    netdev: str | None = None
    rdma: str | None = None
    cage: str | None = None
    pcie_link: str | None = None
    note: str | None = None


def parse(text: str) -> tuple[KernelPort | PciFunction, ...] | None:
    """Read files with their paths (a table, `grep . FILES`, `tail FILES`) or a table of PCI functions.

    Returns None for another text.
    """
    told = lines(HEADED.sub(r"\1:", clean(text)))
    found: list[KernelPort | PciFunction] = [
        _function(row) for line in told if (row := FUNCTION.fullmatch(line.strip()))
    ]
    if not found:
        found += [_port(name, values) for name, values in _columns(told).items()]
    return judged(found, told)


def _function(row: re.Match[str]) -> PciFunction:
    rest = row["rest"] or ""
    note, place, link = (
        re.search(each, rest) for each in (r"\((.*)\)", r"\bcage (\S+)", r"\bpcie-link (\S+)")
    )
    names = re.sub(r"\(.*\)|\bcage \S+|\bpcie-link \S+", "", rest).split()
    return PciFunction(
        pci=row["pci"],
        netdev=names[0] if names else None,
        rdma=names[1] if len(names) > 1 else None,
        cage=cage(place[1]) if place else None,
        pcie_link=link[1] if link else None,
        note=note[1] if note else None,
    )


def _columns(told: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the values of files by their paths, of each column or each device and interface."""
    found: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for line in told:
        if HEADING.fullmatch(line):
            names = CELLS.split(line.strip())[1:] or names
        elif row := CLASS.match(line):
            path, _, value = row["file"].partition(":")
            found.setdefault(row["name"], {})[path] = value
        elif len(cells := CELLS.split(line.strip())) > 1 and names:
            for name, value in zip(names, cells[1:], strict=False):
                found.setdefault(name, {})[cells[0]] = value
    return found


def _port(name: str, files: Mapping[str, str]) -> KernelPort:
    values = {path: value.strip() for path, value in files.items() if not UNREADABLE.fullmatch(value.strip())}
    netdev = next(iter(_below(values, "device/net/")), None) or values.get("device/net/", "").strip("/")
    return KernelPort(
        name=name,
        state=named(values.get("ports/1/state")),
        physical_state=named(values.get("ports/1/phys_state")),
        rate=rate(values.get("ports/1/rate")),
        link_layer=known(values.get("ports/1/link_layer")),
        netdev=netdev or None,
        operstate=known(values.get("operstate")),
        carrier={"1": True, "0": False}.get(values.get("carrier", "")),
        speed=speed(values.get("speed")),
        mtu=integer(values.get("mtu")),
        cage=cage(values.get("phys_port_name")),
        sent=integer(values.get("ports/1/counters/port_xmit_data")),
        received=integer(values.get("ports/1/counters/port_rcv_data")),
        gids=tuple(_gids(values)),
    )


def _gids(values: Mapping[str, str]) -> Iterator[KernelGid]:
    kinds, netdevs, addresses = (
        _below(values, f"ports/1/{each}/") for each in ("gid_attrs/types", "gid_attrs/ndevs", "gids")
    )
    for index in sorted({*kinds, *netdevs, *addresses}, key=lambda name: (len(name), name)):
        value = gid(addresses.get(index))
        if re.fullmatch(r"\d{1,5}", index) and (value or index in kinds):
            yield KernelGid(int(index), value, known(kinds.get(index)), known(netdevs.get(index)))


def _below(values: Mapping[str, str], folder: str) -> Mapping[str, str]:
    found = {path.removeprefix(folder): value for path, value in values.items() if path.startswith(folder)}
    return {path.partition("/")[0]: value for path, value in found.items() if path}
