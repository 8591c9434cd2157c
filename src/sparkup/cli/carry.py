"""Carry out an action for a command: events to displays, signals to cancellation, an exit status back."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from sparkup.actions.context import Context
from sparkup.config import places
from sparkup.connect.master import Options
from sparkup.domain.event import Event, Failed
from sparkup.errors import Interrupted, Problem, SparkupError
from sparkup.report.display import display
from sparkup.run.interrupts import Interrupts
from sparkup.run.journal import Journal

Action = Callable[[Context], Awaitable[int]]


def carry_out(ctx: click.Context, action: Action, *, follows: bool = False) -> int:
    """Run an action and return its exit status; raises the SparkupError it ended with.

    `follows`: with --json, the command prints JSON lines instead of one document.
    """
    places.settle()
    values = ctx.params
    show = display(
        as_json=bool(values.get("as_json")),
        progress=values.get("progress") or "auto",
        follows=follows,
    )
    journal = Journal(places.journals(), ctx.info_name or "action")

    def emit(event: Event) -> None:
        journal.on(event)
        show.on(event)

    context = Context(
        emit=emit,
        interrupts=Interrupts(),
        memory=places.recorded_facts(),
        options=Options(
            accept_new_host_keys=bool(values.get("accept_new_host_keys")),
            config=values.get("ssh_config") or "",
        ),
    )
    try:
        return asyncio.run(_heard(action, context))
    except SparkupError as error:
        emit(Failed(tuple(error.problems)))
        raise
    except asyncio.CancelledError:
        if follows:
            return Interrupted.exit_status  # how one leaves what goes on for ever
        raise Interrupted(Problem("interrupted", "broken off; nothing was changed")) from None
    finally:
        show.close()
        journal.close()


async def _heard(action: Action, context: Context) -> int:
    with context.interrupts.heard():
        return await action(context)
