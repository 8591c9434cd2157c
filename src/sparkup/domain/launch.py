"""A launch is one command on some hosts: a name, ranks on nodes, and what each rank is given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sparkup.domain.backend import Backend
from sparkup.domain.command import Environment
from sparkup.domain.container import Container, ContainerRequest
from sparkup.domain.host import Host
from sparkup.domain.peer import Peer

FIRST_NAME = "vllm_node"  # the first launch of a host, as users have typed it for years
ENGINE_START = 200.0  # seconds that the slowest engine of a launch may take to start its container
BEAT_KEY = "SPARKUP_BEAT_KEY"  # names the secret by which ranks sign their beats (node/peers.py)
NAME_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")  # what Docker takes as a container name


class Engine(StrEnum):
    """What runs the ranks."""

    HOST = "host"  # processes in a managed Python environment, no container
    DOCKER = "docker"
    PODMAN = "podman"


@dataclass(frozen=True, slots=True)
class Node:
    """One rank of a launch and the host it is on; rank 0 is the head. `owner`: uid of our login there."""

    host: str
    rank: int = 0
    owner: int = -1
    address: str = ""  # on the network on which ranks meet, "" for the only one
    part: "Part | None" = None  # what it has instead of what the launch says, which is the head's


@dataclass(frozen=True, slots=True)
class Part:
    """What one rank is started from, where a launch has several.

    `first`: command lines that must end well before its own; `awaits`: an address and a port that must
    take a connection before any of them.
    """

    argv: tuple[str, ...]
    environment: Environment
    python_environment: str = ""
    cwd: str = ""
    container: Container | None = None
    first: tuple[tuple[str, ...], ...] = ()
    awaits: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the system is to hold a rank to; None leaves it open. Bytes, and a number of tasks."""

    memory: int | None = None
    tasks: int | None = None

    def __bool__(self) -> bool:
        return self.memory is not None or self.tasks is not None


@dataclass(frozen=True, slots=True)
class Readiness:
    """When a launch counts as ready, and how long that may take (seconds).

    `kind`: auto (what the command is decides), server (health and one real request), none, port or
    http, the last two with `target`.
    """

    kind: str = "auto"
    target: str = ""
    stall: float = 600.0
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Bytes of available memory of the host below which a launch is told to end, and is killed."""

    end: int = 512 << 20
    kill: int = 100 << 20


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """What the user asked for, before any host was looked at; None and "" leave it to us."""

    argv: tuple[str, ...]
    hosts: tuple[Host, ...]
    name: str | None = None
    engine: Engine | None = None
    environment: Environment = field(default_factory=Environment)
    python_environment: str = ""  # a variant, a folder, or none
    limits: Limits = field(default_factory=Limits)
    readiness: Readiness = field(default_factory=Readiness)
    cwd: str = ""
    outlives: bool = True  # the launch is to go on when the command that starts it has ended
    guard: Guard | None = None
    container: ContainerRequest = field(default_factory=ContainerRequest)
    backend: Backend | None = None
    meets: int | None = None  # the port at which ranks find each other
    eth: tuple[str, ...] = ()  # interfaces to talk over, NAME for all hosts or HOST=NAME
    ib: tuple[str, ...] = ()  # RDMA devices, the same way
    idle: bool = False  # not for a command: something to work in, on several hosts a Ray cluster

    def only(self, hosts: tuple[Host, ...]) -> "LaunchRequest":
        """Return the request for some of its hosts; what is said of the others is left out."""
        others = {host.name for host in self.hosts} - {host.name for host in hosts}

        def meant(words: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(word for word in words if word.partition("=")[0] not in others)

        return replace(self, hosts=hosts, eth=meant(self.eth), ib=meant(self.ib))


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that decides what runs; equal launches run the same thing."""

    name: str
    attempt: str
    engine: Engine
    nodes: tuple[Node, ...]
    argv: tuple[str, ...]
    environment: Environment = field(default_factory=Environment)
    python_environment: str = ""  # folder of the managed environment, "" for none
    limits: Limits = field(default_factory=Limits)
    readiness: Readiness = field(default_factory=Readiness)
    port: int | None = None  # where its API listens, None if it has none
    api_host: str = "127.0.0.1"  # where a client on the host finds it
    bound: str = "127.0.0.1"  # the address it listens on
    tls: bool = False
    cwd: str = ""
    attached: bool = False  # no server: its end is the end of the launch, its status ours
    guard: Guard | None = None
    container: Container | None = None  # what it runs in, None for the engine host
    backend: Backend | None = None  # how its ranks find each other, None for the only one
    meets: int | None = None  # the port of the head where they do; on the same of UDP they hear of each other
    lease: float = 0.0  # seconds without its launcher after which a start ends by itself, 0: never

    @property
    def head(self) -> Node:
        """Return the node whose rank is 0."""
        return self.nodes[0]

    def on(self, node: Node) -> "Launch":
        """Return the launch as the host of a node has it: only the head serves."""
        part = node.part
        if part is None:
            return self
        mine = replace(
            self,
            argv=part.argv,
            environment=part.environment,
            python_environment=part.python_environment,
            cwd=part.cwd,
            container=part.container,
        )
        if node == self.head:
            return mine
        return replace(mine, port=None, attached=False, readiness=replace(self.readiness, kind="none"))

    @property
    def url(self) -> str:
        """Return the base of its API as its own host finds it, "" if it has none."""
        return self._url(self.api_host)

    def url_from(self, address: str) -> str:
        """Return the same as seen from here, where SSH reaches the host at an address ("": this one)."""
        everywhere = self.bound in ("0.0.0.0", "::")  # noqa: S104 - read, not bound
        return self._url(address.rpartition("@")[2]) if address and everywhere else self.url

    def _url(self, name: str) -> str:
        host = f"[{name}]" if ":" in name else name
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host}:{self.port}" if self.port is not None else ""

    def spec(self, node: Node) -> dict[str, Any]:
        """Return what node/rank.py is told to start; secrets are only named."""
        return {**_alone(self.on(node), node), **self._together(node)}

    def _together(self, node: Node) -> dict[str, Any]:
        """Return what a rank is told of the others, nothing where it is the only one."""
        if len(self.nodes) == 1 or node.part is None:
            return {}
        others = [each for each in self.nodes if each != node]
        peers = [{"rank": each.rank, "host": each.host, "address": each.address} for each in others]
        return {
            "backend": str(self.backend),
            "nodes": [each.host for each in self.nodes],
            "beats": {"port": self.meets, "address": node.address, "peers": peers},
            "lease": self.lease,
            "lease_first": self.lease and self.lease + (ENGINE_START if node.part.container else 0.0),
            "first": [list(argv) for argv in node.part.first],
            "awaits": list(node.part.awaits) if node.part.awaits else None,
        }


