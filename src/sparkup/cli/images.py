"""sparkup images: what images hosts have, how two differ, the way back, and what may go."""

import re

import click

from sparkup.actions import image_prune, image_rollback
from sparkup.actions import images as actions
from sparkup.actions.context import Context, done
from sparkup.actions.image_prune import Prunable
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.default_verb import WithDefault
from sparkup.cli.strict import Strict
from sparkup.domain.host import Host
from sparkup.domain.launch import Engine
from sparkup.errors import InputRefused, Problem
from sparkup.planning.image_pruning import Pruning

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
AGE = re.compile(r"(0|[0-9]{1,6}(?=[smhd]))([smhd]?)")


class Listing(WithDefault):
    """The verbs, of which `list` may be left out."""

    default = "list"


@click.group(cls=Listing)
def images() -> None:
    """List the images of hosts with what is known of their builds, compare two, go back, clean up.

    The word list may be left out. IMAGE is a name, or the beginning of a fingerprint or ID. A fingerprint is
    that of the content: where it is the same, the same runs, whatever the engines' own IDs are.
    """


@images.command("list", cls=Strict)
@options.remote
@options.as_json
@click.pass_context
def list_(ctx: click.Context, /, **_: object) -> int:
    """List all images, and whether a name means the same on all hosts. Changes nothing."""
    there = nodes.all_there_are(ctx).hosts
    return carry_out(ctx, lambda context: actions.list_all(there, context))


@images.command("show", cls=Strict)
@click.argument("image")
@options.remote
@options.as_json
@click.pass_context
def show(ctx: click.Context, /, image: str, **_: object) -> int:
    """Show one image: where it is, what it was built from, and what was found in it."""
    there = nodes.all_there_are(ctx).hosts
    return carry_out(ctx, lambda context: actions.show(image, there, context))


@images.command("diff", cls=Strict)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@options.remote
@options.as_json
@click.pass_context
def diff(ctx: click.Context, /, before: str, after: str, **_: object) -> int:
    """Show what image B has otherwise than A: sources, pull requests, arguments, versions, flags of vLLM."""
    there = nodes.all_there_are(ctx).hosts
    return carry_out(ctx, lambda context: actions.diff((before, after), there, context))


@images.command("rollback", cls=Strict)
@click.argument("name", metavar="TAG")
@click.option(
    "--engine", type=click.Choice(["docker", "podman"]), help="Where both have it. [default: docker]"
)
@options.remote
@options.as_json
@click.pass_context
def rollback(ctx: click.Context, /, name: str, engine: str | None, **_: object) -> int:
    """Let TAG mean the image before again, which then keeps the one of now: twice changes nothing.

    All hosts do it, or none. What runs goes on with the image that it was started from.
    """
    there, which = nodes.of(ctx).hosts, Engine(engine) if engine else None
    return carry_out(ctx, lambda context: image_rollback.rollback(name, there, which, context))


@images.command("prune", cls=Strict)
@click.option(
    "--until",
    default="72h",
    metavar="AGE",
    show_default=True,
    help="Let go what is older: a number with s, m, h or d; of build cache, what was not used for so long.",
)
@click.option(
    "--others",
    is_flag=True,
    help="Images without a name of whose build you have no record, too: perhaps another user's.",
)
@click.option("--dry-run", is_flag=True, help="Only show what there is to prune.")
@click.option("-y", "--yes", is_flag=True, help="Do it without being asked.")
@options.remote
@options.as_json
@click.pass_context
def prune(ctx: click.Context, /, *, until: str, others: bool, dry_run: bool, **_: object) -> int:
    """Remove docker's cache of builds, and images that have no name or never passed their checks; asks first.

    What a container uses stays, running or not. The cache is shared by all users of a docker.
    """
    seconds, asks = _seconds(until), not (dry_run or ctx.params["yes"])
    problems = [] if seconds is not None else [_no_age(until)]
    if asks and not nodes.can_ask(as_json=ctx.params["as_json"]):
        hint = "say --yes to do it, or --dry-run to see what there is"
        problems.append(Problem("bad-option", "prune needs your consent", hint=hint))
    if seconds is None or problems:
        raise InputRefused(*problems)
    there, pruning = nodes.of(ctx).hosts, Pruning(seconds, others)
    agreed = _shown(ctx, there, pruning) if asks or dry_run else None
    if agreed and (dry_run or not (agreed.go or agreed.cache)):
        return done(agreed.problems)
    if agreed:
        nodes.confirmed("Remove what may go?", abort=True)
    return carry_out(ctx, lambda context: image_prune.prune(there, pruning, context, agreed))


def _shown(ctx: click.Context, hosts: tuple[Host, ...], pruning: Pruning) -> Prunable:
    """Show what there is to prune, and return it."""
    told: list[Prunable] = []

    async def look(context: Context) -> int:
        told.append(await image_prune.show(hosts, pruning, context))
        return 0

    carry_out(ctx, look)
    return told[0]


def _seconds(word: str) -> float | None:
    """Read an age: 72h, 90m, 3d, 0."""
    found = AGE.fullmatch(word)
    return float(found[1]) * UNITS[found[2]] if found else None


def _no_age(word: str) -> Problem:
    return Problem("bad-option", f"{word!r} is no age", hint="a number with s, m, h or d: --until 72h")
