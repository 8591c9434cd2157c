"""Remove managed Python environments that nothing uses, whole."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.actions.context import Connections, Context
from sparkup.actions.env import locked, planned
from sparkup.domain.answer import Environments
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.errors import (
    GateRefused,
    InputRefused,
    Interrupted,
    PartlyDone,
    Problem,
    SparkupError,
    WorkFailed,
)
from sparkup.facts.environment_users import real_paths, users
from sparkup.facts.environments import ENVIRONMENTS, PythonEnvironment, there
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.environment_removal import aside, clear_plan, in_use, removal_plan
from sparkup.run.executor import Emit, execute
from sparkup.run.phases import Phase, Runner


async def remove(name: str, host: Host, context: Context) -> int:
    """Remove environments by name or variant; refuses those that are in use."""
    async with context.connected([host]) as connections:
        runner = context.runner(connections)
        await runner.run([Phase("Look at the host", facts={host.name: (MACHINE, ENVIRONMENTS)})])
        found = _chosen(name, host, runner)
        variant = found[0].variant if found else name.partition("-")[0]
        removal = Removal(variant, host, context, connections, runner)
        if not found and not await removal.is_left():
            raise _unknown(name, host, runner)
        async with locked(variant, host, context, connections, runner):
            return await removal.carried_out(name)


def _chosen(name: str, host: Host, runner: Runner) -> list[PythonEnvironment]:
    return [each for each in runner.seen[host.name][ENVIRONMENTS] if name in (each.name, each.variant)]


def _unknown(name: str, host: Host, runner: Runner) -> InputRefused:
    there_are = ", ".join(each.name for each in runner.seen[host.name][ENVIRONMENTS]) or "none"
    message = f"no managed environment {name!r}"
    return InputRefused(Problem("unknown-environment", message, host.name, hint=f"there: {there_are}"))


@dataclass(frozen=True, slots=True)
class Removal:
    """Removing environments of one variant on one host."""

    variant: str
    host: Host
    context: Context
    connections: Connections
    runner: Runner

    @property
    def away(self) -> PurePosixPath:
        """Return where the one lies that is being deleted."""
        return aside(self.runner.seen[self.host.name][MACHINE].environments, self.variant)

    async def is_left(self) -> bool:
        """Say whether an earlier removal was broken off and has left something."""
        if "/" in self.variant:
            return False
        fact = there(self.away)
        await self.runner.run([Phase("See what is left", facts={self.host.name: (fact,)})])
        return self.runner.seen[self.host.name][fact]

    async def carried_out(self, name: str) -> int:
        """Remove while the lock is held; others may have been at it before."""
        facts = {self.host.name: (ENVIRONMENTS, LAUNCHES)}
        await self.runner.run([Phase("See what is there", facts=facts)])
        chosen = _chosen(name, self.host, self.runner)
        await self._refuse_used(chosen)
        async with self._cleared(chosen):
            problems = await self._remove(chosen)
        if problems and len(chosen) > 1:
            outcome = await self._outcome(chosen)
            self.context.emit(Answered(Environments((), outcome, tuple(problems))))
            raise PartlyDone(*problems)
        if problems:
            raise WorkFailed(*problems)
        names = ", ".join(each.name for each in chosen) or "what an earlier removal had left"
        self.context.emit(Answered(Environments((), f"removed {names}")))
        return 0

    async def _refuse_used(self, chosen: Sequence[PythonEnvironment]) -> None:
        """Raise GateRefused with all that uses any of the environments."""
        folders = [each.folder for each in chosen]
        if not folders:
            return
        runner, host = self.runner, self.host.name
        paths = real_paths(folders)
        await runner.run([Phase("See where it is", facts={host: (paths,)})])
        real = runner.seen[host][paths]
        facts = {folder: users(folder, real[folder]) for folder in folders}
        await runner.run([Phase("See what uses it", facts={host: tuple(facts.values())})])
        seen = runner.seen[host]
        problems = [
            problem
            for each in chosen
            for problem in in_use(each, real[each.folder], seen[LAUNCHES], seen[facts[each.folder]], host)
        ]
        if problems:
            raise GateRefused(*problems)

    async def _remove(self, chosen: Sequence[PythonEnvironment]) -> list[Problem]:
        """Remove one after the other; one that cannot be removed keeps none of the others."""
        plans = [(each.name, removal_plan(each, self.host.name)) for each in chosen]
        problems: list[Problem] = []
        for name, plan in plans or [("what is left", clear_plan(self.away, self.host.name))]:
            try:
                await self.runner.run([Phase(f"Remove {name}", planned(plan))])
            except SparkupError as error:
                problems += error.problems
        return problems

    @asynccontextmanager
    async def _cleared(self, chosen: Sequence[PythonEnvironment]) -> AsyncIterator[None]:
        """Let a block remove; one that is broken off finishes what it had taken out of use."""
        try:
            yield
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            problems = await self._clear(self.context.emit)
            message = f"broken off: {await self._outcome(chosen)}"
            raise Interrupted(Problem("interrupted", message, self.host.name), *problems) from None
        except BaseException:  # our own output is gone, or a fault of ours
            with contextlib.suppress(Exception):
                await self._clear(lambda _: None)
            raise

    async def _clear(self, emit: Emit) -> tuple[Problem, ...]:
        try:
            await execute(clear_plan(self.away, self.host.name), self.connections, emit)
        except SparkupError as error:
            return tuple(error.problems)
        return ()

    async def _outcome(self, chosen: Sequence[PythonEnvironment]) -> str:
        """Say which are gone and which are still there, as the host has them now."""
        try:
            there_are = await self.runner.observer.look({self.host.name: [ENVIRONMENTS]})
        except SparkupError:
            return "the host could not be asked what is left"
        names = {each.name for each in there_are[self.host.name][ENVIRONMENTS]}
        gone = ", ".join(each.name for each in chosen if each.name not in names) or "nothing"
        still = ", ".join(each.name for each in chosen if each.name in names) or "none of them"
        return f"removed {gone}; still there: {still}"
