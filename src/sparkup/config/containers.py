"""What was typed for a container, turned into a ContainerRequest."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkup.config.engine_words import ABOVE, HIDDEN, OURS, is_above, is_ours, split, volumes
from sparkup.config.problems import Problems, number
from sparkup.domain.container import GIB, ContainerLimits, ContainerRequest, Mount, Port
from sparkup.domain.launch import Limits

EXTRA = "VLLM_SPARK_EXTRA_DOCKER_ARGS"  # as the scripts before us read it
LOOPBACK = "127.0.0.1"
# What follows a mount and does nothing where there is no virtual machine around docker.
WITHOUT_EFFECT = frozenset({"cached", "consistent", "delegated"})
RIGHTS, LABELS = ("ro", "rw"), ("z", "Z")  # of each kind a mount has one; the second matters to SELinux alone
SWAP = 10 * GIB  # beyond the memory limit, when it is not said
LARGEST = 1 << 50  # bytes of a limit: an engine that is given more counts from below again, or fails
REGISTRY = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:\d+)?/"
PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
DIGEST = r"[a-z0-9]+:[0-9a-f]{32,}"
IMAGE = re.compile(rf"({REGISTRY})?{PART}(/{PART})*(:\w[\w.-]{{0,127}})?(@{DIGEST})?|{DIGEST}", re.ASCII)
PORT = re.compile(
    r"((?P<address>[^\s\[\]:]+|\[[^\s\[\]]+\]):)?(?P<outside>\d{1,5}):(?P<inside>\d{1,5})(/(?P<protocol>tcp|udp))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TypedContainer:
    """The words for a container as they were typed, none of them checked yet."""

    image: str | None = None
    volume: Sequence[str] = ()
    publish: Sequence[str] = ()
    non_privileged: bool = False
    mem_swap_limit_gb: str | None = None
    shm_size_gb: str | None = None
    no_cache_dirs: bool = False
    keep_entrypoint: bool = False
    engine_args: Sequence[str] = ()


def container_request(
    typed: TypedContainer,
    limits: Limits,
    surroundings: Mapping[str, str],
    problems: Problems,
    *,
    needed: bool = False,
) -> ContainerRequest:
    """Return the request; notes all that is wrong. `needed`: nothing but a container will do."""
    if typed.image is not None and not IMAGE.fullmatch(typed.image):
        problems.add(f"{typed.image!r} is no name of an image", "write NAME or NAME:TAG, in small letters")
    own = [word for words in typed.engine_args for word in split(words, "--engine-args", problems)]
    more, extra = volumes([*split(surroundings.get(EXTRA, ""), EXTRA, problems), *own])
    # What docker would make of such a path is the same as with -v: it is checked as that.
    sources = (*typed.volume, *map(_without_effect, more))
    mounts = [mount for word in sources for mount in _mount(word, problems)]
    ports = [port for word in typed.publish for port in _port(word, problems)]
    _twice([f"mounts are for {mount.target.rstrip('/')}" for mount in mounts], problems)
    _twice([f"-p are for {port.address} {port.outside}/{port.protocol}" for port in ports], problems)
    return ContainerRequest(
        image=typed.image,
        mounts=tuple(mounts),
        ports=tuple(ports),
        limits=_limits(typed, limits, problems),
        caches=not typed.no_cache_dirs,
        keep_entrypoint=typed.keep_entrypoint,
        extra=tuple(extra),
        asked=needed or typed != TypedContainer(),
        needed=needed,
    )


def _without_effect(word: str) -> str:
    """Return a mount without the options that change nothing; the others are for _mount to judge."""
    source, _, rest = word.partition(":")
    target, _, options = rest.partition(":")
    kept = ",".join(each for each in options.split(",") if each not in WITHOUT_EFFECT)
    return f"{source}:{target}:{kept}" if kept else f"{source}:{target}"


def _mount(word: str, problems: Problems) -> list[Mount]:
    """Read SOURCE:TARGET[:ro|rw][,z|Z]; a path with a colon, which no engine takes, is split here only."""
    source, _, rest = word.partition(":")
    target, _, options = rest.partition(":")
    said = options.split(",") if options else []
    rights, labels = ([each for each in said if each in kind] for kind in (RIGHTS, LABELS))
    odd = len(rights) > 1 or len(labels) > 1 or len(said) > len(rights) + len(labels)
    if not source or not target.startswith("/") or not target.strip("/") or odd:
        hint = "write -v SOURCE:/TARGET or -v SOURCE:/TARGET:ro; no path may have a colon"
        other = "any other option: --engine-args '--mount type=bind,...', which the engine checks"
        problems.add(f"-v {word!r} is no mount", f"{hint}; {other}" if options else hint)
        return []
    if is_ours(target):
        problems.add(f"-v {word!r} would hide {OURS} of the container", HIDDEN)
        return []
    if is_above(target):
        problems.add(f"-v {word!r} would have {OURS} of the container in it", ABOVE)
        return []
    return [Mount(source, target, read_only=rights == ["ro"], label="".join(labels))]


def _twice(places: Sequence[str], problems: Problems) -> None:
    """Note what is said of one place more than once."""
    for place in sorted({place for place in places if places.count(place) > 1}):
        problems.add(f"several {place}", "leave all but one out")


def _port(word: str, problems: Problems) -> list[Port]:
    """Read [ADDRESS:]OUTSIDE:INSIDE. Nothing listens on all interfaces unless the user says so."""
    found = PORT.fullmatch(word)
    numbers = [int(found["outside"]), int(found["inside"])] if found else [0]
    address = (found["address"] or LOOPBACK).strip("[]") if found else ""
    if found is None or not all(0 < number < 1 << 16 for number in numbers) or not _is_address(address):
        hint = "write -p [ADDRESS:]PORT_HERE:PORT_IN_THE_CONTAINER, as in 0.0.0.0:8000:8000 or [::]:8000:8000"
        problems.add(f"-p {word!r} is no port", f"{hint}; a range port by port")
        return []
    return [Port(numbers[0], numbers[1], address, found["protocol"] or "tcp")]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _limits(typed: TypedContainer, limits: Limits, problems: Problems) -> ContainerLimits | None:
    swap = number(typed.mem_swap_limit_gb, "--mem-swap-limit-gb", problems)
    shm = number(typed.shm_size_gb, "--shm-size-gb", problems)
    if not typed.non_privileged:
        for value, option in ((swap, "--mem-swap-limit-gb"), (shm, "--shm-size-gb")):
            if value:
                problems.add(f"{option} needs --non-privileged", "add --non-privileged, or leave it out")
        return None
    given = {"--mem-limit-gb": limits.memory or 0}
    given |= {"--mem-swap-limit-gb": (swap or 0) * GIB, "--shm-size-gb": (shm or 0) * GIB}
    for option in (option for option, size in given.items() if size > LARGEST):
        problems.add(f"{option} is more than any machine has", f"give at most {LARGEST // GIB}")
    default = ContainerLimits()
    memory = limits.memory or default.memory
    chosen = swap * GIB if swap else memory + SWAP
    if chosen < memory:
        problems.add("--mem-swap-limit-gb is memory and swap together", "give at least --mem-limit-gb")
    return ContainerLimits(memory, chosen, limits.tasks or default.tasks, shm * GIB if shm else default.shm)
