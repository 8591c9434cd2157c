"""sparkup status."""

import click

from sparkup.actions.status import status as show
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict


@click.command(cls=Strict)
@options.launch_name
@options.remote
@click.option(
    "-w",
    "--watch",
    is_flag=True,
    help="Show it again every two seconds, while it is there (with --json: a line each).",
)
@options.as_json
@click.pass_context
def status(ctx: click.Context, /, name: str | None, *, watch: bool, **_: object) -> int:
    """Show what is launched, as the hosts themselves know it; changes nothing. With NAME only that one."""
    there = nodes.all_there_are(ctx).hosts
    return carry_out(ctx, lambda context: show(name, there, context, watch=watch))
