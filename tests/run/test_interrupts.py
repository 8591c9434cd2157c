"""Signals as one cancellation: its reason can be asked, and what undoes is not broken off."""

import asyncio
import os
import signal

import pytest

from sparkup.run.interrupts import Interrupts

pytestmark = pytest.mark.anyio


def send(*numbers: signal.Signals) -> None:
    """Send ourselves signals."""
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_cancels(number: signal.Signals) -> None:
    interrupts = Interrupts()

    async def work() -> None:
        with interrupts.heard():
            send(number)
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(work())
    assert interrupts.reason == number
    assert interrupts.hangup is (number == signal.SIGHUP)


async def test_later_signals_do_not_break_off_what_undoes() -> None:
    undone: list[bool] = []
    told: list[bool] = []
    interrupts = Interrupts(lambda: told.append(True))

    async def work() -> str:
        with interrupts.heard():
            try:
                send(signal.SIGINT)
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                interrupts.acknowledge()
                send(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
                await asyncio.sleep(0.05)
                undone.append(True)
        return "done"

    task = asyncio.create_task(work())
    assert await task == "done"
    assert task.cancelling() == 0
    assert undone == [True]
    assert (interrupts.reason, len(told)) == (signal.SIGINT, 3)


async def test_what_was_cancelled_may_use_time_limits_again() -> None:
    """asyncio.timeout tells its own cancellation from others by counting them."""
    interrupts = Interrupts()

    async def work() -> None:
        with interrupts.heard():
            try:
                send(signal.SIGINT)
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                interrupts.acknowledge()
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await asyncio.create_task(work())


async def test_no_signal_no_reason() -> None:
    interrupts = Interrupts()
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with interrupts.heard():
        await asyncio.sleep(0)
    assert interrupts.reason is None
    assert not interrupts.hangup
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
