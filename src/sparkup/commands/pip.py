"""pip and venv as argument vectors, for the managed environments."""

from collections.abc import Sequence

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def venv(python: str, folder: str, *, pip: bool) -> tuple[str, ...]:
    """Make a virtual environment; without pip where the system's Python cannot give it one."""
    return (python, "-m", "venv", *(() if pip else ("--without-pip",)), folder)


def install(pip: Sequence[str], lock: str, indexes: Sequence[str]) -> tuple[str, ...]:
    """Install exactly what a lock file lists: its versions, its hashes, wheels only."""
    return (*pip, "install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile",
            "--progress-bar", "off", "--no-input", "--disable-pip-version-check",
            *_indexes(indexes), "-r", lock)  # fmt: skip


def versions(
    pip: Sequence[str], package: str, python: str, indexes: Sequence[str]
) -> tuple[str, ...]:
    """List the versions of a package for which there is a wheel for this machine and a Python."""
    return (*pip, "index", "versions", package, "--only-binary", ":all:", "--python-version", python,
            "--retries", "0", "--timeout", "10", "--no-input", "--disable-pip-version-check",
            *_indexes(indexes))  # fmt: skip


def _indexes(indexes: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for index in indexes for word in ("--extra-index-url", index))
