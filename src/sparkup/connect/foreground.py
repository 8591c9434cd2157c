"""While a program has our terminal, its keys are meant for it and not for us."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C and Ctrl-\\ here, as system(3) does while it waits; enter after the start.

    A program that is started inside would inherit the deafness. Ctrl-Z stops both, as it should.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only it is woken by these signals
        return
    before = {key: signal.signal(key, signal.SIG_IGN) for key in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for key, handler in before.items():
            signal.signal(key, handler)
