"""Networks between hosts as text for people: a fabric, a search for hosts, keys with which hosts log in."""

from collections.abc import Iterator
from itertools import groupby

from sparkup.domain.duration import age
from sparkup.domain.network import Detected, FabricShown, Meshed
from sparkup.planning.detected import MISSED
from sparkup.report import fabric_picture
from sparkup.report.fabric_picture import NAMES
from sparkup.report.view import printable

WIDTH = 80  # characters, where nothing is known of a terminal


def fabric(answer: FabricShown, width: int | None) -> str:
    """Return a drawing."""
    drawn = f"drawn in {answer.svg}\n" if answer.svg else ""
    return fabric_picture.text(answer.fabric, width or WIDTH) + drawn


def detected(answer: Detected, width: int | None) -> str:
    """Return what was found, why it was taken, what was not, and what joins the hosts."""
    parts = [list(_hosts(answer)), list(_left(answer)), list(_file(answer))]
    text = "\n\n".join("\n".join(map(printable, lines)) for lines in parts[:2] if lines)
    picture = fabric_picture.text(answer.fabric, width or WIDTH) if len(answer.hosts) > 1 else ""
    return "\n".join(filter(None, (f"{text}\n", picture, "".join(f"{printable(x)}\n" for x in parts[2]))))


def _hosts(answer: Detected) -> Iterator[str]:
    for each in answer.hosts:
        kind = "a Spark (GB10)" if each.gb10 else "no Spark"
        where = f" at {each.address}" if each.address else ""
        where += f" through {each.via}" if each.via else ""
        yield f"{each.name}{where}: {kind}, {'; '.join(each.why)}"
        yield f"    {', '.join(each.fabric) or 'no address on an RDMA port that is up'}"
        yield f"    host key {each.host_key or 'unknown'}"
    if len(answer.hosts) == 1:
        where = f" in {', '.join(answer.scanned)}" if answer.scanned else ""
        yield f"no other host was found{where}"
    if _only_asked(answer):
        yield "    → this is no Spark; to search from one, as SSH knows it: sparkup detect --from SPARK"


def _only_asked(answer: Detected) -> bool:
    """Say whether nothing was found but this machine, which is no Spark."""
    return not any(each.address or each.gb10 for each in answer.hosts)


def _left(answer: Detected) -> Iterator[str]:
    for each in answer.left:
        yield f"not taken: {each.address} ({', '.join(each.told)}): {each.message}"
        if each.hint:
            yield f"    → {each.hint}"
    yield from answer.notes


def _file(answer: Detected) -> Iterator[str]:
    if answer.age is not None:
        yield f"{answer.file} was detected {age(answer.age)} ago"
    written = [each for each in answer.stale if answer.written and each.hint != MISSED]
    for hint, together in groupby((x for x in answer.stale if x not in written), lambda each: each.hint):
        for each in together:
            where = f"  {each.where}" if each.where else ""
            yield f"{NAMES[each.level]}  {each.code}{where}: {each.message}"
        if hint:
            yield f"    → {hint}"
    if answer.written:
        before = f"; the file before it is {answer.before}" if answer.before else ""
        yield f"written to {answer.file}{before}{'; what was otherwise in it:' if written else ''}"
        yield from (f"    {': '.join(filter(None, (each.where, each.message)))}" for each in written)
    elif not _only_asked(answer):
        yield f"nothing was written; --write writes it to {answer.file}"


def meshed(answer: Meshed) -> str:
    """Return which hosts log in to which others, as a line for each that cannot."""
    lines = [f"{host}: {what}" for host, what in answer.changed]
    good = sum(not pair.refused for pair in answer.pairs)
    lines.append(f"{good} of {len(answer.pairs)} ways between {', '.join(answer.hosts)} work")
    return "".join(f"{printable(line)}\n" for line in lines)
