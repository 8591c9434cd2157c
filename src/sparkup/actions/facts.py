"""Facts: show what is known of hosts, and record what their tools print. Never writes to a host."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparkup.actions.context import Connections, Context, done
from sparkup.domain.answer import Facts, HostFacts, Recorded
from sparkup.domain.event import Answered
from sparkup.domain.fact import Fact
from sparkup.domain.host import Host
from sparkup.domain.plain import plain
from sparkup.errors import InputRefused, Problem, SparkupError, WorkFailed
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.dgx import DGX
from sparkup.facts.gpus import GPU
from sparkup.facts.links import LINKS
from sparkup.facts.machine import MACHINE
from sparkup.facts.memory import MEMORY
from sparkup.facts.recording import RECORDING, Recording
from sparkup.facts.systemd import SYSTEMD
from sparkup.run import private
from sparkup.run.gather import Live

# What is shown of a host, in this order.
SHOWN: Mapping[str, Fact[Any]] = {
    fact.name: fact for fact in (MACHINE, DGX, MEMORY, GPU, LINKS, ENGINES, SYSTEMD)
}


async def show(hosts: Sequence[Host], names: Sequence[str], context: Context) -> int:
    """Show facts of hosts, all when none is named; what cannot be asked of one is said beside the others."""
    facts = [SHOWN[name] for name in names or SHOWN]
    async with context.reached(hosts) as (connections, lost):
        there = [host for host in hosts if host.name in connections]
        found = await asyncio.gather(*(_known(host, facts, connections) for host in there))
    known = tuple(each for each in found if isinstance(each, HostFacts))
    failed = [each for each in found if isinstance(each, SparkupError)]
    problems = [*lost, *(problem for each in failed for problem in each.problems)]
    if failed and not known:
        raise type(failed[0])(*problems)
    context.emit(Answered(Facts(known, tuple(problems))))
    return done(problems)


async def _known(
    host: Host, facts: Sequence[Fact[Any]], connections: Connections
) -> HostFacts | SparkupError:
    try:
        seen = (await Live({host.name: connections[host.name]}).look({host.name: facts}))[host.name]
    except SparkupError as error:
        return error
    return HostFacts(host.name, {fact.name: plain(seen[fact]) for fact in facts})


async def record(host: Host, folder: Path, context: Context) -> int:
    """Record what a host's tools print as files that `facts parse` reads, in one round trip."""
    _refuse_what_is_there(folder)
    async with context.connected([host]) as connections:
        seen = await Live(connections).look({host.name: (RECORDING,)})
    recording = seen[host.name][RECORDING]
    try:
        _write(recording, folder)
    except OSError as error:
        problem = Problem("file-not-written", f"cannot be written: {error.strerror or error}", str(folder))
        raise WorkFailed(problem) from error
    names = tuple(sorted(recording.texts))
    context.emit(Answered(Recorded(host.name, str(folder), names, dict(recording.missing))))
    return 0


def _refuse_what_is_there(folder: Path) -> None:
    try:
        there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        problem = Problem(
            "bad-option", f"{folder} cannot be read: {error.strerror}", hint="name another folder"
        )
        raise InputRefused(problem) from error
    if there:
        hint = "name one that is not there yet, or is empty"
        raise InputRefused(Problem("bad-option", f"{folder} is no empty folder", hint=hint))


def _write(recording: Recording, folder: Path) -> None:
    private.folder(folder)
    for name, text in recording.texts.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with private.opened(path, "w") as file:
            file.write(text)
