"""Launch: look, start, wait until ready, follow; a start that fails or is broken off undoes itself."""

import asyncio
import secrets
import signal
import time
from dataclasses import dataclass, replace

from sparkup.actions.context import Connections, Context
from sparkup.domain.answer import Finished, Launched
from sparkup.domain.event import Answered, Event, Noted, PhaseFinished, PhaseStarted, Ready
from sparkup.domain.host import Host
from sparkup.domain.launch import Launch, LaunchRequest, RankState
from sparkup.domain.plan import Plan
from sparkup.errors import Interrupted, Problem, SparkupError
from sparkup.facts.launches import LAUNCHES, log_tail
from sparkup.planning.launch import log_path, program_on, ready_plan, start_plan, undo_plan
from sparkup.planning.readiness import died
from sparkup.planning.resolve import resolve, wanted
from sparkup.run.copy import copy_log
from sparkup.run.executor import Emit, Results, execute
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program, program_name


@dataclass(frozen=True, slots=True)
class Manner:
    """How the command that launches behaves itself."""

    detach: bool = False  # return when all ranks run
    follow: bool = True  # after ready, copy the log
    stop_on_exit: bool = False  # the launch ends with the command


def new_attempt() -> str:
    """Return the identity of one attempt to start: what is undone is this one, never another."""
    return secrets.token_hex(6)


async def launch(request: LaunchRequest, manner: Manner, context: Context) -> int:
    """Launch and return an exit status: 0, or that of an attached command."""
    async with context.connected(request.hosts) as connections:
        running = await begin(request, manner, context, connections)
        if running.launch.attached and not manner.detach:
            return await running.follow()
        if not manner.detach:
            await running.until_ready()
        if running.left_alone:
            return 0
        context.emit(Answered(running.answer()))
        if manner.detach or not manner.follow:
            return 0
        return await running.follow()


