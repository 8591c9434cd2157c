"""Answers as text for people."""

import json
import shlex
import time
from typing import assert_never

from sparkup.domain.answer import (
    Answer,
    Environments,
    Facts,
    Finished,
    FirstCause,
    Launched,
    Recorded,
    Script,
    Shown,
    Status,
    Stopped,
    StopReport,
    Tried,
)
from sparkup.domain.build import BuildShown, Built
from sparkup.domain.checked import Checked, Explained
from sparkup.domain.event import Ready
from sparkup.domain.host import Host, follow_up
from sparkup.domain.image import Images, ImagesDiffer, ImageShown, Pruned, RolledBack
from sparkup.domain.network import Detected, FabricShown, Meshed
from sparkup.report import build as builds
from sparkup.report import checked as checks
from sparkup.report import images, network
from sparkup.report.host_facts import host_facts, recorded
from sparkup.report.phases import phases
from sparkup.report.status_text import status_text
from sparkup.report.table import table
from sparkup.report.tunnel import tunnel
from sparkup.report.view import printable

GIB = 1 << 30
CLEAR = "\x1b[H\x1b[2J"


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
            return (CLEAR if clear else "") + status_text(answer, width)
        case FirstCause():
            return _first_cause(answer)
        case Stopped():
            return "".join(_stopped(each) for each in answer.launches) or "nothing was running\n"
        case Shown():
            return "".join(f"{line}\n" for line in phases(answer.phases))
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
        case FabricShown():
            return network.fabric(answer, width)
        case Detected():
            return network.detected(answer, width)
        case Meshed():
            return network.meshed(answer)
        case Checked():
            return checks.checked(answer)
        case Built() | BuildShown():
            return builds.text(answer)
        case Explained():
            return checks.explained(answer)
        case Images() | ImageShown() | ImagesDiffer() | RolledBack() | Pruned():
            return images.text(answer, width)
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
        way = f"{way}\n" if (way := _way(answer)) else ""
        return (
            f"{answer.name} was started on {', '.join(answer.hosts)}{where}\n{way}{work}{watch}{logs}{stop}"
        )
    if not answer.url:
        return f"{answer.name} is ready ({answer.ready.seconds:.1f} s)\n{logs}{stop}"
    return "".join(
        (
            f"{answer.name} is ready at {answer.url} after {answer.ready.seconds:.1f} s\n",
            ready_table(answer.ready),
            _way(answer),
            f"\nask it:\n  {curl(answer)}\n",
            f"\n{logs}{stop}",
        )
    )


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


def _way(answer: Launched) -> str:
    """Say how to reach a server that listens on the loopback of another machine."""
    way = tunnel(answer.url, Host(answer.hosts[0], answer.address, answer.via))
    return f"\nfrom here, open a way to it first:\n  {way}\n" if way else ""


def _first_cause(answer: FirstCause) -> str:
    if not answer.message:
        return f"no log of {answer.name} tells of a failure\n"
    told = [f"rank {answer.rank} on {answer.host}: {answer.message}", *(f"  {each}" for each in answer.lines)]
    told += [f"what to do: {answer.hint}"] if answer.hint else []
    return "".join(f"{printable(line)}\n" for line in told)


def _stopped(report: StopReport) -> str:
    many = "one process" if report.processes == 1 else f"{report.processes} processes"
    none = "it had ended with the others" if report.with_others else "nothing of it was running"
    parts = [f"{many} ended" if report.processes else none]
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
    return table(rows) + note


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
