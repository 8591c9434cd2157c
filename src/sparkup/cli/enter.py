"""sparkup exec."""

import sys
from typing import Any

import click

from sparkup.actions.enter import Wanted, on_all
from sparkup.actions.enter import enter as run
from sparkup.actions.ranks import HERE
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import WithRest, problems, rest
from sparkup.errors import InputRefused, Problem


@click.command("exec", cls=WithRest)
@options.launch_name
@click.option("-i", "--interactive", is_flag=True, help="Ours is always; for those who are used to it.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal even if ours is not one at both ends.")
@options.rank
@click.option("--all", "everywhere", is_flag=True, help="On all ranks at once, each line behind [RANK HOST].")
@options.remote
@click.pass_context
def enter(ctx: click.Context, /, name: str | None, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Run a command in the environment of a launch, on this terminal when there is one.

    Of several ranks in that of the head, or of the one host that -n names. With --all the status is 0 if it
    is that everywhere, else the first other one, by rank; 3 if a rank could not be reached.
    """
    found = problems(ctx)
    argv = rest(ctx)
    if not argv:
        found.append(
            Problem("no-command", "there is no command to run", hint="sparkup exec [NAME] -- COMMAND")
        )
    everywhere = given["everywhere"]
    if everywhere and (given["rank"] is not None or given["tty"] or given["interactive"]):
        hint = "a terminal, and an input, can be given to one rank: --rank N"
        found.append(Problem("bad-option", "--all goes with none of --rank, -i and -t", hint=hint))
    if found:
        raise InputRefused(*found)
    tty = sys.stdin.isatty() and (given["tty"] or sys.stdout.isatty())  # an engine wants an input with it
    hosts, called = nodes.of(ctx).hosts, nodes.called(ctx)
    if ctx.params["progress"] == "auto":
        ctx.params["progress"] = "plain" if everywhere else "quiet"
    if everywhere:
        return carry_out(ctx, lambda context: on_all(name, hosts, argv, context, called))
    default = HERE if given["hosts"] and len(hosts) == 1 else 0
    rank = default if given["rank"] is None else given["rank"]
    wanted = Wanted(name, rank, argv, tty=tty)
    return carry_out(ctx, lambda context: run(wanted, hosts, context, called))
