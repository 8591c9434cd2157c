"""Launches of several ranks as a whole, from what their hosts show and the ranks know of each other."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sparkup.domain.answer import Row, Whole
from sparkup.domain.duration import age
from sparkup.domain.launch import RankState
from sparkup.domain.peer import Peer
from sparkup.errors import HostUnreachable, InputRefused, Problem
from sparkup.planning.hearing import unheard
from sparkup.planning.orphans import LIVING as UP
from sparkup.planning.stop import Found

LIVING = ("starting", "healthy", "ready", "unhealthy", "running")
MISSING = ("unreachable", "unasked", "gone")  # phases of a rank that nobody has seen
ABSURD = 20 * 365 * 86400.0  # seconds: a clock that was never set
UNSEEN = {
    "unreachable": "{} cannot be reached",
    "unasked": "{} was not asked",
    "gone": "nothing of it is left on {}",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which hosts were asked, and which of those did not answer; `now` in seconds after the epoch."""

    hosts: Collection[str]
    lost: Collection[str]
    now: float


def groups(found: Sequence[Found]) -> Mapping[tuple[str, str], list[Found]]:
    """Return the ranks of launches that have several, by name and attempt, the head first."""
    several: dict[tuple[str, str], list[Found]] = {}
    for host, rank in sorted(found, key=lambda each: each[1].rank):
        if rank.nodes and rank.mine and rank.rank < len(rank.nodes):
            several.setdefault((rank.launch, rank.attempt), []).append((host, rank))
    return several


def missing(ranks: Sequence[Found]) -> dict[int, str]:
    """Return the ranks of a launch that were not seen, with their hosts as the launcher calls them."""
    seen = {rank.rank for _, rank in ranks}
    return {number: host for number, host in enumerate(ranks[0][1].nodes) if number not in seen}


def pick(
    name: str, number: int, nodes: Sequence[str], hosts: Mapping[int, str], lost: Mapping[str, Problem]
) -> str:
    """Return the host of one rank, of those that were found.

    Raises InputRefused for a rank that is not there, HostUnreachable for one that is out of reach.
    """
    if number in hosts:
        return hosts[number]
    if number >= max(1, len(nodes)):
        what = f"ranks 0 to {len(nodes) - 1}" if nodes else "rank 0 alone"
        raise InputRefused(Problem("unknown-launch", f"{name} has no rank {number}, but {what}"))
    host = nodes[number] if nodes else ""
    if host in lost:
        raise HostUnreachable(lost[host])
    hint = "is it called otherwise from here? name it with -n"
    raise InputRefused(Problem("unknown-launch", f"rank {number} of {name} was not found", host, hint))


def absent(ranks: Sequence[Found], lost: Mapping[str, Problem]) -> Iterator[Problem]:
    """Say for each rank of a launch that was not found why."""
    for number, host in missing(ranks).items() if ranks[0][1].nodes else ():
        what = f"rank {number} of {ranks[0][1].launch} was not found"
        yield lost.get(host) or Problem("unknown-launch", what, host, "name its host with -n")


def together(found: Sequence[Found], rows: Sequence[Row], asked: Asked) -> tuple[list[Row], list[Whole]]:
    """Return rows for the ranks that were not seen, and each launch of several ranks as a whole."""
    unseen, wholes = list[Row](), list[Whole]()
    for (name, attempt), ranks in groups(found).items():
        more = list(_unseen(ranks, asked))
        mine = [row for row in rows if (row.name, row.attempt) == (name, attempt)]
        all_rows = sorted((*mine, *(row for row, _ in more)), key=lambda row: row.rank)
        lives: dict[int, bool | None] = {
            row.rank: row.phase in LIVING or (row.phase == "orphaned" and row.container in UP) for row in mine
        }
        lives |= {row.rank: known.alive for row, known in more}
        unseen += [row for row, _ in more]
        whole = _whole(all_rows, lives, {row.rank: known for row, known in more}, asked.now)
        wholes.append(replace(whole, notes=(*whole.notes, *unheard(ranks, asked.now))))
    return unseen, wholes


@dataclass(frozen=True, slots=True)
class Hearsay:
    """What the others know of a rank: whether it lives (None: that they do not know), and in which state."""

    text: str = ""
    alive: bool | None = None
    state: str = ""


