"""sparkup launch."""

from functools import partial
from typing import Any

import click

from sparkup.actions import dryrun
from sparkup.actions.launch import launch as start
from sparkup.actions.running import Manner
from sparkup.cli import options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import WithRest, problems, rest
from sparkup.config.containers import TypedContainer
from sparkup.config.problems import Problems
from sparkup.config.request import Typed, parse


@click.command(cls=WithRest)
@options.remote
@click.option("--solo", is_flag=True, help="One machine only.")
@click.option("--name", metavar="NAME", help="What the launch is called. [default: vllm_node]")
@click.option(
    "--engine",
    metavar="docker|podman|host",
    help="What runs it; host: processes in a Python environment. [default: what has the image, else host]",
)
@options.container
@click.option(
    "--venv",
    default="",
    metavar="cpu|cuda|NAME|none",
    help="Managed environment to use. [default: what fits]",
)
@click.option(
    "-e",
    "--env",
    "env",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Environment variable; without a value it is taken from here. Secrets are never shown.",
)
@click.option("-j", "jobs", metavar="N", help="Compile at most so many things at once at the first start.")
@click.option(
    "--nccl-debug",
    is_flag=False,
    flag_value="INFO",
    metavar="[LEVEL]",
    help="Set NCCL_DEBUG. [INFO without a level]",
)
@click.option("--mem-limit-gb", metavar="N", help="Memory limit in GiB, where systemd can hold it.")
@click.option("--pids-limit", metavar="N", help="Limit of processes and threads, where systemd can hold it.")
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
@click.option(
    "--dry-run",
    is_flag=False,
    flag_value="plan",
    metavar="[plan|script]",
    help="Show what would be done; script: as a shell script.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="With --dry-run: plan from what hosts last answered, open no connection.",
)
@options.as_json
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
    request = parse(
        Typed(
            command=rest(ctx),
            hosts=given["hosts"],
            outlives=not given["stop_on_exit"],
            container=TypedContainer(**{name: given[name] for name in options.CONTAINER}),
            **{name: given[name] for name in PLAIN},
        ),
        found,
    )
    # A launch that ends with this command is one that it stays with.
    stays = given["stop_on_exit"] or not given["as_json"]
    follow = stays if given["follow"] is None else given["follow"]
    manner = Manner(given["detach"], follow, given["stop_on_exit"])
    if dry := given["dry_run"]:
        show = partial(dryrun.show, as_script=dry == "script", offline=given["offline"])
        return carry_out(ctx, lambda context: show(request, manner, context))
    return carry_out(ctx, lambda context: start(request, manner, context))


PLAIN = (
    "solo",
    "name",
    "engine",
    "env",
    "venv",
    "jobs",
    "nccl_debug",
    "ready",
    "stall_timeout",
    "ready_timeout",
    "mem_limit_gb",
    "pids_limit",
)


def _check(given: dict[str, Any], found: Problems) -> None:
    """Note options that contradict each other."""
    if given["dry_run"] not in (None, "plan", "script"):
        found.add(f"--dry-run={given['dry_run']} is unknown", "use --dry-run or --dry-run=script")
    if given["offline"] and not given["dry_run"]:
        found.add("--offline goes with --dry-run: a launch needs its hosts", "leave --offline out")
    if given["detach"] and given["follow"]:
        found.add("-d and --follow contradict each other", "leave one out")
    if given["follow"] is False and given["stop_on_exit"]:
        found.add("--no-follow and --stop-on-exit contradict each other", "leave one out")
    if given["detach"] and given["stop_on_exit"]:
        found.add("-d and --stop-on-exit contradict each other", "leave one out")
