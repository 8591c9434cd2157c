"""Carry out an action for a command: events to displays, signals to cancellation, an exit status back."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from sparkup.actions.context import Context
from sparkup.cli.host_keys import asking
from sparkup.cli.nodes import can_ask
from sparkup.config import places
from sparkup.connect.master import Options
from sparkup.domain.event import Answered, Event, Failed, Noted, Printed, StepStarted
from sparkup.errors import Interrupted, Problem, SparkupError
from sparkup.report.display import Reporter, display
from sparkup.run.interrupts import Interrupts
from sparkup.run.journal import Journal

Action = Callable[[Context], Awaitable[int]]


class Teller:
    """Passes events to the display and the journal, and knows how far the action got."""

    def __init__(self, show: Reporter, journal: Journal) -> None:
        self.show, self.journal = show, journal
        self.step = ""  # the last that began
        self.answered = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self.step = event.reason
        self.answered = self.answered or isinstance(event, Answered | Printed)
        self.journal.on(event)
        self.show.on(event)

    def again(self) -> None:
        """Answer a further signal."""
        self(Noted("still at it: what was begun is taken back or brought to its end, which can take seconds"))

    def interrupted(self) -> Interrupted:
        """Say what breaking off here means."""
        if not self.step:
            return Interrupted(Problem("interrupted", "broken off; nothing was changed"))
        hint = "the same command again does what is left; sparkup status shows what runs"
        return Interrupted(Problem("interrupted", f"broken off at: {self.step}", hint=hint))


def carry_out(ctx: click.Context, action: Action) -> int:
    """Run an action and return its exit status; raises the SparkupError it ended with."""
    places.settle()
    values = ctx.params
    show = display(as_json=bool(values.get("as_json")), progress=values.get("progress") or "auto")
    journal = Journal(places.journals(), ctx.info_name or "action")
    tell = Teller(show, journal)
    asked = can_ask(as_json=bool(values.get("as_json")))
    context = Context(
        emit=tell,
        interrupts=Interrupts(tell.again),
        memory=places.recorded_facts(),
        options=Options(
            accept_new_host_keys=bool(values.get("accept_new_host_keys")),
            ask=asked,
            config=values.get("ssh_config") or "",
        ),
        trusts=asking(tell) if asked else None,
    )
    try:
        return asyncio.run(_heard(action, context))
    except SparkupError as error:
        tell(Failed(tuple(error.problems)))
        raise
    except asyncio.CancelledError:
        if tell.answered:
            return Interrupted.exit_status  # how one leaves what goes on for ever
        raise tell.interrupted() from None
    finally:
        show.close()
        journal.close()


async def _heard(action: Action, context: Context) -> int:
    with context.interrupts.heard():
        return await action(context)
