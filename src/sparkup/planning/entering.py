"""Why a command could not be run where a launch runs, from what a look at it there has found."""

from sparkup.domain.command import Result
from sparkup.errors import CommandNotExecutable, CommandNotFound, Problem, SparkupError


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