def hearsay(number: int, ranks: Sequence[Found], now: float) -> Hearsay:
    """Return what ranks know of another one; those that live know it best."""
    told = [
        _heard(peer, host, rank, now) for host, rank in ranks for peer in rank.peers if peer.rank == number
    ]
    return next((each for each in told if each.alive is not None), told[0] if told else Hearsay())


def _heard(peer: Peer, host: str, rank: RankState, now: float) -> Hearsay:
    who = f"rank {rank.rank} on {host}"
    if peer.state == "ended":
        return Hearsay(f"{who} heard that it has ended", alive=False)
    if peer.silent is None:
        return Hearsay(f"{who} never heard of it")
    if peer.lost:
        since = peer.silent if peer.heard is None else max(peer.silent, now - peer.heard)
        return Hearsay(f"{who} has not heard of it for {age(since)}", alive=False)
    if rank.alive:
        return Hearsay(f"{who} hears it", alive=True, state=peer.state)
    return Hearsay(f"{who}, which has ended too, heard it to the last")


def _unseen(ranks: Sequence[Found], asked: Asked) -> Iterator[tuple[Row, Hearsay]]:
    """Yield a row for each rank that was not seen, and what the others know of it."""
    known = ranks[0][1]
    for number, host in missing(ranks).items():
        told = hearsay(number, ranks, asked.now)
        phase = "unreachable" if host in asked.lost else "gone" if host in asked.hosts else "unasked"
        row = Row(
            name=known.launch,
            host=host,
            rank=number,
            phase=phase,
            engine=str(known.spec.get("engine", "")),
            pid=0,
            url="",
            health=None,
            stage="",
            started=0.0,
            seconds=0.0,
            exit_status=None,
            model="",
            argv=(),
            log="",
            attempt=known.attempt,
            backend=str(known.spec.get("backend", "")),
            nodes=known.nodes,
            because=told.text,
        )
        yield row, replace(told, alive=False) if phase == "gone" else told


def _whole(
    rows: Sequence[Row], lives: Mapping[int, bool | None], told: Mapping[int, Hearsay], now: float
) -> Whole:
    head, dead = rows[0], [row for row in rows if lives[row.rank] is False]
    notes = tuple(text(row, now) for row in rows if row.phase in MISSING and row not in dead)
    because = "; ".join(text(row, now) for row in causes(dead))
    if dead:
        phase = "degraded" if len(dead) < len(rows) else _ended(dead)
    elif None in lives.values():
        phase = "unknown"
    else:
        phase = told[0].state if head.phase in MISSING else head.phase
    return Whole(
        name=head.name,
        attempt=head.attempt,
        phase=phase,
        because=because if phase != "ended" else "",
        url=head.url,
        backend=head.backend,
        model=head.model,
        nodes=head.nodes,
        notes=notes,
    )


def _ended(dead: Sequence[Row]) -> str:
    """Say how a launch ended of which no rank lives; who stops a rank puts its state away."""
    first = causes(dead)
    return "ended" if all(row.phase in ("ended", "gone") for row in first) else "failed"


def causes(dead: Sequence[Row]) -> list[Row]:
    """Return the ranks that ended by themselves, or that are missing; the others only followed them."""
    return [row for row in dead if row.phase in MISSING or not row.because] or list(dead)


def text(row: Row, now: float) -> str:
    """Say what is with a rank that does not live, or was not seen."""
    who = f"rank {row.rank} on {row.host}"
    if row.phase in MISSING:
        what = f"rank {row.rank}: " + UNSEEN[row.phase].format(row.host)
        if row.phase == "unasked":
            what = f"{who} was not asked"
        return what + (f" ({row.because})" if row.because else "")
    if row.because:
        return f"{who} was ended: {row.because}"
    status = "" if row.exit_status is None else f" (exit {row.exit_status})"
    ended = now - row.started - row.seconds
    since = f", {age(ended)} ago" if row.phase == "failed" and 0 <= ended < ABSURD else ""
    phase = "was lost: killed, or its host went off" if row.phase == "lost" else row.phase
    return f"{who} {phase}{status}{since}"
