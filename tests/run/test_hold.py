"""A lock on a host: one block at a time, and free again however the block ends."""

import asyncio
from pathlib import Path, PurePosixPath

import pytest
from tests.waiting import LONG

from sparkup.commands.node import Program
from sparkup.connect.local import Local
from sparkup.domain.event import Event, Noted
from sparkup.errors import WorkFailed
from sparkup.run.hold import held
from sparkup.run.program import program

pytestmark = pytest.mark.anyio


@pytest.fixture
def helper(tmp_path: Path) -> Program:
    """The program that holds locks on hosts."""
    file = tmp_path / "node.pyz"
    file.write_bytes(program())
    return Program(Local().python, PurePosixPath(file), PurePosixPath(tmp_path / "state"))


async def test_one_at_a_time(tmp_path: Path, local: Local, helper: Program) -> None:
    lock, order, events = PurePosixPath(tmp_path / "lock"), list[str](), list[Event]()
    inside = asyncio.Event()

    async def first() -> None:
        async with held(lock, helper, local, events.append):
            inside.set()
            while not events:  # noqa: ASYNC110 (the other one says that it waits)
                await asyncio.sleep(0.02)
            order.append("first")

    async def second() -> None:
        await inside.wait()
        async with held(lock, helper, local, events.append):
            order.append("second")

    async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
    assert order == ["first", "second"]
    assert events == [Noted("another sparkup is at work on this; waiting for it")]


async def test_it_is_free_when_the_block_fails(tmp_path: Path, local: Local, helper: Program) -> None:
    lock = PurePosixPath(tmp_path / "lock")
    events: list[Event] = []
    with pytest.raises(ValueError, match="inside"):
        async with held(lock, helper, local, events.append):
            raise ValueError("inside")
    async with held(lock, helper, local, events.append):
        pass
    assert events == []


async def test_it_is_free_when_the_block_is_cancelled(tmp_path: Path, local: Local, helper: Program) -> None:
    lock, inside = PurePosixPath(tmp_path / "lock"), asyncio.Event()

    async def work() -> None:
        async with held(lock, helper, local, print):
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.wait_for(inside.wait(), LONG)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    events: list[Event] = []
    async with held(lock, helper, local, events.append):
        assert events == []


async def test_one_that_cannot_be_made(tmp_path: Path, local: Local, helper: Program) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkFailed) as failure:
        async with held(PurePosixPath(tmp_path / "file" / "lock"), helper, local, print):
            raise AssertionError("it was held")
    problem = failure.value.problems[0]
    assert (problem.code, problem.where) == ("step-failed", "local")
    assert problem.details == (f"{tmp_path}/file/lock: File exists",)
