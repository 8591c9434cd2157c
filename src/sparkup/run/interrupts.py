"""Ctrl-C, SIGTERM and a closing terminal, as one cancellation whose reason can be asked."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupts:
    """Cancels the task that listens, once; `reason` is the signal that came, None for none.

    `again` is called when one comes while the first is being obeyed.
    """

    def __init__(self, again: Callable[[], None] = lambda: None) -> None:
        self.reason: signal.Signals | None = None
        self.again = again

    @property
    def hangup(self) -> bool:
        """Say whether the terminal or the SSH session is gone."""
        return self.reason == signal.SIGHUP

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen while the block runs; later signals change nothing: undoing is not broken off."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def hear(number: signal.Signals) -> None:
            if self.reason is not None:
                self.again()
                return
            self.reason = number
            if task is not None:
                task.cancel()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, hear, number)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def acknowledge(self) -> None:
        """Take the cancellation back, so that what must still be done can be awaited; hear the next one."""
        task = asyncio.current_task()
        while task is not None and task.cancelling():
            task.uncancel()
