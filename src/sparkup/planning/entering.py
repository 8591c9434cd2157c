"""Commands where a launch runs: in several ranks at once, and why one could not be run."""

from collections.abc import Sequence

from sparkup.domain.command import Result
from sparkup.errors import CommandNotExecutable, CommandNotFound, Problem, SparkupError

# Before an argument vector: both streams as one, and nothing to read, for many ranks have one terminal.
WITHOUT_INPUT = ("sh", "-c", 'exec "$@" </dev/null 2>&1', "sh")


def first_status(statuses: Sequence[int]) -> int:
    """Return the first status that is not 0, 0 where all are."""
    return next(filter(None, statuses), 0)


def not_run(said: Result, name: str, host: str) -> SparkupError | None:
    """Read what `lookup` of commands/containers.py found; None where the command ran, or nothing is known."""
    match said.stdout.strip():
        case "missing":
            hint = "check the spelling; it must be in the image, and on the PATH there: exec -- printenv PATH"
            return CommandNotFound(
                Problem("command-not-found", f"{name}: not found in the container", host, hint)
            )
        case "unfit":
            hint = "see whether it is a file that this user may execute: sparkup exec -- ls -l FILE"
            message = f"{name} cannot be executed in the container"
            return CommandNotExecutable(Problem("command-not-executable", message, host, hint))
        case _:
            return None
