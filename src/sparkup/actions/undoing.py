"""Work of which nothing stays when it fails or is broken off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sparkup.actions.context import Connections, Context
from sparkup.domain.plan import Plan
from sparkup.errors import Interrupted, Problem, SparkupError
from sparkup.run.executor import Emit, execute

Undo = Callable[[Emit], Awaitable[Sequence[Problem]]]  # returns what could not be undone


@asynccontextmanager
async def taken_back(
    undo: Undo, interrupted: Callable[[Sequence[Problem]], Problem], context: Context
) -> AsyncIterator[None]:
    """Let a block work; whatever goes wrong in it is undone.

    What could not be undone stands beside the cause, which matters more. `interrupted` returns what is said
    of work that was broken off, from what of it is left.
    """
    try:
        yield
    except asyncio.CancelledError:
        context.interrupts.acknowledge()
        left = await undo(context.emit)
        raise Interrupted(interrupted(left), *left) from None
    except SparkupError as error:
        raise error.with_problems(*await undo(context.emit)) from None
    except BaseException:  # our own output is gone, or a fault of ours
        with contextlib.suppress(Exception):
            await undo(lambda _: None)
        raise


async def tried(plan: Plan, connections: Connections, emit: Emit) -> Sequence[Problem]:
    """Carry out a plan; return what went wrong, for work that goes on all the same."""
    try:
        await execute(plan, connections, emit)
    except SparkupError as error:
        return error.problems
    return ()
