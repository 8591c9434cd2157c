"""sparkup exec."""

import sys

import click

from sparkup.actions.enter import enter as run
from sparkup.cli import options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import WithRest, problems, rest
from sparkup.errors import InputRefused, Problem


@click.command("exec", cls=WithRest)
@options.launch_name
@click.option("-i", "--interactive", is_flag=True, help="Ours is always; for those who are used to it.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal even if ours is not one at both ends.")
@options.remote
@click.pass_context
def enter(ctx: click.Context, /, name: str | None, hosts: tuple[str, ...], *, tty: bool, **_: object) -> int:
    """Run a command in the environment of a launch, on this terminal when there is one."""
    found = problems(ctx)
    argv = rest(ctx)
    if not argv:
        found.append(
            Problem("no-command", "there is no command to run", hint="sparkup exec [NAME] -- COMMAND")
        )
    if found:
        raise InputRefused(*found)
    tty = sys.stdin.isatty() and (tty or sys.stdout.isatty())  # an engine refuses one without an input
    host = options.one_host(hosts)
    ctx.params["progress"] = "quiet" if ctx.params["progress"] == "auto" else ctx.params["progress"]
    return carry_out(ctx, lambda context: run(name, host, argv, context, tty=tty))
