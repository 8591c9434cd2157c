"""Logs: copy what a launch has printed, all of its ranks on one clock, and go on as it prints more."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sparkup.actions.context import Context, done
from sparkup.actions.ranks import Called, Reach, ranks_of, reach
from sparkup.actions.ranks_logs import Logs, cause_of, merged, over, sources_of
from sparkup.commands import containers
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.launch import NAME_RULE
from sparkup.errors import GateRefused, InputRefused
from sparkup.planning.orphans import container_of_orphan
from sparkup.planning.several import pick
from sparkup.planning.stop import Found, choose
from sparkup.run.copy import copy_log


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What of a log is wanted: from `since` on, its last `tail` lines, or all.

    `since` is in seconds after the epoch, or, below 0, before the host's now.
    """

    follow: bool = False
    since: float | None = None
    tail: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which launch and which ranks: one, byte for byte, or all; `cause`: only why it failed."""

    name: str | None
    rank: int | None = None
    cause: bool = False


async def logs(
    wanted: Wanted, excerpt: Excerpt, hosts: Sequence[Host], context: Context, called: Called
) -> int:
    """Copy the logs of a launch; of one that is over, the last of that name.

    Raises PartlyDone where the log of a rank cannot be read, after those of the others.
    """
    async with reach(context, called) as there:
        name = wanted.name
        ranks = await _ranks(name, hosts, there)
        if ranks and ranks[0][1].orphaned and not wanted.cause:
            return await _orphan(ranks[0], excerpt, there)
        found = await sources_of(ranks, there) if ranks else await over(name or "", hosts, there)
        if not found.sources:
            _none_of(name, hosts, there)
        if wanted.cause:
            context.emit(Answered(await cause_of(found, there)))
            return done(found.problems(there))
        if wanted.rank is not None or not found.nodes:
            return await _one(found, wanted.rank or 0, excerpt, there)
        return await merged(found, asdict(excerpt), there)


def _none_of(name: str | None, hosts: Sequence[Host], there: Reach) -> None:
    """Say what there is instead of a launch of that name, and where we could not look."""
    refused = [each for each in there.lost.values() if each.code == "unsafe-folder"]
    if refused and len(there.lost) == len(hosts):  # nobody was let look
        raise GateRefused(*refused)
    try:
        choose(name, there.seen(), "logs")
    except InputRefused as error:
        raise error.with_problems(*there.lost.values()) from None


async def _ranks(name: str | None, hosts: Sequence[Host], there: Reach) -> list[Found]:
    """Return the ranks that are meant; none for a launch that may be over, and whose log is kept."""
    try:
        return await ranks_of(name, hosts, "logs", there)
    except (InputRefused, GateRefused):
        if name is None or not NAME_RULE.fullmatch(name):
            raise
        return []


async def _orphan(meant: Found, excerpt: Excerpt, there: Reach) -> int:
    """Copy what a container has printed: the log went with its folder, its engine has kept it as well."""
    host, rank = meant
    its = container_of_orphan(rank, there.runner.seen[host])
    argv = containers.logs(its.engine, its.id, **asdict(excerpt))
    await copy_log(argv, there.connections[host], there.context.emit)
    return 0


async def _one(found: Logs, number: int, excerpt: Excerpt, there: Reach) -> int:
    """Copy the log of one rank, byte for byte."""
    host = pick(found.name, number, found.nodes, found.hosts, there.lost)
    program = found.sources[host]
    argv = program.logs(found.name, **asdict(excerpt), attempt=found.attempt if found.nodes else "")
    if not await copy_log(argv, there.connections[host], there.context.emit):
        choose(found.name, there.seen(), "logs")  # raises: it has gone by now
    return 0
