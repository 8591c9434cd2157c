"""sparkup logs."""

import re
from datetime import datetime
from typing import Any

import click

from sparkup.actions.logs import Excerpt, Wanted
from sparkup.actions.logs import logs as show
from sparkup.cli import nodes, options
from sparkup.cli.carry import carry_out
from sparkup.cli.strict import Strict
from sparkup.errors import InputRefused, Problem

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NOW = 0.001  # seconds: no age at all, and yet below 0


@click.command(cls=Strict)
@options.launch_name
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows.")
@click.option("--since", metavar="TIME", help="From then on: 10m, 2h, or 2026-01-31T12:00 (to about 1 s).")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines, of each rank.")
@options.rank
@click.option("--first-cause", is_flag=True, help="Only why it failed: of all ranks the first to say so.")
@options.remote
@options.json_lines
@click.pass_context
def logs(ctx: click.Context, /, name: str | None, **given: Any) -> int:  # noqa: ANN401 - click's own
    """Show what a launch has printed; of one that is over, the last of that name.

    Of several ranks all are shown, in the order in which the lines were written, each behind [RANK HOST].
    """
    since, rank, cause = given["since"], given["rank"], given["first_cause"]
    if cause and (rank is not None or given["follow"]):
        hint = "leave the other out: it looks at all ranks, once"
        raise InputRefused(Problem("bad-option", "--first-cause goes with neither --rank nor -f", hint=hint))
    begin = None if since is None else parse_time(since)
    excerpt, wanted = Excerpt(given["follow"], begin, given["tail"]), Wanted(name, rank, cause)
    hosts, called = nodes.of(ctx).hosts, nodes.called(ctx)
    return carry_out(ctx, lambda context: show(wanted, excerpt, hosts, context, called))


def parse_time(text: str) -> float:
    """Return seconds after the epoch, or below 0 those before now: the host subtracts from its own clock.

    Raises InputRefused for what is no time.
    """
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text):
        return min(-float(match[1]) * UNITS[match[2] or "s"], -NOW)
    try:
        return max(datetime.fromisoformat(text).astimezone().timestamp(), 0.0)
    except (ValueError, OverflowError):
        raise InputRefused(
            Problem(
                "bad-option",
                f"--since {text!r} is no time",
                hint="write 90s, 10m, 2h, 1d or 2026-01-31T12:00",
            )
        ) from None
