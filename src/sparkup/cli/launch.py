"""sparkup launch."""

from typing import Any

import click

from sparkup.actions.starting import Manner
from sparkup.cli.launching import launching, run
from sparkup.cli.strict import WithRest, problems, rest
from sparkup.config.problems import Problems

TYPED = ("venv", "ready", "stall_timeout", "ready_timeout")


@click.command(cls=WithRest)
@launching
@click.option(
    "--venv",
    default="",
    metavar="cpu|cuda|NAME|none",
    help="Managed environment to use. [default: what fits]",
)
@click.option(
    "--ready",
    default="auto",
    show_default=True,
    metavar="auto|none|port:N|http:URL",
    help="When it counts as ready. auto: vLLM by /health and one real request; other commands are"
    " followed to their end.",
)
@click.option(
    "--stall-timeout",
    default="600",
    show_default=True,
    metavar="SECONDS",
    help="Give up after so long without progress.",
)
@click.option("--ready-timeout", metavar="SECONDS", help="Give up after so long in all. [default: never]")
@click.option("-d", "--detach", is_flag=True, help="Return as soon as it runs.")
@click.option(
    "--follow/--no-follow",
    default=None,
    help="After ready, follow the log, or return. [default: follow, but not with --json]",
)
@click.option("--stop-on-exit", is_flag=True, help="Stop it when this command ends.")
@click.pass_context
def launch(ctx: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Start a server or any other command, wait until it answers, follow its log.

    Everything after -- is the command, passed on exactly as given:

        sparkup launch -- vllm serve Qwen/Qwen3-8B --max-model-len 8192

    Ctrl-C before it is ready takes the start back; after that it only stops following. A closed
    terminal leaves it running.
    """
    found = Problems(problems(ctx))
    _check(given, found)
    # A launch that ends with this command is one that it stays with.
    stays = given["stop_on_exit"] or not given["as_json"]
    follow = stays if given["follow"] is None else given["follow"]
    typed = {**{name: given[name] for name in TYPED}, "outlives": not given["stop_on_exit"]}
    return run(ctx, typed, rest(ctx), Manner(given["detach"], follow, given["stop_on_exit"]), found)


def _check(given: dict[str, Any], found: Problems) -> None:
    """Note options that contradict each other."""
    if given["detach"] and given["follow"]:
        found.add("-d and --follow contradict each other", "leave one out")
    if given["follow"] is False and given["stop_on_exit"]:
        found.add("--no-follow and --stop-on-exit contradict each other", "leave one out")
    if given["detach"] and given["stop_on_exit"]:
        found.add("-d and --stop-on-exit contradict each other", "leave one out")
