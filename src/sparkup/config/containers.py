"""What was typed for a container, turned into a ContainerRequest."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkup.config.problems import Problems, number
from sparkup.domain.container import GIB, ContainerLimits, ContainerRequest, Mount
from sparkup.domain.launch import Limits

EXTRA = "VLLM_SPARK_EXTRA_DOCKER_ARGS"  # as the scripts before us read it
SWAP = 10 * GIB  # beyond the memory limit, when it is not said
IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._:/@-]*")  # roughly: the engine knows better
PORT = re.compile(r"(\S+:)?\d{1,5}:\d{1,5}(/(tcp|udp))?")


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
    needed: bool = False  # nothing but a container will do


def container_request(
    typed: TypedContainer, limits: Limits, surroundings: Mapping[str, str], problems: Problems
) -> ContainerRequest:
    """Return the request; notes all that is wrong."""
    if typed.image is not None and not IMAGE.fullmatch(typed.image):
        problems.add(f"{typed.image!r} is no name of an image", "write NAME or NAME:TAG, in small letters")
    extra = [word for words in typed.engine_args for word in _split(words, "--engine-args", problems)]
    return ContainerRequest(
        image=typed.image,
        mounts=tuple(mount for word in typed.volume for mount in _mount(word, problems)),
        ports=tuple(_port(word, problems) for word in typed.publish),
        limits=_limits(typed, limits, problems),
        caches=not typed.no_cache_dirs,
        keep_entrypoint=typed.keep_entrypoint,
        extra=(*_split(surroundings.get(EXTRA, ""), EXTRA, problems), *extra),
        asked=typed != TypedContainer(),
    )


def _split(words: str, name: str, problems: Problems) -> list[str]:
    """Split words as a shell would, without doing anything else that a shell does."""
    try:
        return shlex.split(words)
    except ValueError as error:
        problems.add(f"{name} cannot be split into words: {error}", "close each quotation mark")
        return []


def _mount(word: str, problems: Problems) -> list[Mount]:
    """Read SOURCE:TARGET[:ro|rw]; a relative source is one of this folder, as for a shell."""
    source, _, rest = word.partition(":")
    target, _, options = rest.partition(":")
    if not source or not target.startswith("/") or options not in ("", "ro", "rw"):
        problems.add(f"-v {word!r} is no mount", "write -v SOURCE:/TARGET or -v SOURCE:/TARGET:ro")
        return []
    if not source.startswith(("/", "~", "$")):
        source = str(Path.cwd() / source)
    return [Mount(source, target, read_only=options == "ro")]


def _port(word: str, problems: Problems) -> str:
    if not PORT.fullmatch(word):
        problems.add(f"-p {word!r} is no port", "write -p PORT_HERE:PORT_IN_THE_CONTAINER")
    # Nothing listens on all interfaces unless the user says so.
    return word if word.count(":") > 1 else f"127.0.0.1:{word}"


def _limits(typed: TypedContainer, limits: Limits, problems: Problems) -> ContainerLimits | None:
    swap = number(typed.mem_swap_limit_gb, "--mem-swap-limit-gb", problems)
    shm = number(typed.shm_size_gb, "--shm-size-gb", problems)
    if not typed.non_privileged:
        for value, option in ((swap, "--mem-swap-limit-gb"), (shm, "--shm-size-gb")):
            if value:
                problems.add(f"{option} needs --non-privileged", "add --non-privileged, or leave it out")
        return None
    default = ContainerLimits()
    memory = limits.memory or default.memory
    chosen = swap * GIB if swap else memory + SWAP
    if chosen < memory:
        problems.add("--mem-swap-limit-gb is memory and swap together", "give at least --mem-limit-gb")
    return ContainerLimits(memory, chosen, limits.tasks or default.tasks, shm * GIB if shm else default.shm)
