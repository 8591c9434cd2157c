"""What a launch in a container is to have; engines differ only in how that is written on a command line."""

import re
from dataclasses import dataclass

GIB = 1 << 30
# Where our program and a launch's state are inside.
PROGRAM, STATE = "/opt/sparkup/node.pyz", "/opt/sparkup/state"


VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # what an engine takes as the name of one


@dataclass(frozen=True, slots=True)
class Mount:
    """A path of the host inside the container. `cache`: made when it is missing; anything else must exist.

    `label`: "z" or "Z", which have an effect where SELinux is: all containers may see it, or this one alone.
    A source without a slash is the name of a volume that the engine keeps, and makes when it is missing.
    """

    source: str
    target: str
    read_only: bool = False
    cache: bool = False
    label: str = ""

    @property
    def volume(self) -> bool:
        """Say whether its source is a volume of the engine."""
        return bool(VOLUME.fullmatch(self.source))


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the host that leads to one inside."""

    outside: int
    inside: int
    address: str = "127.0.0.1"  # of the host
    protocol: str = "tcp"

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.outside}:{self.inside}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class ContainerLimits:
    """What a container without privileges is held to. Bytes, and a number of tasks."""

    memory: int = 110 * GIB
    swap: int = 120 * GIB  # memory and swap together, as --memory-swap counts
    tasks: int = 4096
    shm: int = 64 * GIB


@dataclass(frozen=True, slots=True)
class ContainerRequest:
    """What the user asked of a container; None and "" leave it to us."""

    image: str | None = None
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()  # without any it is on the host's network
    limits: ContainerLimits | None = None  # without privileges, held to these; None: privileged
    caches: bool = True
    keep_entrypoint: bool = False
    extra: tuple[str, ...] = ()  # further words for `docker run`
    asked: bool = False  # something was asked for that only containers have
    needed: bool = False  # nothing but a container will do


@dataclass(frozen=True, slots=True)
class Container:
    """What was decided on. `gpus`: all (--gpus), runtime (NVIDIA's), cdi (a device), "" for none."""

    image: str
    image_id: str  # what its name meant when it was looked at: it may mean another one later
    user: str = ""  # the image's own, whose rights the command gets
    working_dir: str = ""  # the image's own
    entrypoint: tuple[str, ...] = ()  # what stands before the command
    gpus: str = ""
    infiniband: bool = False  # the host has /dev/infiniband
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()
    serves: int | None = None  # where its server listens inside, if that is another port than outside
    limits: ContainerLimits | None = None
    extra: tuple[str, ...] = ()