def _alone(launch: Launch, node: Node) -> dict[str, Any]:
    """Return what a rank is started from, whether or not it is the only one."""
    return {
        "launch": launch.name,
        "attempt": launch.attempt,
        "rank": node.rank,
        "engine": str(launch.engine),
        "argv": list(launch.argv),
        "env": dict(launch.environment.plain),
        "secrets": [secret.name for secret in launch.environment.secret],
        "bin": f"{launch.python_environment}/bin" if launch.python_environment else "",
        "url": launch.url,
        "port": launch.port,
        "cwd": launch.cwd,
        "ready": launch.readiness.kind,
        "ready_target": launch.readiness.target,
        "attached": launch.attached,
        "image": launch.container.image if launch.container else "",
        "image_id": launch.container.image_id if launch.container else "",
        "user": launch.container.user if launch.container else "",
        "guard": [launch.guard.end, launch.guard.kill] if launch.guard else None,
    }


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the kernel identifies it: a pid alone is reused, with its start time it is not."""

    pid: int
    start: int  # clock ticks after boot, field 22 of /proc/PID/stat
    boot: str  # /proc/sys/kernel/random/boot_id


@dataclass(frozen=True, slots=True)
class Exit:
    """How a rank ended. `asked` says that somebody had told it to."""

    status: int  # as a shell counts: 128 + n for signal n
    asked: bool
    at: float  # seconds since the epoch
    lost_log: int = 0  # bytes that could not be written
    short_of_memory: bool = False  # our own guard ended it
    limit_reached: bool = False  # the kernel killed something of it: its limit of memory
    because: str = ""  # what of the other ranks made its supervisor end it


@dataclass(frozen=True, slots=True)
class RankState:
    """What a host's state folder says of one rank, held against the process table."""

    launch: str
    attempt: str
    rank: int
    folder: str
    started: float  # seconds since the epoch
    alive: bool
    pid: int
    argv: tuple[str, ...]
    url: str = ""
    port: int | None = None
    exit: Exit | None = None
    owner: int = -1  # uid whose state it is
    mine: bool = False  # it is of the user whom the host let in: what it says may be acted on
    verdict: Mapping[str, Any] | None = None  # ready.json: what it was when it became ready
    spec: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False  # another user's, who lets us see no more than its name
    orphaned: bool = False  # its folder is gone, and only the labels of its container tell of it
    nodes: tuple[str, ...] = ()  # the hosts of all ranks as the launcher calls them, none for the only rank
    peers: tuple[Peer, ...] = ()  # what its supervisor knows of the others

    @property
    def contained(self) -> bool:
        """Say whether it runs in a container."""
        return self.spec.get("engine") in (Engine.DOCKER, Engine.PODMAN)

    @property
    def phase(self) -> str:
        """Return starting, ready, running, ended (as it should), failed, lost, orphaned or hidden.

        What has no readiness to judge is just running.

        vLLM exits 0 when its engine dies: a server's exit that nobody asked for is a failure.
        """
        if self.hidden or self.orphaned:
            return "hidden" if self.hidden else "orphaned"
        if self.alive and self.spec.get("ready") == "none":
            return "running"
        if self.exit is None and not self.pid:
            return "starting"  # its name is taken, and nothing of it runs yet
        if self.alive:
            return "ready" if self.verdict is not None else "starting"
        if self.exit is None:
            return "lost"
        well = self.exit.asked or (self.exit.status == 0 and bool(self.spec.get("attached")))
        return "ended" if well else "failed"
