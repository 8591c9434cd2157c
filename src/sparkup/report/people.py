"""Answers as text for people."""

import json
import shlex
import time
from collections.abc import Sequence
from typing import assert_never

from sparkup.domain.answer import (
    Answer,
    Environments,
    Facts,
    Finished,
    Launched,
    Recorded,
    Row,
    Script,
    Shown,
    Status,
    Stopped,
    StopReport,
    Tried,
)
from sparkup.domain.event import Ready
from sparkup.domain.host import follow_up
from sparkup.report.host_facts import host_facts, recorded
from sparkup.report.view import printable

GIB = 1 << 30
CLEAR = "\x1b[H\x1b[2J"
NARROW = 12  # characters that a last column has at least
ABSURD = 20 * 365 * 86400.0  # seconds: no launch is as old, but a clock that was never set makes it so


def answer_text(answer: Answer, *, clear: bool = False, width: int | None = None) -> str:
    """Return an answer for people.

    `clear` first wipes the screen, for one that is shown again and again; `width` is that of a terminal.
    """
    match answer:
        case Launched():
            return _launched(answer)
        case Finished():
            return ""  # its own output was the answer
        case Status():
            return (CLEAR if clear else "") + _status(answer, width)
        case Stopped():
            return "".join(_stopped(each) for each in answer.launches) or "nothing was running\n"
        case Shown():
            return _shown(answer)
        case Script():
            return answer.script
        case Environments():
            return _environments(answer)
        case Tried():
            return _tried(answer)
        case Facts():
            return "".join(host_facts(each.host, each.facts) for each in answer.hosts)
        case Recorded():
            return recorded(answer)
        case _:
            assert_never(answer)


def _launched(answer: Launched) -> str:
    host = answer.hosts[0]
    stop = f"stop it:  {follow_up('stop', answer.name, host)}\n"
    logs = f"its log:  {follow_up('logs -f', answer.name, host)}\n"
    if answer.ready is None:
        where = f", to be reached at {answer.url}" if answer.url else ""
        watch = f"watch it: {follow_up('status --watch', '', host)}\n"
        work = f"in it:    {follow_up('exec', answer.name, host)} -- sh\n" if answer.engine != "host" else ""
        return f"{answer.name} was started on {', '.join(answer.hosts)}{where}\n{work}{watch}{logs}{stop}"
    if not answer.url:
        return f"{answer.name} is ready ({answer.ready.seconds:.1f} s)\n{logs}{stop}"
    return "".join(
        (
            f"{answer.name} is ready at {answer.url} after {answer.ready.seconds:.1f} s\n",
            ready_table(answer.ready),
            tunnel(answer),
            f"\nask it:\n  {curl(answer)}\n",
            f"\n{logs}{stop}",
        )
    )


def _shown(answer: Shown) -> str:
    lines = []
    for phase in answer.phases:
        if not phase["steps"] and not phase["notes"]:
            continue
        lines.append(f"{phase['title']}:")
        for step in phase["steps"]:
            after = f"  (after {', '.join(step['after'])})" if step["after"] else ""
            lines += [f"  [{step['host']}] {step['reason']}{after}", f"      {step['what']}"]
        lines += [f"      {note}" for note in phase["notes"]]
    lines.append("nothing was done; the same without --dry-run does it")
    return "".join(f"{line}\n" for line in lines)


def ready_table(ready: Ready) -> str:
    """Return how long each stage of a start took, and what the engine can hold."""
    lines = [f"  {name:<10} {seconds:>7.1f} s" for name, seconds in ready.stages]
    if ready.kv_tokens is not None:
        many = f", {ready.concurrency:.1f} requests of full length at once" if ready.concurrency else ""
        lines.append(f"  KV cache   {ready.kv_tokens:,} tokens{many}")
    return "".join(f"{line}\n" for line in lines)


def curl(answer: Launched) -> str:
    """Return a line to paste that asks the server something it can answer."""
    task, model = (answer.ready.canary, answer.ready.model) if answer.ready else ("", "")
    key = ' -H "Authorization: Bearer $VLLM_API_KEY"' if answer.needs_key or task == "locked" else ""
    start = "curl -k" if answer.url.startswith("https") else "curl"
    if task != "generate":
        return f"{start} {answer.url}{'/v1/models' if task else ''}{key}"
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    kind = "-H 'Content-Type: application/json'"
    return f"{start} {answer.url}/v1/chat/completions{key} {kind} -d {shlex.quote(body)}"


