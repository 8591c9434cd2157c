"""Exit statuses as shells give them, and what they say of a program."""

from sparkup.domain.command import Command, Result

NOT_FOUND, NOT_EXECUTABLE = 127, 126
LAST_SIGNAL = 31  # real-time signals are left out: no one ends a program with them


def not_started(command: Command, error: OSError) -> Result:
    """Say that a program could not be started, with the status that a shell gives."""
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    status = NOT_FOUND if missing else NOT_EXECUTABLE
    return Result(status, "", f"{command.argv[0]}: {error.strerror}\n")


def from_shell(status: int) -> int:
    """Turn a shell's 128 + N for a program that a signal ended into -N.

    A program's own status in that range reads the same: `sh` and engines pass signals on that way.
    """
    return 128 - status if 128 < status <= 128 + LAST_SIGNAL else status
