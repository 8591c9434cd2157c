"""What a container mounts of its host: what the user asks for, and the caches of the login there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from posixpath import normpath

from sparkup.domain.container import Mount
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import Problem
from sparkup.facts.mounts import Places
from sparkup.planning.host_paths import source_of


def own_mounts(request: LaunchRequest, places: Places, host: str, problems: list[Problem]) -> Iterator[Mount]:
    """Yield the mounts that were asked for, with paths as the host has them."""
    for mount in request.container.mounts:
        if mount.volume:
            yield mount
            continue
        source = source_of(mount, request)
        path = places.path(source)
        cache = (path, mount.target.rstrip("/")) in places.caches  # said by hand what is done by itself
        if not cache and not places.exists(source):
            hint = "an engine would make an empty folder there; check the path on that host"
            problems.append(Problem("mount-not-found", f"there is no {path} to mount", host, hint))
        elif not _mountable(path):
            problems.append(_not_mountable(path, host, "give it another name, or a link to it"))
        problems += _no_folder(path, mount.target, places, host) if cache else ()
        yield replace(mount, source=path, cache=cache)


def _mountable(path: str) -> bool:
    return path.startswith("/") and ":" not in path


def _not_mountable(path: str, host: str, hint: str) -> Problem:
    return Problem("bad-option", f"{path!r} cannot be mounted: it has a colon or is not whole", host, hint)


def cache_mounts(
    caches: Sequence[tuple[str, str]],
    own: tuple[Mount, ...],
    places: Places,
    host: str,
    problems: list[Problem],
) -> Iterator[Mount]:
    """Yield the caches of this user's login where root in the container looks for them, unless -v has it."""
    taken = [(normpath(mount.target), mount.cache) for mount in own]
    for source, target in caches:
        # A folder that is mounted above has its own; one of ours named by hand stays beside the others.
        if any(target == at or (f"{target}/".startswith(f"{at}/") and not ours) for at, ours in taken):
            continue
        if not _mountable(source):
            hint = (
                f"name the cache otherwise in that login, or mount another in its place: -v FOLDER:{target}"
            )
            problems.append(_not_mountable(source, host, hint))
        problems += _no_folder(source, target, places, host)
        yield Mount(source, target, cache=True)


def _no_folder(source: str, target: str, places: Places, host: str) -> Iterator[Problem]:
    """Refuse a cache that is no folder and cannot be made one, as where its disk is not mounted."""
    if source not in places.blocked:
        return
    what, link = places.blocked[source]
    why = f"{what} is a link to {link}, which is not there" if link else f"{what} is no folder"
    hint = f"{'mount that disk' if link else 'move it away'}, or mount another there: -v FOLDER:{target}"
    yield Problem("mount-not-found", f"there is no cache {source} to mount: {why}", host, hint)
