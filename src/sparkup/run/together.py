"""Several things at once: the first that fails ends the others and is raised as it is."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from sparkup.errors import SparkupError

T = TypeVar("T")


async def together(works: Mapping[str, Coroutine[Any, Any, T]]) -> dict[str, T]:
    """Run coroutines side by side and return what they return, by name."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(work, name=name) for name, work in works.items()}
    except BaseExceptionGroup as several:
        raise _first(several) from None
    return {name: task.result() for name, task in tasks.items()}


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the failure to tell of: a user's error before anything else."""
    found: BaseException = group.subgroup(SparkupError) or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
