"""Which images may go, and why others stay; what removes them and the cache of builds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sparkup.commands.images import prune_cache, remove
from sparkup.domain.command import Command
from sparkup.domain.duration import age
from sparkup.domain.fact import Seen
from sparkup.domain.image import PruneRow, is_candidate
from sparkup.domain.launch import Engine
from sparkup.domain.plan import Plan, Run
from sparkup.facts.images import DISK_USE
from sparkup.planning.images import Held, answering, row

CHECKED = 3600.0  # seconds in which the checks of a build are over for certain


@dataclass(frozen=True, slots=True)
class Pruning:
    """What may go: what is older than `until` seconds; with `others`, images of whoever made them."""

    until: float
    others: bool = False


def cached(seen: Seen) -> bool:
    """Say whether docker of a host may have a cache of builds; podman keeps its own as images."""
    caches = [each for each in seen[DISK_USE] if each.kind == "Build Cache"]
    return Engine.DOCKER in answering(seen) and (not caches or any(each.size for each in caches))


def judged(images: Iterable[Held], pruning: Pruning, now: float) -> tuple[list[Held], list[PruneRow]]:
    """Return which images of a host go, and why the other ones that nobody has named stay."""
    go, stay = [], []
    for each in images:
        if any(not is_candidate(name) for name in each.image.names):
            continue
        why = _stays(each, pruning, now)
        if why:
            stay.append(PruneRow(row(each), why))
        else:
            go.append(each)
    return go, stay


def _stays(each: Held, pruning: Pruning, now: float) -> str:
    """Return why an image stays, "" if nothing speaks for it."""
    image = each.image
    if image.used_by:
        return f"container {', '.join(image.used_by)} is made of it"
    # A build that found all in its cache makes an image that is as old as that; its name is not.
    seconds = max(0.0, now - max(image.created or 0, image.named or 0))  # a host's clock may be ahead
    if image.tags and seconds < CHECKED:
        return "a build may be at it"
    if seconds < pruning.until:
        return f"it is younger than {age(pruning.until)}"
    if not each.mine and not pruning.others:
        return "you have no record of its build (--others)"
    return ""


def going(each: Held, *, gone: bool = False) -> PruneRow:
    """Return what is said of an image that goes."""
    because = "a build has left it before its checks" if each.image.tags else "it has no name"
    return PruneRow(row(each), because, gone=gone)


def removal(each: Held) -> Plan:
    """Plan to remove one image: by its names, of which it may have several, or else by its ID."""
    references: Sequence[str] = each.image.tags or (each.image.id,)
    return Plan(
        tuple(
            Run(
                f"remove {reference}",
                each.host,
                Command(remove(each.image.engine, reference)),
                f"remove {reference[:19] if reference == each.image.id else reference}",
            )
            for reference in references
        )
    )


def emptying(host: str, pruning: Pruning) -> Plan:
    """Plan to remove the cache of builds on a host with docker."""
    command = Command(prune_cache(pruning.until))
    return Plan((Run("prune cache", host, command, f"prune build cache older than {age(pruning.until)}"),))
