"""Where a host has what a command line in a container names: mounted, to be mounted, or only in the image."""

import re
from collections.abc import Sequence
from dataclasses import replace
from posixpath import normpath

from sparkup.commands.vllm import parse_serve
from sparkup.domain.container import Container, Mount
from sparkup.domain.fact import Fact, Seen
from sparkup.domain.launch import Engine, Launch, LaunchRequest
from sparkup.errors import Problem
from sparkup.facts.programs import Lookup, lookup
from sparkup.planning.processes import command_lookup
from sparkup.planning.serving import model_problem

# Any other word for a model is a name on the hub: an engine never sees the current folder.
IS_PATH = re.compile(r"(/|\.\.?(/|$)|~(/|$))")
# A snapshot in a cache of the hub is links into the folder of its model.
SNAPSHOT = re.compile(r"(.*/models--[^/]+)/snapshots/[^/]+/?")


def source_of(mount: Mount, request: LaunchRequest) -> str:
    """Return the source of a mount, a relative one from the folder that the user is in."""
    whole = mount.volume or mount.source.startswith(("/", "~", "$"))
    return mount.source if whole else from_here(mount.source, request)


def inside_lookup(request: LaunchRequest) -> Fact[Lookup]:
    """Return the fact about a request's own command line as its container will see it."""
    model, config = _named(request)
    if not model and not config:
        return command_lookup(request)
    there = on_host(model, request), on_host(config, request)
    return lookup(request.argv[0], *there, request.environment.plain.get("PATH", ""))


def config_lookup(request: LaunchRequest) -> Fact[Lookup]:
    """Return the fact with what the file of `vllm serve --config` says, by whichever engine it is read."""
    return command_lookup(request) if request.engine is Engine.HOST else inside_lookup(request)


def _named(request: LaunchRequest) -> tuple[str, str]:
    """Return the model and the configuration of `vllm serve` that are named by a path, "" for none."""
    serve = parse_serve(request.argv)
    if serve is None:
        return "", ""
    return serve.model if IS_PATH.match(serve.model) else "", serve.config or ""


def on_host(path: str, request: LaunchRequest) -> str:
    """Return where a host has a path of the container, "" where it cannot have it."""
    mount = _over(path, request.container.mounts)
    if mount is not None and mount.volume:
        return ""
    if mount is not None:
        below = path[len(mount.target.rstrip("/")) :]
        return source_of(mount, request).rstrip("/") + below
    return path if not path or path.startswith(("/", "~")) else from_here(path, request)


def reach(
    launch: Launch, request: LaunchRequest, seen: Seen, problems: list[Problem]
) -> tuple[Launch, list[str]]:
    """Let a container see the model and the configuration named by a path; notes what is missing."""
    (model, config), found, notes = _named(request), seen[inside_lookup(request)], list[str]()
    if not found.known:
        return launch, [f"not recorded of {seen.host}, so not checked: the model"] if model else []
    there = {model: found.model_path if found.model else "", config: found.config_path}
    for word in filter(None, (model, config)):
        launch, said = _reached(launch, request, word, there[word])
        if isinstance(said, Problem):
            problems.append(replace(said, where=seen.host))
        elif said:
            notes.append(f"{seen.host}: {said}")
    if model and found.model == "folder" and (wrong := model_problem(model, found, seen.host)):
        problems.append(wrong)
    return launch, notes


def _reached(launch: Launch, request: LaunchRequest, word: str, real: str) -> tuple[Launch, Problem | str]:
    """Return the launch with one path in reach, and what is to be said; `real`: what the host has there."""
    container, where = launch.container or Container("", ""), on_host(word, request)
    over = _over(word, request.container.mounts)
    cache = _over(word, container.mounts) if over is None else None
    if over is not None and (real or over.volume):
        return launch, ""
    if cache is not None and (not real or cache.source == cache.target):
        return launch, ""
    if ":" in real:
        what = f"{real} cannot be mounted: no engine takes a path with a colon"
        return launch, Problem("bad-option", what, hint="give it another name, or a link to it")
    if real:
        return _mounted(launch, container, word, real), f"{real} is mounted, to be read only"
    if over is None and word.startswith("/"):
        return launch, f"there is no {word}, and no -v leads there: it must be in the image"
    what = f"there is no {where}" + (f", which is {word} in the container" if over else "")
    return launch, Problem("model-not-found", what, hint="check the path there, or mount another with -v")


def from_here(path: str, request: LaunchRequest) -> str:
    """Return a path of the host, a relative one from where the user is, elsewhere from the home.

    Where `..` leads from the home there, that host alone can say.
    """
    return normpath(f"{request.cwd}/{path}") if request.cwd else f"~/{normpath(path)}".removesuffix("/.")


def _over(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that a path of the container is in, the deepest of several."""
    over = [mount for mount in mounts if f"{path}/".startswith(mount.target.rstrip("/") + "/")]
    return max(over, key=lambda mount: len(mount.target), default=None)


def _mounted(launch: Launch, container: Container, word: str, real: str) -> Launch:
    """Mount a path of the host at the same place, and name it whole: the current folder is another inside."""
    snapshot = SNAPSHOT.fullmatch(real)
    source = snapshot[1] if snapshot else real
    argv = tuple(real if each == word else _valued(each, word, real) for each in launch.argv)
    mounts = (*container.mounts, Mount(source, source, read_only=True))
    return replace(launch, argv=argv, container=replace(container, mounts=mounts))


def _valued(each: str, word: str, real: str) -> str:
    """Return --name=WORD with the whole path."""
    return f"{each[: -len(word)]}{real}" if each.startswith("--") and each.endswith(f"={word}") else each