class Capture:
    """Passes events on and keeps the one that says that the launch is ready."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.ready: Ready | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Ready):
            self.ready = event
        self.emit(event)


@dataclass(slots=True)
class Running:
    """A launch whose ranks were started, and what is needed to wait for it or to take it back."""

    launch: Launch
    manner: Manner
    runner: Runner
    context: Context
    connections: Connections
    hosts: tuple[Host, ...]
    capture: Capture

    @property
    def left_alone(self) -> bool:
        """Say whether the terminal is gone and the launch is to go on without us (design §4.7b)."""
        return self.context.interrupts.hangup and not self.manner.stop_on_exit

    async def until_ready(self) -> None:
        """Wait until it is ready; undoes it when it fails or the user breaks off. A hangup leaves it."""
        if self.left_alone:
            return
        plan = ready_plan(self.launch, self.runner.seen, program_name())
        await self.guarded([Phase("Wait until ready", lambda _: plan)])

    async def guarded(self, phases: list[Phase]) -> Results:
        """Run phases; whatever goes wrong, this attempt and nothing else is taken back."""
        try:
            return await self.runner.run(phases)
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            if self.left_alone:
                return {}
            await self.undo("Take the start back (vLLM may need some seconds to end)")
            raise Interrupted(
                Problem("interrupted", f"the start of {self.launch.name} was broken off and taken back")
            ) from None
        except SparkupError:
            await self.undo("Take the failed start back")
            raise

    async def follow(self) -> int:
        """Copy the log until the launch ends or the user has seen enough; return an exit status."""
        launch = self.launch
        head = program_on(self.runner.seen[launch.head.host], program_name())
        argv = head.logs(launch.name, follow=True) if launch.attached else head.follow(launch.name)
        if not launch.attached and not self.manner.stop_on_exit:
            self.context.emit(Noted("its log follows; Ctrl-C ends the following, not the server"))
        try:
            await copy_log(argv, self.connections[launch.head.host], self.context.emit)
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            return await self.left()
        return await self.ended()

    async def left(self) -> int:
        """Stop following: a server goes on, a command that was attached ends as it would at a prompt."""
        if self.left_alone:
            return 0
        if self.launch.attached or self.manner.stop_on_exit:
            await self.undo(f"Stop {self.launch.name}")
            if self.launch.attached:
                raise Interrupted(Problem("interrupted", f"{self.launch.name} was broken off"))
            return 0
        host = "" if self.hosts[0].is_local else f" --host {self.hosts[0].name}"
        self.context.emit(
            Noted(f"{self.launch.name} goes on; stop it: sparkup stop {self.launch.name}{host}")
        )
        return 0

    async def ended(self) -> int:
        """Tell how a launch ended that nobody here has stopped, and clear it away."""
        host, name = self.launch.head.host, self.launch.name
        rank = await self._rank()
        if rank is None:
            return self._was_stopped()
        log = log_tail(rank)
        lines = (await self.runner.observer.look({host: [log]}))[host][log]
        await self.undo()
        if rank.exit is not None and rank.exit.asked:
            return self._was_stopped()
        if self.launch.attached and rank.exit is not None:
            return self._finished(rank.exit.status)
        raise died(name, host, rank, lines)

    def _was_stopped(self) -> int:
        """Tell that somebody else has stopped it; whether its state is gone by now makes no difference."""
        self.context.emit(Noted(f"{self.launch.name} was stopped"))
        return self._finished(128 + signal.SIGTERM) if self.launch.attached else 0

    def _finished(self, status: int) -> int:
        self.context.emit(Answered(Finished(self.launch.name, status, self.log_kept)))
        return status

    async def _rank(self) -> RankState | None:
        """Return our own attempt as its host knows it, None if it is put away already."""
        host = self.launch.head.host
        there = (await self.runner.observer.look({host: [LAUNCHES]}))[host][LAUNCHES]
        return next((rank for rank in there if rank.attempt == self.launch.attempt), None)

    async def undo(self, why: str = "") -> None:
        """Stop this attempt, wherever it got to; of one that is over, only put its state away."""
        begun = time.monotonic()
        if why:
            self.context.emit(PhaseStarted(why))
        plan = undo_plan(self.launch, self.runner.seen, program_name())
        await execute(plan, self.connections, self.context.emit)
        if why:
            self.context.emit(PhaseFinished(why, time.monotonic() - begun))

    @property
    def log(self) -> str:
        """Return where the log of rank 0 is on its host."""
        head = self.runner.seen[self.launch.head.host]
        return str(log_path(program_on(head, program_name()), self.launch.name))

    @property
    def log_kept(self) -> str:
        """Return where the log is once the launch is over."""
        head = self.runner.seen[self.launch.head.host]
        return str(log_path(program_on(head, program_name()), self.launch.name, past=True))

    def answer(self) -> Launched:
        """Return the answer to the user."""
        launch = self.launch
        return Launched(
            name=launch.name,
            attempt=launch.attempt,
            engine=str(launch.engine),
            hosts=tuple(node.host for node in launch.nodes),
            argv=launch.argv,
            url=launch.url_from(self.hosts[0].address),
            port=launch.port,
            log=self.log,
            ready=self.capture.ready,
            needs_key="VLLM_API_KEY" in launch.environment.names(),
            address=self.hosts[0].address,
        )


async def begin(
    request: LaunchRequest, manner: Manner, context: Context, connections: Connections
) -> Running:
    """Look at the hosts, decide, and start all ranks. Raises what resolve raises, before any start."""
    capture = Capture(context.emit)
    context = replace(context, emit=capture)
    runner = context.runner(connections)
    decided = await look(request, runner, context)
    running = Running(decided, manner, runner, context, connections, request.hosts, capture)
    plan = start_plan(decided, runner.seen, program_name(), program())
    await running.guarded([Phase("Start", lambda _: plan)])
    return running


async def look(request: LaunchRequest, runner: Runner, context: Context) -> Launch:
    """Observe the hosts and decide on the launch."""
    facts = {host.name: wanted(request) for host in request.hosts}
    await runner.run([Phase("Look at the host", lambda _: Plan(), facts)])
    resolved = resolve(request, runner.seen, new_attempt())
    for note in resolved.notes:
        context.emit(Noted(note))
    return resolved.launch
