"""A status as text for people."""

from collections.abc import Sequence

from sparkup.domain.answer import Row, Status, Whole
from sparkup.domain.duration import age
from sparkup.domain.host import Host, follow_up
from sparkup.planning.several import ABSURD, LIVING, MISSING
from sparkup.report.table import table
from sparkup.report.tunnel import tunnel
from sparkup.report.view import printable


def status_text(answer: Status, width: int | None) -> str:
    """Return launches as a table, and each of several ranks as lines of its own."""
    if not answer.launches:
        return f"nothing is launched on {', '.join(answer.hosts)}\n"
    parts = [(each.name, each.attempt) for each in answer.wholes]
    alone = [row for row in answer.launches if (row.name, row.attempt) not in parts]
    title = ("NAME", "HOST", "PHASE", "SINCE", "PID", "API", "COMMAND")
    texts = [table([title, *map(_row, alone)], width) + "".join(map(_next, alone))] if alone else []
    return "\n".join((*texts, *(_whole(each, answer.launches) for each in answer.wholes)))


def _whole(whole: Whole, rows: Sequence[Row]) -> str:
    """Return a launch of several ranks: a line for all of it, a line a rank, and what could not be seen."""
    mine = [row for row in rows if (row.name, row.attempt) == (whole.name, whole.attempt)]
    at = f" at {whole.url}" if whole.url and whole.phase in LIVING else ""
    what = ", ".join(filter(None, (f"{len(whole.nodes)} ranks through {whole.backend}", whole.model)))
    why = f": {whole.because}" if whole.because else ""
    ranks = [_rank(row) for row in sorted(mine, key=lambda row: row.rank)]
    lines = table([("  RANK", "HOST", "PHASE", "SINCE", "PID", "LOG"), *ranks])
    notes = "".join(f"  {printable(note)}\n" for note in whole.notes)
    seen = min(mine, key=lambda row: (row.phase in MISSING, row.rank))
    after = "".join(map(_way, mine)) + _cause(whole.phase, seen)
    return printable(f"{whole.name} is {whole.phase}{at} ({what}){why}") + f"\n{lines}{notes}{after}"


def _next(row: Row) -> str:
    return _way(row) + _cause(row.phase, row)


def _cause(phase: str, row: Row) -> str:
    """Return a line on how it is found out why a launch failed, asking the host of one of its ranks."""
    if phase not in ("failed", "lost", "degraded"):
        return ""
    return printable(f"  why: {follow_up('logs --first-cause', row.name, row.host)}") + "\n"


def _way(row: Row) -> str:
    """Return a line on how to reach the server of a rank from here, "" where its URL is enough."""
    way = tunnel(row.url, Host(row.host, row.address, row.via)) if row.phase in LIVING else ""
    return f"  from here, open a way to {row.name} first: {way}\n" if way else ""


def _rank(row: Row) -> tuple[str, ...]:
    return (f"  {row.rank}", row.host, _phase(row), _since(row), str(row.pid or "-"), row.log or "-")


def _phase(row: Row) -> str:
    if row.phase == "orphaned" and row.container:
        return f"orphaned ({row.container})"
    if row.container == "paused":
        return f"{row.phase} (paused)"
    if row.phase == "starting" and row.stage:
        return f"starting ({row.stage})"
    if row.phase == "failed":
        return "was ended" if row.because else f"failed (exit {row.exit_status})"
    return row.phase


def _since(row: Row) -> str:
    return age(row.seconds) if 0 < row.seconds < ABSURD else "-"  # the host's clock is not ours


def _row(row: Row) -> tuple[str, ...]:
    if row.phase == "hidden":
        return (row.name, row.host, f"hidden (of uid {row.owner})", *("-" for _ in range(4)))
    if row.phase == "orphaned":
        return (row.name, row.host, _phase(row), "-", "-", "-", f"(its folder is gone; image {row.image})")
    command = " ".join(" ".join(row.argv).split())  # a row is one line, whatever the command holds
    return (row.name, row.host, _phase(row), _since(row), str(row.pid), row.url or "-", command)
