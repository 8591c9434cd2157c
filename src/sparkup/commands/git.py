"""git as argument vectors: what a repository elsewhere has."""

from collections.abc import Sequence

# Nobody is there to be asked for a name, a password or a host key.
_QUIET = ("GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_SSH_COMMAND=ssh -o BatchMode=yes")


def ls_remote(repository: str, names: Sequence[str]) -> tuple[str, ...]:
    """List which commits whole names of refs stand for in a repository, those of annotated tags too."""
    return ("env", *_QUIET, "git", "ls-remote", "--", repository, *names)
