"""sparkup net: what hosts need of each other on the network."""

import click

from sparkup.actions.mesh import mesh
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.errors import InputRefused, Problem


@click.group()
def net() -> None:
    """Let hosts log in to each other."""


@net.command("ssh", cls=Strict)
@options.remote
@click.option("--check", is_flag=True, help="Only try which host can log in to which; change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do it without being asked.")
@options.as_json
@click.pass_context
def ssh(ctx: click.Context, /, *, check: bool, yes: bool, **_: object) -> int:
    """Let each host log in to each other over SSH without a password, and try every pair.

    A user without a key gets one (ed25519, no passphrase). The others' authorized_keys and known_hosts get
    the lines that are missing; host keys are those that each host told over a connection that SSH had
    verified. Done twice, it changes nothing.
    """
    named = nodes.of(ctx)
    if len(named.hosts) < 2:
        hint = "name two or more with -n, or write them to cluster.yaml: sparkup detect --write"
        raise InputRefused(Problem("too-few-hosts", "one host has nobody to log in to", hint=hint))
    if not (check or yes):
        _ask(ctx, [host.name for host in named.hosts])
    return carry_out(ctx, nodes.noting(named.notes, lambda context: mesh(named.hosts, context, check=check)))


def _ask(ctx: click.Context, names: list[str]) -> None:
    """Let the user say whether it may be done; raises InputRefused where nobody can be asked."""
    what = f"{', '.join(names)} will log in to each other with keys that have no passphrase"
    if not nodes.can_ask(as_json=ctx.params["as_json"]):
        hint = "say --yes to do it, or --check to see what is there"
        raise InputRefused(Problem("bad-option", f"{what}: that needs your consent", hint=hint))
    nodes.confirmed(f"{what}. Do it?", abort=True)
