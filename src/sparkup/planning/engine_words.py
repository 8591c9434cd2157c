"""Further words for an engine that a host has to be asked about, and those that podman does not take."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sparkup.domain.container import ContainerRequest
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import Problem
from sparkup.facts.mounts import Places
from sparkup.planning.host_paths import from_here

WHOLE = re.compile(r"/|(~|\$HOME|\$\{HOME\})(/|$)")  # a path that no folder stands before


def devices(extra: Sequence[str]) -> tuple[str, ...]:
    """Return the paths of devices among further words; a name of CDI (vendor/class=device) is none."""
    return tuple(word.partition(":")[0] for word in _given("--device", extra) if word.startswith("/"))


def variable_files(request: LaunchRequest) -> tuple[str, ...]:
    """Return the files of variables that the engine is to read, by paths that the host knows."""
    given = _given("--env-file", request.container.extra)
    return tuple(word if WHOLE.match(word) else from_here(word, request) for word in given)


def _given(option: str, extra: Sequence[str]) -> tuple[str, ...]:
    """Return the values of an option among further words."""
    joined = (word.partition("=")[2] for word in extra if word.startswith(f"{option}="))
    return (*joined, *(word for before, word in pairwise(extra) if before == option))


def no_devices(asked: ContainerRequest, places: Places, host: str) -> Iterator[Problem]:
    """Refuse devices that are not there: with privileges some engines start all the same, without them."""
    for path in devices(asked.extra):
        if not places.exists(path):
            hint = "see which devices the host has: ls /dev"
            yield Problem("bad-option", f"there is no device {path}", host, hint)
    for word in _given("--device", asked.extra):
        if not word.startswith("/") and "=" not in word:
            hint = "write its whole path, as in --device /dev/fuse"
            yield Problem("bad-option", f"--device {word} is no device", host, hint)


def no_variables(request: LaunchRequest, places: Places, host: str) -> Iterator[Problem]:
    """Refuse files of variables that are not there."""
    for path in variable_files(request):
        if not places.exists(path):
            hint = "check the path of --env-file on that host, or give variables to sparkup: -e NAME=VALUE"
            yield Problem("bad-option", f"there is no {places.path(path)} to read variables from", host, hint)


def of_podman(asked: ContainerRequest, host: str) -> Iterator[Problem]:
    """Refuse what docker takes and podman does not, or ignores in silence (both seen with 4.3)."""
    names = {word.partition("=")[0] for word in asked.extra}
    if "--gpus" in names:
        hint = "leave it out of --engine-args: the container gets the GPU by its CDI specification"
        yield Problem("bad-option", "podman ignores --gpus", host, hint)
    if "--shm-size" in names and not asked.limits and "--ipc" not in names:
        hint = "leave it out of --engine-args: with privileges the container has the host's own /dev/shm"
        yield Problem("bad-option", "podman takes no --shm-size with the host's IPC namespace", host, hint)
