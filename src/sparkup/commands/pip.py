"""pip and venv as argument vectors, for the managed environments."""

from collections.abc import Sequence

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def venv(python: str, folder: str) -> tuple[str, ...]:
    """Make a virtual environment with the pip that this Python brings (ensurepip)."""
    return (python, "-I", "-m", "venv", folder)


def uv_venv(uv: str, version: str, folder: str) -> tuple[str, ...]:
    """Make a virtual environment with pip in it; uv fetches a Python of that version if there is none."""
    return (uv, "venv", "--quiet", "--seed", "--python", version, folder)


def install(python: str, lock: str, indexes: Sequence[str]) -> tuple[str, ...]:
    """Install exactly what a lock file lists: its versions, its hashes, wheels only.

    The user's pip configuration (mirrors, find-links, proxies) counts; `indexes` are further ones.
    """
    return (
        python,
        "-I",
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--no-user",
        "--only-binary",
        ":all:",
        "--no-compile",
        "--progress-bar",
        "off",
        "--no-input",
        "--disable-pip-version-check",
        *_indexes(indexes),
        "-r",
        lock,
    )


def versions(python: str, package: str, for_python: str) -> tuple[str, ...]:
    """List the versions of a package with a wheel for this machine and a Python, as pip is configured."""
    return (
        python,
        "-I",
        "-m",
        "pip",
        "index",
        "versions",
        package,
        "--only-binary",
        ":all:",
        "--python-version",
        for_python,
        "--no-input",
        "--disable-pip-version-check",
    )


def _indexes(indexes: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for index in indexes for word in ("--extra-index-url", index))
