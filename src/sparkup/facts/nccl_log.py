"""Over which network NCCL connects the ranks, from its log (NCCL_DEBUG=INFO): it says no error of TCP."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_NETWORK = re.compile(r"Using network (\w[\w ]*?)\s*$")
_VIA = re.compile(r"via NET/(\w+)/")
_IB = re.compile(r"NET/IB\w*\s*: Using (.*)")
_SOCKET = re.compile(r"NET/Socket\s*: Using (.*)")
_HCA = re.compile(r"\[\d+\]([\w+.-]+?):\d+/(\w+)")
_INTERFACE = re.compile(r"\[\d+\]([\w.-]+):(\S+?)<\d+>")
_OOB = re.compile(r"OOB ([\w.-]+):(\S+?)<\d+>")
_VERSION = re.compile(r"NCCL version (\d+\.\d+\.\d+)|using nccl==(\d+\.\d+\.\d+)")
_RINGS = re.compile(r"Connected all (?:rings|trees)")
# Why it is TCP, in NCCL's words; the first that is there.
_CAUSES = (
    (re.compile(r"Failed to open libibverbs"), "the image has no libibverbs"),
    (re.compile(r"IB device (\S+) not found"), "NCCL_IB_HCA names {0}, which is no RDMA device"),
    (re.compile(r"NCCL_IB_DISABLE set (?:by environment )?to 1"), "NCCL_IB_DISABLE is 1"),
    (re.compile(r"NET/IB\w*\s*: No device found"), "NCCL found no RDMA device"),
)


@dataclass(frozen=True, slots=True)
class NcclNetwork:
    """What NCCL uses. `transport`: its own word, IB (which is RoCE too) or Socket; of several the slowest."""

    transport: str | None = None
    rdma: bool | None = None
    hcas: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()  # of TCP, where it is the transport
    out_of_band: str | None = None  # the interface on which ranks meet
    version: str | None = None
    connected: bool = False


@dataclass(slots=True)
class _Said:
    transports: list[str] = field(default_factory=list)
    hcas: dict[str, None] = field(default_factory=dict)
    interfaces: dict[str, None] = field(default_factory=dict)
    out_of_band: str | None = None
    version: str | None = None
    connected: bool = False

    def feed(self, line: str) -> None:
        if match := _NETWORK.search(line) or _VIA.search(line):
            self.transports.append(match[1])
        if match := _IB.search(line):
            self.hcas |= dict.fromkeys(name for name, _ in _HCA.findall(match[1]))
        if match := _SOCKET.search(line):
            self.interfaces |= dict.fromkeys(name for name, _ in _INTERFACE.findall(match[1]))
        if match := _OOB.search(line):
            self.out_of_band = match[1]
        if match := _VERSION.search(line):
            self.version = match[1] or match[2]
        self.connected = self.connected or bool(_RINGS.search(line))

    @property
    def transport(self) -> str | None:
        """Return the slowest of those that were named, else the one whose devices were."""
        slow = next((name for name in self.transports if not _is_rdma(name)), None)
        named = slow or next(iter(self.transports), None)
        return named or ("IB" if self.hcas else "Socket" if self.interfaces else None)


def network(lines: Iterable[str]) -> NcclNetwork | None:
    """Return what NCCL said of its network; None if it said nothing."""
    said = _Said()
    for line in lines:
        said.feed(line)
    transport = said.transport
    if transport is None and said.version is None:
        return None
    return NcclNetwork(
        transport=transport,
        rdma=None if transport is None else _is_rdma(transport),
        hcas=tuple(said.hcas),
        interfaces=tuple(said.interfaces),
        out_of_band=said.out_of_band,
        version=said.version,
        connected=said.connected,
    )


def cause(lines: Iterable[str]) -> str:
    """Return why NCCL uses no RDMA, in words for people; "" if it does not say."""
    said = list(lines)
    for pattern, words in _CAUSES:
        if match := next(filter(None, map(pattern.search, said)), None):
            return words.format(*match.groups())
    return ""


def _is_rdma(transport: str) -> bool:
    return transport.upper().startswith("IB")
