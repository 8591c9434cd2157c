"""What pip and venv print, for people: which package they are at, and why they failed."""

from pathlib import PurePosixPath

from sparkup.domain.command import Result
from sparkup.errors import GateRefused, Problem, SparkupError, WorkFailed

# What pip says when a registry is out of reach or breaks off; old and new versions have other words.
GONE = (
    "Max retries exceeded",
    "NewConnectionError",
    "ReadTimeoutError",
    "Connection broken",
    "Connection interrupted",
    "incomplete-download",
    "Could not fetch URL",
    "RemoteDisconnected",
    "IncompleteRead",
    "Temporary failure in name",
    "ProtocolError",
    "Connection refused",
    "ConnectTimeoutError",
    "(from versions: none)",  # all that pip says of a registry that answers with errors
)
ALTERED = "DO NOT MATCH THE HASHES"  # pip before 25 says so of a download that was cut off as well
# Debian's venv, and a Python without it; one that fails for another reason names ensurepip, too.
NO_ENSUREPIP = ("ensurepip is not", "No module named ensurepip")
APT = "sudo apt-get install python3 python3-venv"
KEPT = 8  # lines of pip's that are shown


def pip_line(line: str) -> str:
    """Return what is worth showing of a line of pip's: the package it is at."""
    match line.split():
        case ["Collecting", name, *_]:
            return f"Collecting {PurePosixPath(name).name}"
        case ["Downloading", name, *size]:
            return " ".join(("Downloading", PurePosixPath(name).name, *size[:2]))
        case ["Processing", name, *_]:
            return f"taking {PurePosixPath(name).name}"
        case ["Installing", "collected", *_]:
            return "installing all of them"
        case _:
            return ""


def no_venv(result: Result, host: str) -> SparkupError | None:
    """Return the error for a virtual environment that could not be made, None if we know no better."""
    if not any(words in result.stdout + result.stderr for words in NO_ENSUREPIP):
        return None
    return GateRefused(
        Problem("no-python", "Python cannot make virtual environments here", where=host, hint=APT)
    )


def not_installed(result: Result, host: str) -> SparkupError:
    """Return the error for packages that could not be installed."""
    text = result.stderr or result.stdout
    code, message, hint = _why(text)
    details = tuple(line for line in text.splitlines() if line.strip())[-KEPT:]
    return WorkFailed(Problem(code, message, where=host, hint=hint, details=details))


def _why(text: str) -> tuple[str, str, str]:
    if "No space left on device" in text:
        return "no-disk", "the disk filled up during the installation", "free some space, then start again"
    if ALTERED in text:
        return (
            "install-failed",
            "a download is not what the lock says: it broke off, or was altered on its way",
            "start again; if it stays so, the registry or mirror has other files than the lock was made from",
        )
    if any(sign in text for sign in GONE):
        return (
            "registry-gone",
            "the package registry broke off or cannot be reached",
            "start again: what was downloaded is kept in pip's cache",
        )
    return (
        "install-failed",
        "the packages could not be installed",
        "the lines above are pip's; a mirror may lack a version",
    )
