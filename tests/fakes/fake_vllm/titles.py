"""Process titles as setproctitle makes them: what `ps` shows in place of the command line."""

import ctypes
from pathlib import Path

_PR_SET_NAME = 15  # prctl(2)


def set_title(title: str) -> None:
    """Overwrite the arguments of this process in its memory, and its short name; the rest of them is NUL."""
    set_name(title)
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: fields 48 and 49 of proc(5)
    if start and end > start:
        text = title.encode()[: end - start - 1]
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, text, len(text))


def set_name(name: str) -> None:
    """Set the short name (/proc/PID/comm), at most 15 bytes."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
