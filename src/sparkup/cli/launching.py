"""What `launch` and `start` take alike, and how it becomes a request."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import click

from sparkup.actions import checking, dryrun
from sparkup.actions.context import Context
from sparkup.actions.launch import launch
from sparkup.actions.peers import with_peers
from sparkup.actions.starting import Manner
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.config.containers import TypedContainer
from sparkup.config.defaults import with_defaults, with_secrets
from sparkup.config.problems import Problems
from sparkup.config.request import Typed, parse
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import HostUnreachable
from sparkup.planning.parallel import wrong_sizes
from sparkup.planning.wanting import enough, without

CONTAINER = tuple(field.name for field in fields(TypedContainer))
Decorated = Callable[..., Any]
TYPED = (
    *("name", "engine", "env", "jobs", "nccl_debug", "mem_limit_gb", "pids_limit", "earlyoom"),
    *("backend", "master_port", "eth_if", "ib_if"),
)
_taken = (
    click.option("--name", metavar="NAME", help="What the launch is called. [default: vllm_node]"),
    click.option(
        "--engine",
        metavar="docker|podman|host",
        help="What runs it; host: processes in a Python environment."
        " [default: what has the image, else host]",
    ),
    click.option(
        "-e",
        "--env",
        "env",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Environment variable; without a value it is taken from here. Secrets are never shown.",
    ),
    click.option(
        "-j", "jobs", metavar="N", help="Compile at most so many things at once at the first start."
    ),
    click.option(
        "--nccl-debug",
        is_flag=False,
        flag_value="INFO",
        metavar="[LEVEL]",
        help="Set NCCL_DEBUG. [INFO without a level]",
    ),
    click.option(
        "--mem-limit-gb",
        metavar="N",
        help="Memory limit in GiB; of a container with --non-privileged, else where systemd can hold it.",
    ),
    click.option(
        "--earlyoom",
        is_flag=True,
        help="End it before the machine freezes: when less than 512 MiB of memory are available; at 100"
        " MiB it is killed.",
    ),
    click.option("--pids-limit", metavar="N", help="Limit of processes and threads, likewise."),
)
_cluster = (
    click.option(
        "--backend",
        metavar="mp|ray",
        help="On several hosts: how ranks find each other. [default: what the command says, else mp]",
    ),
    click.option(
        "--master-port",
        "--head-port",
        "master_port",
        metavar="PORT",
        help="On several hosts: where ranks meet. [default: 29501 for mp, 6379 for ray, or the next that is"
        " free]",
    ),
    click.option(
        "--eth-if",
        multiple=True,
        metavar="[HOST=]NAME",
        help="On several hosts: network interface to talk over. [default: found]",
    ),
    click.option(
        "--ib-if",
        multiple=True,
        metavar="[HOST=]NAME[,NAME]",
        help="On several hosts: RDMA devices to use. [default: found]",
    ),
)
_dry = (
    click.option(
        "--dry-run",
        is_flag=False,
        flag_value="plan",
        metavar="[plan|script]",
        help="Show what would be done; script: as a shell script.",
    ),
    click.option(
        "--check",
        "--check-config",
        "check",
        is_flag=True,
        help="Check everything up to the start, and show what each host would get.",
    ),
    click.option("--explain", is_flag=True, help="Show each environment variable with its reason."),
    click.option(
        "--offline",
        is_flag=True,
        help="With these: plan from what hosts last answered, open no connection.",
    ),
)


def launching(command: Decorated) -> Decorated:
    """Add the options of what is launched: where, as what, in which container, with which limits."""
    for option in reversed((options.remote, *_taken, *_cluster, options.container, *_dry, options.as_json)):
        command = option(command)
    return command


def run(
    ctx: click.Context, typed: dict[str, Any], command: Sequence[str], manner: Manner, found: Problems
) -> int:
    """Parse all of a command line and carry it out, or show what would be done."""
    given = ctx.params
    dry = given["dry_run"]
    if dry not in (None, "plan", "script"):
        found.add(f"--dry-run={dry} is unknown", "use --dry-run or --dry-run=script")
    instead = [name for name in ("dry_run", "check", "explain") if given[name]]
    if len(instead) > 1:
        options = " and ".join("--" + name.replace("_", "-") for name in instead)
        found.add(f"{options} are different answers", "use one of them")
    if given["offline"] and not instead:
        found.add("--offline goes with --dry-run: a launch needs its hosts", "leave --offline out")
    found += wrong_sizes(command)
    container = TypedContainer(**{name: given[name] for name in CONTAINER})
    plain = {name: given[name] for name in TYPED}
    named = nodes.cluster(ctx, found)
    words = Typed(command=command, hosts=named.hosts, container=container, **plain, **typed)
    unused: tuple[str, ...] = ()
    request = with_secrets(parse(with_defaults(words, named.known), found), named.known)
    if named.chosen and not given["hosts"]:  # those that -n names are all meant
        request, unused = enough(request)

    async def act(context: Context) -> int:
        found_by_us = not (named.chosen or given["offline"])
        asked = await with_peers(request, context) if found_by_us else request
        try:
            return await _done(asked, given, manner, context)
        except HostUnreachable as error:
            raise without(error, asked) from None

    return carry_out(ctx, nodes.noting((*named.notes, *unused), act))


async def _done(request: LaunchRequest, given: dict[str, Any], manner: Manner, context: Context) -> int:
    """Launch, or answer what is asked instead."""
    offline = given["offline"]
    if given["check"]:
        return await checking.check(request, context, offline=offline)
    if given["explain"]:
        return await checking.explain(request, context, offline=offline)
    if given["dry_run"]:
        script = given["dry_run"] == "script"
        return await dryrun.show(request, manner, context, as_script=script, offline=offline)
    return await launch(request, manner, context)
