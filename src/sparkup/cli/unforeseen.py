"""What no part of sparkup has foreseen: a line for people, the traceback in a file."""

import traceback
from pathlib import Path

from sparkup.config import places
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.run import private


def unforeseen(error: BaseException) -> WorkFailed:
    """Return an error that tells of another: what the system has refused, or a fault of ours."""
    told = traceback.format_exception(error)
    kept = _keep("".join(told))
    where = f"the traceback is in {kept}" if kept else "the traceback could not be kept"
    details = () if kept else tuple(line for part in told for line in part.splitlines())
    if isinstance(error, OSError | MemoryError):
        return WorkFailed(Problem("system-refused", _refusal(error), "", where, details))
    what = traceback.format_exception_only(error)[-1].strip()
    return WorkFailed(Problem("bug", f"a fault of sparkup: {what}", "", f"report it; {where}", details))


def _refusal(error: OSError | MemoryError) -> str:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or "no memory is left"
    about = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
    return f"this machine refused: {reason}{about}"


def _keep(text: str) -> Path | None:
    """Write the file, over that of the last time; None where nothing can be written."""
    try:
        path = places.state() / "traceback.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with private.opened(path, "w") as file:  # what an exception says may be a secret
            file.write(text.encode(errors="backslashreplace").decode())
    except (OSError, SparkupError):
        return None
    return path
