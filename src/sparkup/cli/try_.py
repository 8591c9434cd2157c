"""sparkup try."""

import click

from sparkup.actions.try_ import attempt
from sparkup.cli import options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.config.variants import tiny_model_program, variant


@click.command("try", cls=Strict)
@options.progress
@options.as_json
@click.pass_context
def try_(ctx: click.Context, /, **_: object) -> int:
    """See it work: makes an environment with real vLLM (once), serves a tiny model on the CPU, asks, stops.

    Needs no GPU and no container. Only the environment, the model and the log stay on disk.
    """
    cpu, program = variant("cpu"), tiny_model_program()
    return carry_out(ctx, lambda context: attempt(cpu, program, context))
