"""The one place that prints errors: what, where, what next; with --json as a document on stdout."""

import os
import sys
from dataclasses import asdict
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
    """Return an error as lines for people."""
    return "".join(_problem(problem, colours=colours) for problem in error.problems)


def _problem(problem: Problem, *, colours: bool) -> str:
    red, bold, plain = (RED, BOLD, PLAIN) if colours else ("", "", "")
    where = f" [{problem.where}]" if problem.where else ""
    lines = [f"{red}error{plain}{where}: {bold}{problem.message}{plain} ({problem.code})"]
    lines += [f"    | {line}" for line in problem.details]
    if problem.hint:
        lines.append(f"    what next: {problem.hint}")
    return "\n".join(lines) + "\n"
