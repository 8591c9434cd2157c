"""Logs: copy what a launch has printed, and go on as it prints more."""

from dataclasses import asdict, dataclass

from sparkup.actions.chosen import chosen
from sparkup.actions.context import Context
from sparkup.commands import containers
from sparkup.domain.host import Host
from sparkup.domain.launch import NAME_RULE, RankState
from sparkup.domain.plan import Plan
from sparkup.errors import GateRefused, InputRefused
from sparkup.planning.launch import program_on, put_program
from sparkup.planning.orphans import container_of_orphan
from sparkup.planning.stop import choose, program_for
from sparkup.run.copy import copy_log
from sparkup.run.executor import execute
from sparkup.run.phases import Runner
from sparkup.run.program import program, program_name


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What of a log is wanted: from `since` on, its last `tail` lines, or all.

    `since` is in seconds after the epoch, or, below 0, before the host's now.
    """

    follow: bool = False
    since: float | None = None
    tail: int | None = None


async def logs(name: str | None, host: Host, excerpt: Excerpt, context: Context) -> int:
    """Copy the log of a launch; of one that is over, the last of that name."""
    async with context.connected([host]) as connections:
        runner = context.runner(connections)
        rank = await _meant(name, host, runner)
        seen = runner.seen[host.name]
        if rank is not None and rank.orphaned:
            # Its log went with its folder; what it has printed, its engine has kept as well.
            its = container_of_orphan(rank, seen)
            argv = containers.logs(its.engine, its.id, **asdict(excerpt))
        else:
            await execute(Plan(put_program(seen, program_name(), program())), connections, context.emit)
            helper = program_for(rank, seen, program_name()) if rank else program_on(seen, program_name())
            argv = helper.logs(rank.launch if rank else name or "", **asdict(excerpt))
        if not await copy_log(argv, connections[host.name], context.emit):
            choose(name, runner.seen, "logs")  # raises, with what there is instead
        return 0


async def _meant(name: str | None, host: Host, runner: Runner) -> RankState | None:
    """Return the launch that is meant; None for one that may be over, and whose log is kept."""
    try:
        return (await chosen(name, (host.name,), "logs", runner))[0][1]
    except (InputRefused, GateRefused):
        if name is None or not NAME_RULE.fullmatch(name):
            raise
        return None
