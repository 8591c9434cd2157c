"""The one place that prints errors: what, where, what next; with --json as a document on stdout."""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TextIO

from sparkup.domain.event import Failed, to_json
from sparkup.errors import Problem, SparkupError
from sparkup.report.json_line import json_line

RED, BOLD, PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[0m"


def print_failure(error: SparkupError, *, as_json: bool = False, as_events: bool = False) -> None:
    """Print all problems of an error; `as_events`: as the last event, for who reads those."""
    if as_json:
        document = {
            "ok": False,
            "exit_status": error.exit_status,
            "problems": [asdict(problem) for problem in error.problems],
        }
        sys.stdout.write(json_line(document))
    if as_events:
        sys.stderr.write(json_line(to_json(Failed(tuple(error.problems)))))
        return
    colours = can_draw(sys.stderr) and not os.environ.get("NO_COLOR")
    sys.stderr.write(failure_text(error, colours=colours))


def can_draw(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that knows colours and can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def failure_text(error: SparkupError, *, colours: bool = False) -> str:
    """Return an error as lines for people; what is wrong on several hosts alike is told once."""
    alike: dict[Problem, list[Problem]] = {}
    for problem in error.problems:
        hint = problem.hint.replace(f" --host {shlex.quote(problem.where)}", "")
        alike.setdefault(replace(problem, where="", hint=hint), []).append(problem)
    return "".join(_problem(each, colours=colours) for each in alike.values())


def _problem(alike: Sequence[Problem], *, colours: bool) -> str:
    red, bold, plain = (RED, BOLD, PLAIN) if colours else ("", "", "")
    problem = alike[0]
    hosts = ", ".join(dict.fromkeys(each.where for each in alike if each.where))
    where = f" [{hosts}]" if hosts else ""
    lines = [f"{red}error{plain}{where}: {bold}{problem.message}{plain} ({problem.code})"]
    lines += [f"    | {line}" for line in problem.details]
    if problem.hint:
        others = ", ".join(each.where for each in alike if each.hint != problem.hint)
        lines.append(f"    what next: {problem.hint}" + (f"; likewise for {others}" if others else ""))
    return "\n".join(lines) + "\n"
