"""The one place that prints errors: what, where, what next; with --json as a document on stdout."""

import json
import os
import sys
from dataclasses import asdict

from sparkup.errors import Problem, SparkupError

RED, BOLD, PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[0m"


def print_failure(error: SparkupError, *, as_json: bool) -> None:
    """Print all problems of an error."""
    if as_json:
        document = {
            "ok": False,
            "exit_status": error.exit_status,
            "problems": [asdict(problem) for problem in error.problems],
        }
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    sys.stderr.write(failure_text(error, colours=colours))


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
