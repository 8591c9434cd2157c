"""sparkup facts: what is known of hosts, and the parsers of what their tools print."""

import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from sparkup.cli import nodes, options
from sparkup.cli.default_verb import WithDefault
from sparkup.cli.strict import Strict, suggestion
from sparkup.domain.plain import plain
from sparkup.errors import InputRefused, Problem
from sparkup.report.json_line import json_line

LONGEST = 1 << 26  # characters that are read: no tool prints more


def _shown(_: click.Context, __: click.Parameter | None, incomplete: str) -> list[str]:
    """Complete names of facts."""
    from sparkup.actions.facts import SHOWN  # noqa: PLC0415

    return [name for name in SHOWN if name.startswith(incomplete)]


def _sources(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete names of what has a parser."""
    from sparkup.facts.parsers import SOURCES  # noqa: PLC0415

    return sorted(name for name in SOURCES if name.startswith(incomplete))


class WithNames(WithDefault):
    """The verbs, of which `show` may be left out: names of facts are completed as well."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs, and names of facts."""
        names = [CompletionItem(name) for name in _shown(ctx, None, incomplete)]
        return [*super().shell_complete(ctx, incomplete), *names]


@click.group(cls=WithNames)
def facts() -> None:
    """Show what is known of hosts; read what their tools print.

    The word show may be left out.
    """


@facts.command("show", cls=Strict)
@click.argument("name", required=False, shell_complete=_shown)
@options.remote
@options.as_json
@click.pass_context
def show(ctx: click.Context, /, name: str | None, **_: object) -> int:
    """Show what a host is and has; one fact when it is named. Changes nothing."""
    from sparkup.actions import facts as actions  # noqa: PLC0415 - `parse` needs none of it
    from sparkup.cli.carry import carry_out  # noqa: PLC0415

    if name is not None and name not in actions.SHOWN:
        raise _unknown("fact", name, list(actions.SHOWN))
    there, names = nodes.all_there_are(ctx).hosts, (name,) if name else ()
    return carry_out(ctx, lambda context: actions.show(there, names, context))


@facts.command("parse", cls=Strict)
@click.argument("name", shell_complete=_sources)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which it does anyhow.")
def parse(name: str, **_: object) -> int:
    """Read on standard input what a tool has printed; print what it says as JSON (docs/facts.md).

    NAME is the tool or file: `ip -j addr | sparkup facts parse ip`. The text of another tool ends with
    status 2. Unknown is null.
    """
    from sparkup.facts import parsers  # noqa: PLC0415 - all parsers, which no other verb needs

    if name not in parsers.SOURCES:
        raise _unknown("source", name, list(parsers.SOURCES))
    if sys.stdin.isatty():
        click.echo("reads standard input; end it with Ctrl-D", err=True)
    text = sys.stdin.buffer.read(LONGEST).decode(errors="replace")
    value = parsers.parse(name, text)
    if value is None:
        expected = parsers.SOURCES[name].expected
        hint = f"expected: {expected}" + ("" if text.strip() else "; there was nothing on standard input")
        raise InputRefused(Problem("not-of-that-kind", f"the text is not {name}'s", "standard input", hint))
    click.echo(json_line(plain(value)), nl=False)
    return 0


@facts.command("record", cls=Strict)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=True, path_type=Path))
@options.remote
@options.as_json
@click.pass_context
def record(ctx: click.Context, /, folder: Path, hosts: tuple[str, ...], **_: object) -> int:
    """Record what a host's tools print in a new folder, for a bug report; `facts parse` reads each file.

    Addresses stay. Serial numbers, the names of host and user, the ends of MAC addresses, passwords and
    tokens are taken out. Look through it before you send it on.
    """
    from sparkup.actions import facts as actions  # noqa: PLC0415
    from sparkup.cli.carry import carry_out  # noqa: PLC0415

    host = options.one_host(hosts)
    return carry_out(ctx, lambda context: actions.record(host, folder, context))


def _unknown(what: str, name: str, known: list[str]) -> InputRefused:
    hint = suggestion(name, known) or f"there are: {', '.join(sorted(known))}"
    return InputRefused(Problem("bad-option", f"no {what} is called {name!r}", hint=hint))