def tunnel(answer: Launched) -> str:
    """Say how to reach a server that listens on the loopback of another machine."""
    loopback = next((name for name in ("127.0.0.1", "[::1]") if f"//{name}:" in answer.url), "")
    if not answer.address or not loopback:
        return ""
    way = f"ssh -N -L {answer.port}:{loopback}:{answer.port} {answer.address}"
    return f"\nfrom here, open a way to it first:\n  {way}\n"


def _status(answer: Status, width: int | None) -> str:
    if not answer.launches:
        return f"nothing is launched on {', '.join(answer.hosts)}\n"
    rows = [
        ("NAME", "HOST", "PHASE", "SINCE", "PID", "API", "COMMAND"),
        *(_row(row) for row in answer.launches),
    ]
    return _table(rows, width)


def _row(row: Row) -> tuple[str, ...]:
    phase = row.phase
    if row.phase == "starting" and row.stage:
        phase = f"starting ({row.stage})"
    if row.phase == "hidden":
        return (row.name, row.host, f"hidden (of uid {row.owner})", *("-" for _ in range(4)))
    if row.phase == "orphaned":
        state = f"orphaned ({row.container})" if row.container else row.phase
        return (row.name, row.host, state, "-", "-", "-", f"(its folder is gone; image {row.image})")
    if row.phase == "failed":
        phase = f"failed (exit {row.exit_status})"
    since = age(row.seconds) if 0 < row.seconds < ABSURD else "-"  # the host's clock is not ours
    command = " ".join(" ".join(row.argv).split())  # a row is one line, whatever the command holds
    return (row.name, row.host, phase, since, str(row.pid), row.url or "-", command)


def _table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return rows below each other; the last column has what is left of the width of a terminal."""
    rows = [[printable(cell) for cell in row] for row in rows]  # a command may hold what moves a cursor
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = None if width is None else max(NARROW, width - sum(widths[:-1]) - 2 * len(widths[:-1]))
    return "".join(
        "  ".join(
            [*(cell.ljust(size) for cell, size in zip(row, widths[:-1], strict=False)), _cut(row[-1], left)]
        ).rstrip()
        + "\n"
        for row in rows
    )


def _cut(cell: str, width: int | None) -> str:
    return cell if width is None or len(cell) <= width else f"{cell[: width - 1]}…"


def age(seconds: float) -> str:
    """Return a duration for people: "42 s", "3 min", "5 h", "2 d"."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _stopped(report: StopReport) -> str:
    many = "one process" if report.processes == 1 else f"{report.processes} processes"
    parts = [f"{many} ended" if report.processes else "nothing of it was running"]
    if report.port is not None:
        parts.append(f"port {report.port} is {'free' if report.port_free else 'STILL HELD'}")
    if report.memory is not None and report.memory > GIB / 20:
        parts.append(f"{report.memory / GIB:.1f} GiB of memory are back")
    return f"stopped {report.name} on {report.host} in {report.seconds:.1f} s: {', '.join(parts)}\n"


def _environments(answer: Environments) -> str:
    rows = [("NAME", "HOST", "VLLM", "PYTHON", "MADE", "FOLDER")] + [
        (
            each.name + ("" if each.current else " (older)"),
            each.host,
            each.vllm,
            each.python,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(each.made)),
            each.folder,
        )
        for each in answer.environments
    ]
    note = f"{answer.note}\n" if answer.note else ""
    if len(rows) == 1:
        return note or "no managed environments; make one: sparkup env create cpu\n"
    return _table(rows) + note


def _tried(answer: Tried) -> str:
    first = f"{answer.first_token * 1000:.0f} ms" if answer.first_token is not None else "unknown"
    ready = answer.ready
    return "".join(
        (
            f"\nvLLM {answer.vllm} served a tiny model on the CPU"
            + (f"; ready after {ready.seconds:.1f} s\n" if ready else "\n"),
            ready_table(ready) if ready else "",
            f"\nasked:    {answer.question}\n",
            f"answered: {answer.answer!r}\n",
            "          (the model's weights are random: the words mean nothing, the path is real)\n",
            f"{_tokens(answer.tokens)} in {answer.seconds:.2f} s, the first after {first}\n\n",
            _stopped(answer.stopped),
            "nothing is left running. Next: sparkup launch -- vllm serve MODEL\n",
        )
    )


def _tokens(count: int | None) -> str:
    return "an unknown number of tokens" if count is None else f"{count} tokens"
