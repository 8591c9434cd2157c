"""A program on our own terminal: its keys are meant for it and not for us."""

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence

from sparkup.connect.child import TIMED_OUT, complete, start_on_terminal

KEYS = (signal.SIGINT, signal.SIGQUIT)  # Ctrl-C and Ctrl-\; Ctrl-Z may stop us as well


async def run_on_terminal(argv: Sequence[str]) -> int:
    """Run a program in the foreground to its end, as system(3) does; raises OSError."""
    with _deaf() as keys:

        def hear() -> None:
            """Undo it in the child, between fork and exec: what is ignored stays so for a new program."""
            for key in keys:
                signal.signal(key, signal.SIG_DFL)

        child = await start_on_terminal(argv, before_exec=hear)
        status = await complete(child, None, child.end)
    return TIMED_OUT if status is None else status


@contextlib.contextmanager
def _deaf() -> Iterator[list[signal.Signals]]:
    """Ignore keys that send signals; yield those that were not ignored before."""
    if threading.current_thread() is not threading.main_thread():
        yield []  # only the main thread may set handlers, and only it is woken by signals
        return
    before = {key: signal.signal(key, signal.SIG_IGN) for key in KEYS}
    try:
        yield [key for key in KEYS if before[key] != signal.SIG_IGN]
    finally:
        for key, handler in before.items():
            signal.signal(key, handler)
