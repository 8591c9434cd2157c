"""sparkup start."""

from typing import Any

import click

from sparkup.actions.starting import Manner
from sparkup.cli.launching import launching, run
from sparkup.cli.strict import Strict
from sparkup.config.problems import Problems

IDLE = ("sleep", "infinity")


@click.command(cls=Strict)
@launching
@click.option("-d", "--detach", is_flag=True, help="On several hosts: return before all have joined.")
@click.pass_context
def start(ctx: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Start a container that does nothing, to work in: sparkup exec -- COMMAND.

    It gets what a launch gets (GPU, caches, mounts, limits) and stays until sparkup stop. On several
    hosts they are a Ray cluster, for commands on its head.
    """
    found = Problems()
    if ctx.params["engine"] == "host":
        found.add("the engine host has no containers to start", "leave --engine out, or say docker or podman")
    ctx.params["needed"] = True
    return run(
        ctx, {"ready": "none"}, IDLE, Manner(detach=given["detach"], follow=False, attach=False), found
    )
