"""sparkup fabric."""

from pathlib import Path

import click

from sparkup.actions.fabric import Drawing, show
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.report.fabric_svg import svg


@click.command(cls=Strict)
@options.remote
@click.option(
    "--svg", "file", metavar="FILE", type=click.Path(path_type=Path), help="Draw it in a file, too."
)
@options.as_json
@click.pass_context
def fabric(ctx: click.Context, /, file: Path | None, **_: object) -> int:
    """Show which ports of which hosts face each other, and what is wrong with it. Changes nothing.

    A packet is sent over every cable first. The exit status is 0 whatever is found: a launch on several
    hosts is what a FAIL refuses.
    """
    named = nodes.of(ctx)
    drawing = Drawing(file, svg) if file else None
    return carry_out(ctx, nodes.noting(named.notes, lambda context: show(named.hosts, drawing, context)))
