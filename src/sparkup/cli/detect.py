"""sparkup detect."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from sparkup.actions.detect import Wanted, detect, written
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.config import dotenv, places
from sparkup.config.finding import HERE, Found, digest, find, trust
from sparkup.config.here import here
from sparkup.config.inventory_write import Draft, opened, save
from sparkup.config.problems import Problems
from sparkup.domain.discovery import Search
from sparkup.domain.host import LOCAL, Host, parse_host
from sparkup.domain.inventory import Inventory
from sparkup.errors import InputRefused

_options = (
    click.option(
        "--from", "origin", metavar="HOST", default="", help="Search from that host. [default: this machine]"
    ),
    click.option("--write", is_flag=True, help="Write what was found to cluster.yaml."),
    click.option(
        "--file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Another cluster.yaml than the one that counts.",
    ),
    click.option(
        "--from-env",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Begin with the .env of the old scripts: its nodes and settings.",
    ),
    click.option("--cluster", metavar="NAME", default="", help="What the hosts are together. [default]"),
    click.option(
        "--scan/--no-scan",
        default=True,
        help="Try the addresses of the networks of RDMA ports (up to /24), or only whom the host has met.",
    ),
    click.option("--scan-large", is_flag=True, help="Also networks of up to 4094 addresses (/20)."),
    click.option("--any-machine", is_flag=True, help="Take machines that are no Sparks as well."),
    click.option(
        "--accept-new-identity",
        is_flag=True,
        help="Write hosts of the file too whose SSH host keys changed: they were reinstalled.",
    ),
    click.option("-y", "--yes", is_flag=True, help="Write without being asked, as --write does."),
)


def _searching(command: options.Decorated) -> options.Decorated:
    shared = (options.inventory, options.accept_keys, options.ssh_config, options.progress, options.as_json)
    for option in reversed((*_options, *shared)):
        command = option(command)
    return command


@click.command("detect", cls=Strict)
@_searching
@click.pass_context
def detect_(ctx: click.Context, /, **_: object) -> int:
    """Find the other Sparks on your cables, show what joins them, and write cluster.yaml if asked.

    What answers is logged in to with your key, and taken if it is a Spark: a host key that SSH does not
    know is asked for on a terminal. Where a cluster.yaml is there, it is held against what was found.
    """
    given = ctx.params
    wanted = _wanted(ctx)
    asked = nodes.can_ask(as_json=given["as_json"])
    status = carry_out(ctx, lambda context: detect(wanted, context))
    many = wanted.new is not None and len(wanted.new.hosts) > 1
    if not wanted.write and asked and many and nodes.confirmed(_question(wanted)):
        before = written(wanted)
        click.echo(f"written{f'; the file before it is {before}' if before else ''}", err=True)
        wanted.write = True
    if wanted.write:
        _trusted(Path(wanted.file))
    return status


def _question(wanted: Wanted) -> str:
    if not wanted.changed or wanted.renewed:
        return f"Write it to {wanted.file}?"
    names = ", ".join(each.where for each in wanted.changed)
    return f"Take the new SSH host keys of {names}, if reinstalled, and write it to {wanted.file}?"


def _wanted(ctx: click.Context) -> Wanted:
    """Return what the words say; raises InputRefused with all that is wrong with them."""
    given, found = ctx.params, Problems()
    draft, base = _file(ctx, found)
    if given["from_env"]:
        base = _imported(given["from_env"], base, found)
    search = Search(scan=given["scan"], large=given["scan_large"], any_machine=given["any_machine"])
    if found:
        raise InputRefused(*found)
    origin = _origin(given["origin"], base)
    same = here().is_here if origin.is_local else lambda address: address == origin.address
    return Wanted(
        file=str(draft.path),
        base=base,
        save=partial(save, draft),
        search=search,
        origin=origin,
        here=same,
        cluster=given["cluster"],
        write=given["write"] or given["yes"],
        renewed=given["accept_new_identity"],
    )


def _file(ctx: click.Context, found: Problems) -> tuple[Draft, Inventory]:
    """Return the file that is written, and what it says now; one in a folder has to be trusted."""
    named: Path | None = ctx.params["file"]
    try:
        if named is not None:
            draft = opened(named)
            return draft, here().seen(draft.inventory)
        there = find(ctx.params["inventory"])
        draft = opened(there.path if there else places.inventory() or HERE)
        return draft, nodes.inventory(ctx, found)
    except InputRefused as error:
        found += error.problems
        return Draft(named or HERE, None), Inventory()


def _imported(file: Path, base: Inventory, found: Problems) -> Inventory:
    """Return an inventory with the hosts and settings of a .env, where it has none of its own."""
    try:
        read = dotenv.load(file)
    except InputRefused as error:
        found += error.problems
        return base
    for note in read.notes:
        click.echo(note, err=True)
    old = read.inventory
    return replace(
        base,
        hosts=base.hosts or old.hosts,
        clusters=base.clusters or old.clusters,
        defaults=old.defaults if base.defaults == Inventory().defaults else base.defaults,
    )


def _origin(word: str, base: Inventory) -> Host:
    if not word:
        return LOCAL
    known = base.hosts.get(word)
    return here().host(known) if known else parse_host(word)


def _trusted(path: Path) -> None:
    """Trust a file that we have written in this folder: whoever had it written knows what it says."""
    if path.exists() and HERE.exists() and path.samefile(HERE):
        trust(Found(HERE, digest(HERE)))
