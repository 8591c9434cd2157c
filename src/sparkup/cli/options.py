"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sparkup.cli import nodes
from sparkup.domain.host import Host
from sparkup.facts.machine import SYSTEM_STATE, USER_STATE

Decorated = Callable[..., Any]

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
json_lines = click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of text.")
progress = click.option(
    "--progress",
    type=click.Choice(["auto", "live", "plain", "json", "quiet"]),
    default="auto",
    show_default=True,
    help="How progress is shown on standard error.",
)
hosts = click.option(
    "-n",
    "--nodes",
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST[,HOST]",
    help="Machines: names of cluster.yaml, or as SSH knows them."
    " [default: the cluster of cluster.yaml, else this one]",
)
cluster = click.option("--cluster", metavar="NAME", help="A cluster of cluster.yaml.")
solo = click.option("--solo", is_flag=True, help="One machine only: this one, unless another is named.")
inventory = click.option(
    "--inventory",
    metavar="FILE|none",
    default="",
    help="Another cluster.yaml than the one in this folder or the user's own.",
)
accept_keys = click.option(
    "--accept-new-host-keys",
    is_flag=True,
    help="Let SSH accept the keys of hosts it has never met.",
)
ssh_config = click.option("--ssh-config", metavar="FILE", help="Another ssh_config than the user's own.")


def _names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete names of launches on this machine, by their folders: a key was pressed and somebody waits."""
    if ctx.params.get("hosts"):
        return []  # to ask those takes too long
    named = os.environ.get("SPARKUP_STATE_DIR")
    roots = [Path(named)] if named else [Path(SYSTEM_STATE), Path(USER_STATE).expanduser()]
    found = {folder.name for root in roots for folder in root.glob("launches/*")}
    return sorted(name for name in found if name.startswith(incomplete))


launch_name = click.argument("name", required=False, shell_complete=_names)

rank = click.option("--rank", type=click.IntRange(min=0), metavar="N", help="Only this rank of several.")


_container = (
    click.option("-t", "--image", metavar="IMAGE", help="Image of the container. [default: vllm-node]"),
    click.option(
        "-v",
        "--volume",
        multiple=True,
        metavar="SOURCE:TARGET[:ro]",
        help="Mount a path of the host in the container; a bare word is a volume of the engine.",
    ),
    click.option(
        "-p",
        "--publish",
        multiple=True,
        metavar="[ADDRESS:]PORT:INSIDE",
        help="Publish a port, on the loopback unless an address is given; the container then has a"
        " network of its own. [default: the host's network]",
    ),
    click.option(
        "--non-privileged",
        is_flag=True,
        help="Give the container no more than RDMA needs, and hold it to limits (110 GiB of memory,"
        " 4096 tasks, 64 GiB of shared memory).",
    ),
    click.option(
        "--mem-swap-limit-gb", metavar="N", help="Memory and swap, with --non-privileged. [memory + 10]"
    ),
    click.option("--shm-size-gb", metavar="N", help="Shared memory, with --non-privileged. [64]"),
    click.option("--no-cache-dirs", is_flag=True, help="Mount no caches of vLLM and compilers; models stay."),
    click.option("--keep-entrypoint", is_flag=True, help="Run the command through the image's entrypoint."),
    click.option(
        "--engine-args",
        multiple=True,
        metavar="WORDS",
        help="Further words for `docker run`, split as a shell does.",
    ),
)


def container(command: Decorated) -> Decorated:
    """Add what a launch in a container takes."""
    for option in reversed(_container):
        command = option(command)
    return command


def remote(command: Decorated) -> Decorated:
    """Add what every command that reaches hosts takes."""
    for option in (progress, ssh_config, accept_keys, inventory, solo, cluster, hosts):
        command = option(command)
    return command


def one_host(_: tuple[str, ...]) -> Host:
    """Return the one host that a command works on; raises InputRefused for several."""
    return nodes.one(click.get_current_context())
