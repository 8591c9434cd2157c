"""A launch that was started: waited for, followed, left, or taken back when something goes wrong."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sparkup.actions.context import Connections, Context
from sparkup.actions.fallen import AFTERMATH, look_at_end
from sparkup.actions.keeping import keep
from sparkup.actions.starting import Capture, Manner, ready_phase, start_notes, start_phase
from sparkup.domain.answer import Finished, Launched
from sparkup.domain.event import Answered, Noted, PhaseFinished, PhaseStarted, Warned
from sparkup.domain.host import Host, follow_up
from sparkup.domain.launch import Launch, Node
from sparkup.domain.plan import Plan
from sparkup.errors import (
    GateRefused,
    HostUnreachable,
    InputRefused,
    Interrupted,
    PartlyDone,
    Problem,
    SparkupError,
    WorkFailed,
)
from sparkup.planning.launch import (
    UNDO_PATIENCE,
    log_path,
    not_undone,
    program_on,
    start_id,
    stop_step,
    take_id,
)
from sparkup.planning.readiness import LIMIT, culprit, died
from sparkup.run.copy import copy_log
from sparkup.run.executor import Results, execute
from sparkup.run.phases import Runner
from sparkup.run.program import program_name

AGAIN = 1.0  # seconds between two tries to end a start


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
    started: bool = False  # all ranks are

    @property
    def left_alone(self) -> bool:
        """Say whether the terminal is gone and the launch is to go on without us (design §4.7b)."""
        return self.context.interrupts.hangup and not self.manner.stop_on_exit

    @property
    def ends_with_us(self) -> bool:
        """Say whether the launch is to end with the command that started it."""
        return self.launch.attached or self.manner.stop_on_exit

    async def start(self) -> None:
        """Start all ranks; undoes it when it fails or the user breaks off. A hangup breaks nothing off."""
        async with self.taken_back():
            work = asyncio.ensure_future(self.runner.run([start_phase(self.launch)]))
            try:
                results = await asyncio.shield(work)
            except asyncio.CancelledError:
                if not self.left_alone:
                    self.context.emit(Noted("broken off; what was begun is waited for, then undone"))
                    work.cancel()
                    await self._broken_off_start(work)
                    raise
                self.context.interrupts.acknowledge()
                results = await work
        self.started = True
        for note in start_notes(results):
            self.context.emit(Noted(note))

    async def _broken_off_start(self, work: "asyncio.Task[Results]") -> None:
        """Bring a start to its end; who starts a container is told to end, for its engine may hang."""
        while not work.done():
            if self.launch.container is not None:
                await self.undo()  # nothing, as long as the start has not got to its folder
            await asyncio.wait([work], timeout=AGAIN)
        await asyncio.gather(work, return_exceptions=True)

    async def until_ready(self) -> None:
        """Wait until it is ready; undoes it when it fails or the user breaks off. A hangup leaves it."""
        async with self.taken_back():
            await self.runner.run([ready_phase(self.launch)])

    @asynccontextmanager
    async def taken_back(self) -> AsyncIterator[None]:
        """Let a block work; whatever goes wrong in it, this attempt and nothing else is taken back.

        What runs on a host out of reach is left to go on: nobody has asked to end it.
        """
        try:
            yield
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            if not self.left_alone:
                raise await self._broken_off() from None
        except HostUnreachable as error:
            alone = len(self.launch.nodes) == 1  # of several, none is left running without the others
            if self.started and alone and not self.manner.stop_on_exit:
                raise self._out_of_reach(error) from None
            raise error.with_problems(*await self.undo("Take the failed start back")) from None
        except (GateRefused, InputRefused) as error:  # that rank was not started, others perhaps were
            only = self.capture.done if len(self.launch.nodes) == 1 else None  # all that began
            raise error.with_problems(*await self.undo(only=only)) from None
        except SparkupError as error:
            raise error.with_problems(*await self.undo("Take the failed start back")) from None
        except BaseException:  # our own output is gone, or a fault of ours
            self.capture.emit = lambda _: None  # it may be what failed
            with contextlib.suppress(SparkupError, OSError):
                await self.undo()
            raise

    async def _broken_off(self) -> Interrupted:
        problems = await self.undo("Take the start back (vLLM may need some seconds to end)")
        end = "broken off" if problems else "broken off and taken back"
        return Interrupted(Problem("interrupted", f"the start of {self.launch.name} was {end}"), *problems)

    def _out_of_reach(self, error: HostUnreachable) -> HostUnreachable:
        """Say what a user can do about a launch whose host we lost."""
        name, host = self.launch.name, self.launch.head.host
        hint = f"{name} goes on there; when the host is back: {follow_up('logs -f', name, host)}"
        return HostUnreachable(*(replace(problem, hint=hint) for problem in error.problems))

    async def follow(self) -> int:
        """Copy the log until the launch ends or the user has seen enough; return an exit status."""
        launch, host = self.launch, self.launch.head.host
        program = program_on(self.runner.seen[host], program_name())
        argv = program.logs(launch.name, follow=True) if launch.attached else program.follow(launch.name)
        try:
            if not launch.attached:
                self.context.emit(Answered(self.answer()))
            if not self.ends_with_us:
                self.context.emit(Noted("its log follows; Ctrl-C ends the following, not the server"))
            await copy_log(argv, self.connections[host], self.context.emit)
            return await self.ended()
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            return await self.left()
        except HostUnreachable as error:
            if self.manner.stop_on_exit:
                raise error.with_problems(*await self.undo(f"Stop {launch.name}")) from None
            raise self._out_of_reach(error) from None
        except OSError:  # whoever read our output has gone
            if self.ends_with_us:
                await self.undo()
            raise

    async def left(self) -> int:
        """Stop following: a server goes on, a command that was attached ends as it would at a prompt."""
        name = self.launch.name
        if self.left_alone:
            return 0
        if not self.ends_with_us:
            stop = follow_up("stop", name, self.launch.head.host)
            self.context.emit(Noted(f"{name} goes on; stop it: {stop}"))
            return 0
        problems = await self.undo(f"Stop {name}")
        if self.launch.attached:
            raise Interrupted(Problem("interrupted", f"{name} was broken off"), *problems)
        if problems:
            raise WorkFailed(*problems)
        return 0

    async def ended(self) -> int:
        """Tell how a launch ended that nobody here has stopped, and clear it away."""
        name = self.launch.name
        if len(self.launch.nodes) > 1:
            self.context.emit(Noted(f"its log ended; all ranks are asked why, for up to {AFTERMATH:.0f} s"))
        fallen = await look_at_end(self.launch, self.runner.observer)
        if all(each.host != self.launch.head.host for each in fallen):
            return self._was_stopped()
        found = culprit(fallen)
        rank, lines, host = found.rank, found.lines, found.host
        if self.launch.attached:
            rank = next(each.rank for each in fallen if each.host == self.launch.head.host)
        problems = await self.undo()
        if rank.exit is not None and rank.exit.lost_log:
            self.context.emit(Noted(f"{rank.exit.lost_log} bytes of its log could not be written"))
        if rank.exit is not None and rank.exit.asked:
            return self._was_stopped()
        if rank.exit is not None and rank.exit.limit_reached:
            self.context.emit(Noted(LIMIT))
        if self.launch.attached and rank.exit is not None:
            return self._finished(rank.exit.status)
        raise died(name, host, rank, lines).with_problems(*problems)

    def _was_stopped(self) -> int:
        """Tell that somebody else has stopped it; whether its state is gone by now makes no difference."""
        self.context.emit(Noted(f"{self.launch.name} was stopped"))
        return self._finished(128 + signal.SIGTERM) if self.launch.attached else 0

    def _finished(self, status: int) -> int:
        self.context.emit(Answered(Finished(self.launch.name, status, self.log_kept)))
        return status

    async def let_go(self) -> bool:
        """Let ranks on several hosts go on without us; say whether the user broke us off, and it goes on.

        A signal meanwhile leaves no part of it let go: a start is taken back, what is ready goes on.
        """
        seen, emit = self.runner.seen, self.context.emit
        work = asyncio.ensure_future(keep(self.launch, seen, self.connections, emit))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self.context.interrupts.acknowledge()
            await work
            if self.left_alone or self.capture.ready:
                return True
            raise await self._broken_off() from None
        held = work.result()
        if held and self.manner.detach:  # nobody sees whether it becomes ready
            emit(Answered(replace(self.answer(), problems=held)))
            raise PartlyDone(*held)
        for problem in held:
            emit(Warned(f"{problem.where}: {problem.message}", problem.hint))
        return False

    async def undo(self, why: str = "", only: Container[str] | None = None) -> tuple[Problem, ...]:
        """Stop this attempt, wherever it got to; of one that is over, only put its state away.

        `only`: the starts that are to be undone, by the ids of their steps; all that began when None.
        Returns what could not be undone: the cause of the undoing matters more than that.
        """
        steps = self.capture.begun if only is None else only
        nodes = [node for node in self.launch.nodes if any(each in steps for each in self._begun_by(node))]
        if not nodes:
            return ()
        begun = time.monotonic()
        if why:
            self.context.emit(PhaseStarted(why))
        left = await asyncio.gather(*(self._undo_rank(node) for node in nodes))
        problems = [problem for each in left for problem in each]
        if why and not problems:
            self.context.emit(PhaseFinished(why, time.monotonic() - begun))
        return tuple(problems)

    def _begun_by(self, node: Node) -> tuple[str, str]:
        """Return the ids of the steps after which there is something to undo on a host."""
        return start_id(node), take_id(self.launch, node)

    async def _undo_rank(self, node: Node) -> tuple[Problem, ...]:
        program = program_on(self.runner.seen[node.host], program_name())
        step = stop_step(self.launch, node.host, program, UNDO_PATIENCE)
        try:
            await execute(Plan((step,)), self.connections, self.context.emit)
        except SparkupError as error:
            return tuple(not_undone(self.launch.name, node.host, problem) for problem in error.problems)
        return ()

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
            via=self.hosts[0].via,
        )
