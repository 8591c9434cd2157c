"""Ask all hosts at once for all facts of a phase: one round trip a host."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sparkup.connect.base import Connection
from sparkup.domain.command import Command, Result
from sparkup.domain.fact import Answers, Fact, Observed, Seen
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError, WorkFailed
from sparkup.run.answers import AbsentError, UnreadableError, recordable, requests, value
from sparkup.run.memory import file_of, recall, remember
from sparkup.run.program import gatherer
from sparkup.run.together import together

# Any Python 3 reads this, also one that is too old for what follows. It reads exactly n bytes of
# program, so that the rest of standard input is left for the questions.
LOADER = (
    "import sys; sys.version_info < (3, 8) and sys.exit('this is Python ' + sys.version.split()[0]);"
    " exec(compile(sys.stdin.buffer.read(int(sys.argv[1])), 'gather.py', 'exec'))"
)
# What one too old says: LOADER's words, and Python 2's of the option -I.
TOO_OLD = re.compile(r"^(this is Python \S+|Unknown option: -I|SyntaxError: .*)", re.MULTILINE)
TIMEOUT = 60.0  # seconds for a host to answer everything that is quick
NOT_FOUND = 127  # a shell's status for a program that does not exist

Facts = Sequence[Fact[Any]]


class Observer(Protocol):
    """Where observations come from: the hosts themselves, or what they once answered."""

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe facts, named by host."""
        ...


class Live:
    """Asks the hosts. What facts record of the answers is kept in a folder, for plans made offline.

    `longer`: seconds that the answers may take beyond TIMEOUT.
    """

    def __init__(
        self, connections: Mapping[str, Connection], memory: Path | None = None, *, longer: float = 0.0
    ) -> None:
        self.connections, self.memory, self._timeout = connections, memory, TIMEOUT + longer

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe; raises HostUnreachable, GateRefused (no Python there), WorkFailed (bad answer)."""
        return await together({host: self._one(host, wanted) for host, wanted in facts.items()})

    async def _one(self, host: str, facts: Facts) -> Seen:
        connection = self.connections[host]
        program = gatherer()
        argv = (connection.python, "-I", "-c", LOADER, str(len(program)))
        questions = json.dumps({"requests": requests(facts)}).encode()
        result = await connection.run(Command(argv, stdin=program + questions, timeout=self._timeout))
        answers = _answers(result.stdout)
        if result.status != 0 or answers is None:
            raise _refused(result, host, connection.python)
        seen = _seen(host, facts, answers)
        if self.memory is not None and (kept := recordable(facts, answers)):
            remember(file_of(self.memory, host), kept)
        return seen


class Recorded:
    """Answers from what hosts once answered; opens no socket."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory

    async def look(self, facts: Mapping[str, Facts]) -> Observed:
        """Observe from memory; raises InputRefused for a host that was never seen."""
        return {host: self._one(host, wanted) for host, wanted in facts.items()}

    def _one(self, host: str, facts: Facts) -> Seen:
        path = file_of(self.memory, host)
        try:
            answers = recall(path)
            return Seen(host, {fact.name: value(fact, answers) for fact in facts})
        except FileNotFoundError:
            problem = Problem(
                "no-recorded-facts",
                f"nothing was ever recorded of {host}",
                where=host,
                hint="run the same with --dry-run and without --offline once",
            )
        except AbsentError as missing:
            problem = Problem(
                "no-recorded-facts",
                f"not all was recorded of {host}: {missing}",
                where=str(path),
                hint="run the same with --dry-run and without --offline once",
            )
        except (OSError, ValueError, UnreadableError) as broken:
            problem = Problem(
                "bad-recorded-facts",
                f"cannot be read: {broken}",
                where=str(path),
                hint="delete the file; the next launch or dry run writes it anew",
            )
        raise InputRefused(problem)


def _answers(text: str) -> dict[str, Any] | None:
    """Return the answers; a login script may have printed before them."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                answers = json.loads(line)["answers"]
            except (ValueError, KeyError, RecursionError):
                continue
            return answers if isinstance(answers, dict) else None
    return None


def _refused(result: Result, host: str, python: str) -> SparkupError:
    """Say why a host told us nothing."""
    message, hint = "", "install Python 3.8 or newer there: sudo apt-get install python3"
    if result.status == NOT_FOUND:
        message = f"no {python} on the host"
    elif found := TOO_OLD.search(result.stderr):
        message = f"{python} on the host is too old: {found[1]}"
        hint = "sparkup needs Python 3.8 or newer there, as python3"
    if message:
        return GateRefused(Problem("no-python", message, where=host, hint=hint))
    details = tuple(result.stderr.splitlines()[-5:])
    return WorkFailed(
        Problem("bad-answer", f"the host did not answer (status {result.status})", host, details=details)
    )


def _seen(host: str, facts: Facts, answers: Answers) -> Seen:
    """Return what facts make of the answers; raises WorkFailed with all that they cannot do without."""
    values, problems = {}, []
    for fact in facts:
        try:
            values[fact.name] = value(fact, answers)
        except AbsentError as missing:
            hint = "see on the host what is in the way; it may be short of memory, processes or open files"
            problems.append(Problem("bad-answer", f"the host could not say: {missing}", host, hint))
        except UnreadableError as odd:
            hint = "report it, and what this host is: sparkup cannot read this answer"
            problems.append(Problem("bad-answer", f"the host answered oddly: {odd}", host, hint))
    if problems:
        raise WorkFailed(*problems)
    return Seen(host, values)
