"""Which processes of a host run out of some folders: they name one of them, or have files of it loaded."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, files, run

END = r"(?![\w.-])"  # what follows a folder's name; another environment's may begin with the same words


def real_paths(folders: Sequence[PurePosixPath]) -> Fact[dict[PurePosixPath, PurePosixPath]]:
    """Return a fact for what folders are without symbolic links: the kernel knows them by these paths."""
    requests = {str(folder): run("readlink", "-f", "--", str(folder)) for folder in folders}

    def parse(answers: Answers) -> dict[PurePosixPath, PurePosixPath]:
        real = {folder: answers[str(folder)]["out"].removesuffix("\n") for folder in folders}
        return {folder: PurePosixPath(real[folder] or folder) for folder in folders}

    return Fact("real paths", requests, parse)


def named(folders: Sequence[PurePosixPath]) -> str:
    """Return a regular expression for the names of folders in a text."""
    return f"(?:{'|'.join(re.escape(str(folder)) for folder in folders)}){END}"


def users(folder: PurePosixPath, real: PurePosixPath) -> Fact[dict[int, str]]:
    """Return a fact for the processes that use a folder: their names, by pid.

    A program of an environment has it in its command line, which anybody may read; vLLM's workers write
    theirs over, and have its libraries mapped. Nothing of this is recorded: it may hold secrets.
    """
    keep = f".*{named((folder, real))}"

    def parse(answers: Answers) -> dict[int, str]:
        names = answers["names"]["files"]
        pids = {pid for request in ("words", "maps") for pid in _with_text(answers[request]["files"])}
        return {pid: names.get(f"/proc/{pid}/comm", "").strip() or "a process" for pid in sorted(pids)}

    requests = {
        "words": files("/proc/[0-9]*/cmdline", max_bytes=1 << 20, keep=keep),
        "maps": files("/proc/[0-9]*/maps", max_bytes=8 << 20, keep=keep),
        "names": files("/proc/[0-9]*/comm", max_bytes=64),
    }
    return Fact(f"users of {folder}", requests, parse)


def _with_text(found: dict[str, str]) -> Iterator[int]:
    """Yield the processes of which something is left; a path with "!" before it could not be read."""
    yield from (int(path.split("/")[2]) for path, text in found.items() if text and path.startswith("/"))
