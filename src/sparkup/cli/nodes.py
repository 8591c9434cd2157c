"""Which hosts a command line means: its words, and the cluster.yaml that counts."""

import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sparkup.config.finding import Found, find, trust, untrusted
from sparkup.config.here import here
from sparkup.config.nodes import Named, Nodes, everywhere, nodes
from sparkup.config.problems import Problems
from sparkup.domain.event import Noted
from sparkup.domain.host import Host
from sparkup.domain.inventory import Inventory
from sparkup.errors import InputRefused

if TYPE_CHECKING:  # options are loaded for commands that reach no host as well
    from sparkup.actions.context import Context
    from sparkup.cli.carry import Action


def cluster(ctx: click.Context, found: Problems) -> Nodes:
    """Return the hosts of a command that works on one cluster, the head first; notes what is wrong."""
    known = inventory(ctx, found)
    return replace(nodes(_named(ctx), known, here(), found), known=known)


def all_there_are(ctx: click.Context) -> Nodes:
    """Return the hosts of a command that looks everywhere when none are named; raises InputRefused."""
    found = Problems()
    named = everywhere(_named(ctx), inventory(ctx, found), here(), found)
    return _unless(found, named)


def of(ctx: click.Context) -> Nodes:
    """Return the hosts of a command that works on one cluster; raises InputRefused."""
    found = Problems()
    named = cluster(ctx, found)
    return _unless(found, named)


def one(ctx: click.Context) -> Host:
    """Return the host of a command that works on one: the head of a cluster, or the one that is named.

    Raises InputRefused for several that were named.
    """
    found = Problems()
    named = cluster(ctx, found)
    if ctx.params["hosts"] and len(named.hosts) > 1:
        found.add("this command works on one machine", "name one with --host")
    return _unless(found, named).hosts[0]


def called(ctx: click.Context) -> Callable[[str], Host | None]:
    """Return how a host is reached that a launch names: as cluster.yaml has it, else as SSH knows it.

    None for what can be the name of no host.
    """
    known = inventory(ctx, Problems())

    def host(name: str) -> Host | None:
        found = Problems()
        named = nodes(Named((name,)), known, here(), found)
        return None if found else named.hosts[0]

    return host


def _unless(found: Problems, named: Nodes) -> Nodes:
    if found:
        raise InputRefused(*found)
    return named


def _named(ctx: click.Context) -> Named:
    return Named(ctx.params["hosts"], ctx.params["cluster"], ctx.params["solo"])


def inventory(ctx: click.Context, found: Problems) -> Inventory:
    """Return what the cluster.yaml that counts says; an empty one where there is none, or something wrong."""
    try:
        file = find(ctx.params["inventory"])
        if file is None:
            return Inventory()
        from sparkup.config.inventory import load  # noqa: PLC0415 - pydantic, for those who have a file

        known = load(file.path)
        if not file.trusted:
            _ask(file, known, ctx)
    except InputRefused as error:
        found += error.problems
        return Inventory()
    return here().seen(known)


def can_ask(*, as_json: bool) -> bool:
    """Say whether there is somebody at a terminal who can be asked."""
    return not as_json and sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, *, abort: bool = False) -> bool:
    """Ask the user at the terminal, yes or no; `abort`: no ends the command."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before is no answer
    return click.confirm(question, abort=abort, err=True)


def _ask(file: Found, known: Inventory, ctx: click.Context) -> None:
    """Let the user say whether a file that lies in a folder may be used; raises InputRefused if not."""
    asked = can_ask(as_json=bool(ctx.params.get("as_json")))
    if asked:
        click.echo(f"{file.path} was never used as it is now. It has these hosts: {shown(known)}", err=True)
    if not asked or not confirmed("Use it from now on?"):
        raise untrusted(file)
    trust(file)


def shown(known: Inventory) -> str:
    """Return the hosts of an inventory with their addresses, on one line."""
    return ", ".join(
        each.name if each.name == each.address else f"{each.name} ({each.address})"
        for each in known.hosts.values()
    )


def noting(notes: Sequence[str], action: "Action") -> "Action":
    """Return an action that first says what is to be known of its hosts."""

    async def noted(context: "Context") -> int:
        for note in notes:
            context.emit(Noted(note))
        return await action(context)

    return noted
