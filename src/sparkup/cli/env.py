"""sparkup env: managed Python environments."""

import click

from sparkup.actions import env as actions
from sparkup.actions import env_remove
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.config.variants import variant, variants


@click.group()
def env() -> None:
    """Make, list and remove managed Python environments with vLLM."""


@env.command("create", cls=Strict)
@click.argument("kind", metavar="cpu|cuda")
@options.remote
@options.as_json
@click.pass_context
def create(ctx: click.Context, /, kind: str, hosts: tuple[str, ...], **_: object) -> int:
    """Make an environment from its lock; instant when it is there already."""
    chosen, host = variant(kind), options.one_host(hosts)
    return carry_out(ctx, lambda context: actions.create(chosen, host, context))


@env.command("list", cls=Strict)
@options.remote
@options.as_json
@click.pass_context
def list_(ctx: click.Context, /, **_: object) -> int:
    """List environments."""
    there = nodes.all_there_are(ctx).hosts
    return carry_out(ctx, lambda context: actions.list_all(there, variants(), context))


@env.command("remove", cls=Strict)
@click.argument("name")
@options.remote
@options.as_json
@click.pass_context
def remove(ctx: click.Context, /, name: str, hosts: tuple[str, ...], **_: object) -> int:
    """Remove an environment by its name or kind; refuses one that a launch uses."""
    host = options.one_host(hosts)
    return carry_out(ctx, lambda context: env_remove.remove(name, host, context))
