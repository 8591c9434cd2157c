"""The network interfaces of a host with the RDMA devices upon them: what sysfs shows, and their addresses."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface

from sparkup.domain.fabric import Gid, Interface, RdmaDevice
from sparkup.domain.fact import Answers, Fact, files, links, run, whole
from sparkup.facts.tools import sysfs_values
from sparkup.facts.tools.ip_addr import interfaces
from sparkup.facts.tools.lines import clean, integer, lines

NET, RDMA = "/sys/class/net", "/sys/class/infiniband"
PORT = "ports/1"  # of each device; a ConnectX-7 has a device for each of its ports
OF_NET = (
    *(
        "address",
        "carrier",
        "speed",
        "mtu",
        "flags",
        "type",
        "phys_port_name",
        "tun_flags",
        "ifindex",
        "iflink",
    ),
    *("uevent", "device/vendor", "device/device", "bonding/mode", "bridge/bridge_id"),
)
OF_RDMA = (
    *("node_guid", "device/net/*/ifindex"),
    *(f"{PORT}/{file}" for file in ("state", "phys_state", "rate", "link_layer")),
    *(f"{PORT}/{file}/*" for file in ("gids", "gid_attrs/types", "gid_attrs/ndevs")),
)
PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
VIRTUAL_FUNCTION = re.compile(r"p(?:f\d+)+(?:vf|sf)\d+|c\d+pf.*")
UP, LOOPBACK = 0x1, "772"  # if.h: IFF_UP; if_arp.h: ARPHRD_LOOPBACK


Files = Mapping[str, str]  # path below the folder of an interface or device → content


def parse(answers: Answers) -> tuple[Interface, ...]:
    """Read the answers to LINKS, in the order of the interfaces' names."""
    net, rdma = _by_name(answers["net"]["files"], NET), _by_name(answers["rdma"]["files"], RDMA)
    targets = _by_name(answers["links"]["links"], NET)
    upon = {_netdev(device, net): _device(name, device) for name, device in rdma.items()}
    addresses = _addresses(answers)
    return tuple(
        _interface(netdev, own, targets.get(netdev, {}), addresses.get(netdev, ()), upon.get(netdev))
        for netdev, own in net.items()
    )


def _by_name(texts: Mapping[str, str], folder: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        name, _, file = path.removeprefix(f"{folder}/").partition("/")
        found.setdefault(name, {})[file] = text.strip()
    return found


def _netdev(device: Files, net: Mapping[str, Files]) -> str:
    """Return the interface that an RDMA device is upon; "" for none.

    A PCI function can have several: ports of virtual machines beside its own, which the first entry of
    the table of addresses names.
    """
    first = device.get(f"{PORT}/gid_attrs/ndevs/0", "")
    beside = [path.split("/")[2] for path in device if path.startswith("device/net/")]
    own = [name for name in beside if not _is_function(net.get(name, {}))]
    return first if first in net else next(iter([*own, *beside]), "")


def _is_function(own: Files) -> bool:
    return bool(VIRTUAL_FUNCTION.fullmatch(own.get("phys_port_name", "")))


def _device(name: str, own: Files) -> RdmaDevice:
    return RdmaDevice(
        name=name,
        state=sysfs_values.named(own.get(f"{PORT}/state")),
        physical_state=sysfs_values.named(own.get(f"{PORT}/phys_state")),
        rate=sysfs_values.rate(own.get(f"{PORT}/rate")),
        link_layer=own.get(f"{PORT}/link_layer"),
        gids=tuple(_gids(own)),
        guid=own.get("node_guid"),
    )


def _gids(own: Files) -> Iterator[Gid]:
    folder = f"{PORT}/gids/"
    for index in sorted(int(path.removeprefix(folder)) for path in own if path.startswith(folder)):
        if value := sysfs_values.gid(own[f"{folder}{index}"]):
            kind, netdev = (own.get(f"{PORT}/gid_attrs/{each}/{index}", "") for each in ("types", "ndevs"))
            yield Gid(index, value, kind, netdev)


def _interface(
    netdev: str, own: Files, targets: Files, addresses: tuple[IPv4Interface, ...], rdma: RdmaDevice | None
) -> Interface:
    device, flags = _last(targets.get("device", "")), integer(own.get("flags"))
    pci = device if PCI.fullmatch(device) else ""
    ids = [own.get(f"device/{each}", "").removeprefix("0x") for each in ("vendor", "device")]
    return Interface(
        netdev=netdev,
        mac=own.get("address", ""),
        carrier={"1": True, "0": False}.get(own.get("carrier", "")),
        up=None if flags is None else bool(flags & UP),
        speed=sysfs_values.speed(own.get("speed")),
        mtu=integer(own.get("mtu")),
        addresses=addresses,
        pci=pci,
        device_id=":".join(ids) if pci and all(ids) else "",
        cage=sysfs_values.cage(own.get("phys_port_name")),
        kind=_kind(own, targets),
        rdma=rdma,
        master=_last(targets.get("master", "")),
    )


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _kind(own: Files, targets: Files) -> str:
    """Return what sort of interface it is; no name tells that, as people and udev choose names."""
    if own.get("type") == LOOPBACK:
        return "loopback"
    if "phy80211" in targets:
        return "wireless"
    if "device" in targets:
        return "virtual" if _is_function(own) else ""
    signs = {"bridge/bridge_id": "bridge", "bonding/mode": "bond", "tun_flags": "tun"}
    # A VLAN is upon another interface as well, but has a type of its own.
    paired = own.get("iflink") != own.get("ifindex") and "DEVTYPE=" not in own.get("uevent", "")
    return next((kind for file, kind in signs.items() if file in own), "veth" if paired else "virtual")


def _addresses(answers: Answers) -> dict[str, tuple[IPv4Interface, ...]]:
    """Return the IPv4 addresses of each interface; an old `ip`, and that of busybox, know no JSON."""
    text = clean(answers["json"]["out"])
    told = interfaces(text, ()) or interfaces("", lines(answers["text"]["out"]))
    return {
        each.name: tuple(
            IPv4Interface(f"{address.address}/{32 if address.prefix is None else address.prefix}")
            for address in each.addresses
            if address.family == "inet"
        )
        for each in told
    }


LINKS: Fact[tuple[Interface, ...]] = Fact(
    "links",
    {
        "net": files(*(f"{NET}/*/{file}" for file in OF_NET), max_bytes=256, sparse=True),
        # Most of a table of addresses is free: those entries stay there.
        "rdma": files(
            *(f"{RDMA}/*/{file}" for file in OF_RDMA),
            max_bytes=128,
            keep=f"(?!{sysfs_values.ZERO})",
            sparse=True,
        ),
        "links": links(*(f"{NET}/*/{name}" for name in ("device", "master", "phy80211"))),
        "json": run("ip", "-j", "-4", "addr"),
        "text": run("ip", "-o", "-4", "addr"),
    },
    parse,
    unknown=(),
    recorded=whole,
)
