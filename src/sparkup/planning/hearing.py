"""Which ranks of a launch do not hear of each other: they would not notice that one is lost."""

from collections.abc import Iterator, Sequence

from sparkup.domain.launch import RankState
from sparkup.planning.stop import Found

SETTLED = 15.0  # seconds after it is ready in which all ranks have heard of each other, if they ever do


def deaf(rank: int, host: str, why: str) -> str:
    """Say that a rank hears nobody, and what its supervisor says of it (node/peers.py)."""
    return f"rank {rank} on {host} hears no other rank: {why}"


def unheard(ranks: Sequence[Found], now: float) -> Iterator[str]:
    """Say which living ranks of one launch hear nobody, or never heard of one; `now` in seconds of the epoch.

    A firewall may drop UDP; that is told of a launch alone that has been ready for a while.
    """
    problems = {rank.rank: rank.peers[0].problem for _, rank in ranks if rank.peers and rank.peers[0].problem}
    over = {rank.rank for _, rank in ranks if not rank.alive}
    settled = any(_settled(rank, now) for _, rank in ranks)
    for host, rank in ranks:
        who = f"rank {rank.rank} on {host}"
        if rank.rank in over:
            continue
        if rank.rank in problems:
            yield deaf(rank.rank, host, problems[rank.rank])
            continue
        for peer in rank.peers if settled else ():
            if peer.silent is None and peer.rank not in (*problems, *over):  # who cannot hear does not speak
                other = f"rank {peer.rank} on {peer.host}"
                yield f"{who} has never heard of {other}: does a firewall drop UDP between them?"


def _settled(rank: RankState, now: float) -> bool:
    at = (rank.verdict or {}).get("at")
    return isinstance(at, float) and now - at > SETTLED
