"""sparkup start."""

from typing import Any

import click

from sparkup.actions.starting import Manner
from sparkup.cli.launching import launching, run
from sparkup.cli.strict import Strict
from sparkup.config.problems import Problems


@click.command(cls=Strict)
@launching
@click.option("-d", "--detach", is_flag=True, help="On several hosts: return before all have joined.")
@click.pass_context
def start(ctx: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Start a container that does nothing, to work in: sparkup exec -- COMMAND.

    It gets what a launch gets (GPU, caches, mounts, limits) and stays until sparkup stop. On several
    hosts they are a Ray cluster, for commands on its head; with --engine host one of processes in the
    managed environment.
    """
    manner = Manner(detach=given["detach"], follow=False, attach=False)
    return run(ctx, {"ready": "none", "idle": True}, (), manner, Problems())
