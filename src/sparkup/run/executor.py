"""Carry out a plan: every step as soon as those it waits for are done. Decides nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar, assert_never

from sparkup.connect.base import Connection, Stream
from sparkup.domain.command import Command, Result
from sparkup.domain.event import Event, Noted, StepFinished, StepOutput, StepStarted
from sparkup.domain.plan import Fold, Plan, Put, Run, Step, Wait
from sparkup.errors import HostUnreachable, Problem, WorkFailed
from sparkup.run.together import together

T = TypeVar("T")
Emit = Callable[[Event], None]
Results = Mapping[str, Result]
NOTHING = Result(0)
REACH_AGAIN = 60.0  # seconds in which a host that was lost may come back: a switch or host that restarts
PAUSE = 2.0  # seconds between two tries
KNOCK = 5.0  # seconds between two signs of life to what we follow


async def execute(plan: Plan, connections: Mapping[str, Connection], emit: Emit) -> Results:
    """Carry out all steps; the first that fails ends the others and is raised as it is."""
    done = {step.id: asyncio.Event() for step in plan.steps}
    results: dict[str, Result] = {}

    async def carry_out(step: Step) -> None:
        for earlier in step.after:
            await done[earlier].wait()
        slow = isinstance(step, Run) and step.shown is not None
        emit(StepStarted(step.id, step.host, step.reason, slow))
        begun = time.monotonic()
        results[step.id] = await _begin(step, connections, emit)
        emit(StepFinished(step.id, step.host, time.monotonic() - begun))
        done[step.id].set()

    await together({step.id: carry_out(step) for step in plan.steps})
    return results


async def _begin(step: Step, connections: Mapping[str, Connection], emit: Emit) -> Result:
    """Do one step; one that must not be broken off is brought to its end before a cancellation counts."""
    connection = connections[step.host]
    match step:
        case Put():
            await _to_the_end(connection.put(step.content, step.path, step.mode))
            return NOTHING
        case Run():
            work = _stream(step, connection, emit) if step.shown else _run(step, connection)
            return await (_to_the_end(work) if step.unbroken else work)
        case Wait():
            await _wait(step, connections, emit)
            return NOTHING
        case _:
            assert_never(step)


async def _to_the_end(work: Awaitable[T]) -> T:
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # whoever broke us off undoes it, failed or not; asyncio would print it
        raise


async def _run(step: Run, connection: Connection) -> Result:
    return _checked(step, await connection.run(step.command))


async def _stream(step: Run, connection: Connection, emit: Emit) -> Result:
    lines: list[str] = []
    async with connection.stream(step.command) as stream:
        async for line in stream.lines():
            lines.append(line)
            if told := step.shown(line) if step.shown else "":
                emit(StepOutput(step.id, step.host, told) if isinstance(told, str) else told)
        result = await stream.status()
    return _checked(step, Result(result.status, "\n".join(lines), result.stderr, result.seconds))


def _checked(step: Run, result: Result) -> Result:
    if result.status == 0:
        return result
    explained = step.explain(result) if step.explain else None
    raise explained or WorkFailed(
        Problem(
            "step-failed",
            f"{step.reason}: exit status {result.status}",
            where=step.host,
            hint=f"it was: {step.command.shell()}",
            details=tuple((result.stderr or result.stdout).splitlines()[-20:]),
        )
    )


async def _wait(step: Wait, connections: Mapping[str, Connection], emit: Emit) -> None:
    fold, begun = step.fold(), time.monotonic()
    total = None if step.total is None else begun + step.total
    sources = {step.host: step.command, **step.others}
    tasks = [
        asyncio.create_task(_followed(_Source(host, command, connections[host], begun), fold, emit))
        for host, command in sources.items()
    ]
    tasks.append(asyncio.create_task(_clock(step, fold, begun, total)))
    waiting = set(tasks)
    try:
        while waiting:
            ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task.exception() or task.result() for task in ended):
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the programs that a wait follows; `begun` is when the wait began."""

    host: str
    command: Command
    connection: Connection
    begun: float


async def _followed(source: _Source, fold: Fold, emit: Emit) -> bool:
    """Feed the fold until it is satisfied, or there is no more.

    A connection that breaks is made anew: what we wait for goes on without us, and the program tells
    all of it again.
    """
    lost: float | None = None
    while True:
        try:
            async with source.connection.stream(source.command) as stream, _knocking(stream):
                async for line in stream.lines():
                    lost = None
                    record = _record(line)
                    if record is not None and _fed(fold, source, record, emit):
                        return True
                return _fed(fold, source, None, emit)
        except HostUnreachable:
            now = time.monotonic()
            if lost is None:
                lost = now
                emit(Noted(f"the connection to {source.host} broke; trying to reach it again"))
            if now - lost > REACH_AGAIN:
                raise
            await asyncio.sleep(PAUSE)
            fold.again(source.host)


@asynccontextmanager
async def _knocking(stream: Stream) -> AsyncIterator[None]:
    """Show a program that we are still there: a host without power closes no connection."""

    async def knock() -> None:
        while True:
            stream.knock()
            await asyncio.sleep(KNOCK)

    task = asyncio.create_task(knock())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _record(line: str) -> dict[str, object] | None:
    """Read a line that a program printed, None for one that is no record: a login script prints as well."""
    try:
        value = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _fed(fold: Fold, source: _Source, record: Mapping[str, object] | None, emit: Emit) -> bool:
    verdict = fold.feed(time.monotonic() - source.begun, record, source.host)
    for event in verdict.events:
        emit(event)
    if verdict.error is not None:
        raise verdict.error
    return verdict.done


async def _clock(step: Wait, fold: Fold, begun: float, total: float | None) -> bool:
    """End a wait that makes no progress, takes too long in all, or has failed for certain by now."""
    while True:
        now = time.monotonic()
        if error := fold.due(now - begun):
            raise error
        if total is not None and now > total:
            raise fold.gave_up(now - begun, stalled=False)
        if now - begun - fold.progressed > step.stall:
            raise fold.gave_up(now - begun, stalled=True)
        await asyncio.sleep(0.2)
