"""Containers whose launch has no folder any more: only their labels tell of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from sparkup.domain.fact import Seen
from sparkup.domain.launch import NAME_RULE, RankState
from sparkup.facts.containers import CONTAINERS, ContainerState
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE, SYSTEM_STATE, USER_STATE

LIVING = ("running", "paused", "restarting")  # states of a container in which something of it runs


def there(seen: Seen) -> tuple[RankState, ...]:
    """Return the launches of a host; where its containers were looked at, those without a folder too."""
    ranks = seen[LAUNCHES]
    if CONTAINERS.name not in seen.values:
        return ranks
    return tuple(sorted((*ranks, *_orphans(ranks, seen)), key=lambda rank: rank.launch))


def container_of_orphan(rank: RankState, seen: Seen) -> ContainerState:
    """Return the container that an orphan was made of; it need not run."""
    return next(each for each in seen[CONTAINERS] if each.attempt == rank.attempt)


def adopted(found: Sequence[tuple[str, RankState]]) -> list[tuple[str, RankState]]:
    """Return ranks, with their hosts; one without a folder belongs to those of its attempt that have one."""
    known = {(rank.launch, rank.attempt): rank.nodes for _, rank in found if rank.mine and rank.nodes}
    return [
        (host, replace(rank, nodes=known.get((rank.launch, rank.attempt), ())))
        if rank.orphaned
        else (host, rank)
        for host, rank in found
    ]


def _orphans(ranks: tuple[RankState, ...], seen: Seen) -> Iterator[RankState]:
    root = seen[MACHINE].state_root
    known = {rank.attempt for rank in ranks if rank.mine}
    hidden = {(rank.launch, rank.owner) for rank in ranks}
    for each in seen[CONTAINERS]:
        if not (NAME_RULE.fullmatch(each.launch) and NAME_RULE.fullmatch(each.attempt)):
            continue
        if each.owner == seen[MACHINE].uid:
            # Whoever names a folder of state keeps its launches apart: those of another are not gone.
            if each.attempt not in known and PurePosixPath(each.folder) == root / "launches" / each.launch:
                yield _rank(each, mine=True)
        elif _usual(root) and _usual(_root(each)) and (each.launch, each.owner) not in hidden:
            yield _rank(each, mine=False)  # of which their folder may well tell, but not us


def _rank(each: ContainerState, *, mine: bool) -> RankState:
    return RankState(
        launch=each.launch,
        attempt=each.attempt,
        rank=each.rank,
        folder=each.folder,
        started=0.0,
        alive=each.state in LIVING,
        pid=0,
        argv=(),
        owner=each.owner,
        mine=mine,
        spec={"engine": str(each.engine), "image": each.image},
        hidden=not mine,
        orphaned=mine,
    )


def _root(each: ContainerState) -> PurePosixPath:
    return PurePosixPath(each.folder).parent.parent


def _usual(root: PurePosixPath) -> bool:
    """Say whether a root of state is where everybody looks for launches."""
    return root == PurePosixPath(SYSTEM_STATE) or root.match(USER_STATE.replace("~", "*", 1))
