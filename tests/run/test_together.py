"""Several things at once: results by name, and one failure that is told."""

import asyncio

import pytest

from sparkup.errors import GateRefused, Problem
from sparkup.run.together import together

pytestmark = pytest.mark.anyio


async def value(result: int) -> int:
    """Return a value, a little later."""
    await asyncio.sleep(0)
    return result


async def failure(error: BaseException) -> int:
    """Fail, a little later."""
    await asyncio.sleep(0)
    raise error


async def test_results_come_by_name() -> None:
    assert await together({"b": value(2), "a": value(1)}) == {"b": 2, "a": 1}
    assert await together({}) == {}


async def test_a_failure_ends_the_others_and_comes_as_it_is() -> None:
    ended = asyncio.Event()

    async def long() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 0

    with pytest.raises(ValueError, match="why"):
        await together({"long": long(), "bad": failure(ValueError("why"))})
    assert ended.is_set()


async def test_a_users_error_comes_first() -> None:
    ours = GateRefused(Problem("no-disk", "full"))
    with pytest.raises(GateRefused, match="full"):
        await together({"bad": failure(ValueError("a bug")), "ours": failure(ours)})


async def test_a_cancellation_stays_one() -> None:
    task = asyncio.create_task(together({"long": asyncio.sleep(60, 0)}))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
