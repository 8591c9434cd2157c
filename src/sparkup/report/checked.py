"""The outcomes of checks, and variables with their reasons, as text for people."""

import shlex
from collections.abc import Iterator

from sparkup.domain.checked import Checked, CheckedRank, Explained, Reasoned
from sparkup.report.view import printable

WORDS = {"fail": "FAILS", "unknown": "not checked", "warn": "warning", "note": "note"}
ID = 15  # characters of the longest id


def checked(answer: Checked) -> str:
    """Return the outcomes of all checks, what each rank would get, and whether it would start."""
    return "".join(f"{printable(line)}\n" for line in _checked(answer))


def _checked(answer: Checked) -> Iterator[str]:
    well = sum(row.outcome == "ok" for row in answer.checks)
    for row in answer.checks:
        if row.outcome != "ok":
            where = f"{row.where}: " if row.where else ""
            yield f"{WORDS[row.outcome]:<11}  {row.id:<{ID}}  {where}{row.message}"
            yield from [f"{'':<{11 + 2 + ID + 2}}{row.hint}"] if row.hint else []
    yield f"{'ok':<11}  {well} check{'' if well == 1 else 's'} passed"
    yield f"fabric: {answer.fabric}"
    for rank in answer.ranks:
        yield from _rank(rank)
    if answer.problems:
        yield f"{answer.name} would not be started"
    else:
        yield "nothing was done; the same without --check starts it"


def _rank(rank: CheckedRank) -> Iterator[str]:
    yield f"rank {rank.rank} on {rank.host}, engine {rank.engine}:"
    content = f" (content {rank.fingerprint[:12]})" if rank.fingerprint else ""
    told = {
        "image": rank.image + content,
        "network": rank.network,
        "RDMA": " ".join(rank.devices),
        "caches": ", ".join(f"{source} at {target}" for source, target in rank.caches.items()),
        "by": shlex.join(rank.argv),
    }
    yield from (f"  {name:<8} {text}" for name, text in told.items() if text)


def explained(answer: Explained) -> str:
    """Return the variables of each rank; those that are the same on all ranks once."""
    first = answer.ranks[0].variables
    common = [each for each in first if all(each in rank.variables for rank in answer.ranks)]
    lines = [
        f"{answer.name}: variables of all ranks" if len(answer.ranks) > 1 else f"{answer.name}: variables"
    ]
    lines += [line for each in common for line in _variable(each)] or ["  none"]
    for rank in answer.ranks:
        own = [line for each in rank.variables if each not in common for line in _variable(each)]
        lines += [f"rank {rank.rank} on {rank.host}", *own] if own else []
    lines.append("nothing was done; the same without --explain starts it")
    return "".join(f"{printable(line)}\n" for line in lines)


def _variable(each: Reasoned) -> Iterator[str]:
    yield f"  {each.name}" + (", which is not shown" if each.value is None else f"={each.value}")
    instead = "" if each.instead is None or each.instead == each.value else f" (else {each.instead})"
    yield f"      {each.reason}{instead}"
