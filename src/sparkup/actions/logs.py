"""Logs: copy what a launch has printed, and go on as it prints more."""

from dataclasses import dataclass

from sparkup.actions.context import Connections, Context
from sparkup.commands.node import Program
from sparkup.domain.fact import Observed
from sparkup.domain.host import Host
from sparkup.domain.launch import NAME_RULE
from sparkup.domain.plan import Plan
from sparkup.errors import GateRefused, InputRefused
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.launch import program_on, put_program
from sparkup.planning.stop import choose, program_for
from sparkup.run.copy import copy_log
from sparkup.run.executor import execute
from sparkup.run.phases import Phase
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
        helper, chosen, seen = await launch_of(name, host, context, connections)
        argv = helper.logs(chosen, follow=excerpt.follow, since=excerpt.since, tail=excerpt.tail)
        if not await copy_log(argv, connections[host.name], context.emit):
            choose(name, seen, "logs")  # raises, with what there is instead
        return 0


async def launch_of(
    name: str | None, host: Host, context: Context, connections: Connections
) -> tuple[Program, str, Observed]:
    """Find a launch on a host and see that the program that looks after it is there."""
    runner = context.runner(connections)
    facts = {host.name: (MACHINE, LAUNCHES)}
    await runner.run([Phase("Look at the host", facts=facts)])
    put = Plan(put_program(runner.seen[host.name], program_name(), program()))
    try:
        _, rank = choose(name, runner.seen, "logs")[0]
    except (InputRefused, GateRefused):
        if name is None or not NAME_RULE.fullmatch(name):
            raise
        # Perhaps it is over: its log is kept until the next launch of its name is over.
        helper = program_on(runner.seen[host.name], program_name())
        await execute(put, connections, context.emit)
        return helper, name, runner.seen
    await execute(put, connections, context.emit)
    return program_for(rank, runner.seen[host.name], program_name()), rank.launch, runner.seen
