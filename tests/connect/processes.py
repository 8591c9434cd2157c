"""Looking at processes of this machine, which all hosts of these tests share."""

import asyncio
from collections.abc import Callable
from pathlib import Path


def lives(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def entries(folder: Path) -> list[Path]:
    """List a folder, now."""
    return list(folder.iterdir())


async def ended(*pids: int) -> None:
    """Wait until processes have ended."""
    await until(lambda: not any(lives(pid) for pid in pids))


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so; fail with TimeoutError when it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (the file system and other processes give no event)
            await asyncio.sleep(0.01)
