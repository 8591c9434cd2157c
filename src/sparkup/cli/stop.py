"""sparkup stop."""

import click

from sparkup.actions.stop import stop as end
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.errors import InputRefused, Problem


@click.command(cls=Strict)
@options.launch_name
@click.option("-a", "--all", "everything", is_flag=True, help="Stop all launches.")
@options.remote
@options.as_json
@click.pass_context
def stop(ctx: click.Context, /, name: str | None, *, everything: bool, **_: object) -> int:
    """Stop a launch: SIGTERM first, then the rest of its tree; waits until port and memory are back.

    Without NAME it stops the only one there is. Ranks of it on further hosts are stopped with it where they
    can be reached; where not, they end by themselves within 15 s.
    """
    if name and everything:
        raise InputRefused(
            Problem("bad-option", "a name and --all contradict each other", hint="leave one out")
        )
    there, called = nodes.of(ctx).hosts, nodes.called(ctx)
    return carry_out(ctx, lambda context: end(name, there, context, called, everything=everything))
