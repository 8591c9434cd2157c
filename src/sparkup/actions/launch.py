"""Launch: look, start, wait until ready, follow; a start that fails or is broken off undoes itself."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.context import Connections, Context
from sparkup.actions.proof import prove
from sparkup.actions.running import Running
from sparkup.actions.starting import Capture, Manner
from sparkup.domain.event import (
    Answered,
    Noted,
)
from sparkup.domain.fabric import Interface
from sparkup.domain.launch import Launch, LaunchRequest
from sparkup.facts.links import LINKS
from sparkup.planning.fabric_links import Proved
from sparkup.planning.fabric_probe import probes, proved, ways
from sparkup.planning.ranks import with_key
from sparkup.planning.resolve import resolve, wanted
from sparkup.run.phases import Phase, Runner


def new_attempt() -> str:
    """Return the identity of one attempt to start: what is undone is this one, never another."""
    return secrets.token_hex(6)


async def launch(request: LaunchRequest, manner: Manner, context: Context) -> int:
    """Launch and return an exit status: 0, or that of an attached command."""
    async with context.connected(request.hosts) as connections:
        running = await begin(request, manner, context, connections)
        if manner.waits(running.launch) and not running.left_alone:
            await running.until_ready()
        broken_off = await running.let_go()
        if running.left_alone:
            return 0
        if broken_off:
            return await running.left()
        if running.capture.ready and len(running.launch.nodes) > 1:
            try:
                await prove(running, context)
            except asyncio.CancelledError:  # it is ready: the user has seen enough
                context.interrupts.acknowledge()
                return await running.left()
        attached = manner.attach and running.launch.attached
        if manner.detach or not (manner.follow or attached):
            context.emit(Answered(running.answer()))
            return 0
        return await running.follow()


async def begin(
    request: LaunchRequest, manner: Manner, context: Context, connections: Connections
) -> Running:
    """Look at the hosts, decide, and start all ranks. Raises what resolve raises, before any start."""
    capture = Capture(context.emit)
    context = replace(context, emit=capture)
    runner = context.runner(connections)
    decided = with_key(await look(request, runner, context), secrets.token_hex(16))
    running = Running(decided, manner, runner, context, connections, request.hosts, capture)
    await running.start()
    return running


async def look(request: LaunchRequest, runner: Runner, context: Context, *, offline: bool = False) -> Launch:
    """Observe the hosts, try the cables between them, and decide on the launch."""
    names = [host.name for host in request.hosts]
    title = "Look at the host" if len(names) == 1 else "Look at the hosts"
    await runner.run([Phase(title, facts=dict.fromkeys(names, wanted(request)))])
    found = None if len(names) == 1 or offline else await crossed(names, runner)
    resolved = resolve(request, runner.seen, new_attempt(), found)
    for note in resolved.notes:
        context.emit(Noted(note))
    return resolved.launch


async def crossed(names: Sequence[str], runner: Runner) -> Proved | None:
    """Return between which interfaces of hosts packets go."""
    interfaces: dict[str, tuple[Interface, ...]] = {name: runner.seen[name][LINKS] for name in names}
    tried = ways(interfaces)
    await runner.run([Phase("Try the cables", facts=probes(tried))])
    return proved(tried, runner.seen)
