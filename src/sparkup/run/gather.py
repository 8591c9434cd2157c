"""Ask all hosts at once for all facts of a phase: one round trip a host."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from sparkup.connect.base import Connection
from sparkup.domain.command import Command
from sparkup.domain.fact import Answers, Fact, Observed, Seen
from sparkup.errors import GateRefused, InputRefused, Problem, WorkFailed
from sparkup.run.program import gatherer
from sparkup.run.together import together

# Reads exactly n bytes of program, so that the rest of standard input is left for the questions.
LOADER = "import sys; exec(compile(sys.stdin.buffer.read(int(sys.argv[1])), 'gather.py', 'exec'))"
TIMEOUT = 60.0  # seconds for a host to answer everything
NOT_FOUND = 127  # a shell's status for a program that does not exist

Facts = Sequence[Fact[Any]]


class Observer(Protocol):
    """Where observations come from: the hosts themselves, or what they once answered."""

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe facts, named by host."""
        ...


class Live:
    """Asks the hosts. What they answer is remembered in a folder, for plans made offline."""

    def __init__(self, connections: Mapping[str, Connection], memory: Path | None = None) -> None:
        self.connections, self.memory = connections, memory

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe; raises HostUnreachable, GateRefused (no Python there), WorkFailed (bad answer)."""
        return await together({host: self._one(host, wanted) for host, wanted in facts.items()})

    async def _one(self, host: str, facts: Facts) -> Seen:
        connection = self.connections[host]
        program = gatherer()
        argv = (connection.python, "-I", "-c", LOADER, str(len(program)))
        questions = json.dumps({"requests": _requests(facts)}).encode()
        result = await connection.run(Command(argv, stdin=program + questions, timeout=TIMEOUT))
        if result.status == NOT_FOUND:
            raise GateRefused(
                Problem(
                    "no-python",
                    f"no {connection.python} on the host",
                    where=host,
                    hint="install Python 3.8 or newer there: sudo apt-get install python3",
                )
            )
        answers = _answers(result.stdout)
        if result.status != 0 or answers is None:
            raise WorkFailed(
                Problem(
                    "bad-answer",
                    f"the host did not answer (status {result.status})",
                    where=host,
                    details=tuple(result.stderr.splitlines()[-5:]),
                )
            )
        if self.memory is not None:
            await asyncio.to_thread(_remember, _file(self.memory, host), answers)
        return _seen(host, facts, answers)


class Recorded:
    """Answers from what hosts once answered; opens no socket."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe from memory; raises InputRefused for a host that was never seen."""
        return {host: self._one(host, wanted) for host, wanted in facts.items()}

    def _one(self, host: str, facts: Facts) -> Seen:
        path = _file(self.memory, host)
        try:
            answers: Answers = json.loads(path.read_text(encoding="utf-8"))
            known = [fact for fact in facts if fact.unknown is None or _recorded(fact, answers)]
            assumed = {fact.name: fact.unknown for fact in facts if fact not in known}
            return _seen(host, known, answers).after(Seen(host, assumed))
        except FileNotFoundError:
            problem = Problem(
                "no-recorded-facts",
                f"nothing was ever recorded of {host}",
                where=host,
                hint="run the same with --dry-run and without --offline once",
            )
        except KeyError as missing:
            problem = Problem(
                "no-recorded-facts",
                f"not all was recorded of {host}: {_words(missing)}",
                where=str(path),
                hint="run the same with --dry-run and without --offline once",
            )
        except (ValueError, TypeError) as broken:
            problem = Problem(
                "bad-recorded-facts",
                f"cannot be read: {broken}",
                where=str(path),
                hint="delete the file; the next launch or dry run writes it anew",
            )
        raise InputRefused(problem)


def _file(memory: Path, host: str) -> Path:
    return memory / f"{quote(host, safe='@')}.json"


def _requests(facts: Iterable[Fact[Any]]) -> dict[str, dict[str, Any]]:
    return {
        f"{fact.name}\0{name}": {"kind": request.kind, **request.body}
        for fact in facts
        for name, request in fact.requests.items()
    }


def _recorded(fact: Fact[Any], answers: Answers) -> bool:
    return all(f"{fact.name}\0{name}" in answers for name in fact.requests)


def _answers(text: str) -> dict[str, Any] | None:
    """Return the answers; a login script may have printed before them."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                answers = json.loads(line)["answers"]
            except (ValueError, KeyError):
                continue
            return answers if isinstance(answers, dict) else None
    return None


def _seen(host: str, facts: Facts, answers: Answers) -> Seen:
    values = {
        fact.name: fact.parse({name: answers[f"{fact.name}\0{name}"] for name in fact.requests})
        for fact in facts
    }
    return Seen(host, values)


def _words(missing: KeyError) -> str:
    return str(missing.args[0]).replace("\0", ", ")


def _remember(path: Path, answers: Mapping[str, Any]) -> None:
    """Add to what is known of a host; a convenience: where it cannot be, an offline plan will say so."""
    new = path.with_suffix(f".{os.getpid()}.new")  # others may be at it as well
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({**_known(path), **answers}), encoding="utf-8")
        new.replace(path)


def _known(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
