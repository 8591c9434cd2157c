"""Waiting for what a test expects: by looking again and again, never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONG = 30.0  # seconds: a loaded machine is slow, and a test that passes does not wait for it


def until(condition: Callable[[], T], what: str = "", seconds: float = LONG) -> T:
    """Return what the condition returns once it is true; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what or condition}"
        time.sleep(0.02)
    return value
