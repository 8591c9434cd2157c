"""pip and venv as argument vectors, for the managed environments."""

from collections.abc import Sequence
from dataclasses import dataclass

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# Of a login's variables: what lets a Python import something else, and pip install more, less, or elsewhere.
# Where pip finds packages, and how it gets there, stays the user's: PIP_INDEX_URL, PIP_CERT, https_proxy ...
DROPPED = (
    "VIRTUAL_ENV",
    "PYTHONHOME",
    "PYTHONPATH",
    "PIP_ABI",
    "PIP_EDITABLE",
    "PIP_GROUP",
    "PIP_IMPLEMENTATION",
    "PIP_NO_BINARY",
    "PIP_PLATFORM",
    "PIP_PYTHON",
    "PIP_PYTHON_VERSION",
    "PIP_QUIET",
    "PIP_REQUIREMENT",
)
# The same from a configuration file of pip: no option takes these back, but a variable wins over a file.
OVERRULED = ("PIP_CONSTRAINT=/dev/null", "PIP_DRY_RUN=0", "PIP_REQUIRE_VIRTUALENV=0")

OLDER = ("manylinux2014", "manylinux2010", "manylinux1", "linux")  # what platforms were called before PEP 600


def _clean(*argv: str) -> tuple[str, ...]:
    dropped = (word for name in DROPPED for word in ("-u", name))
    return ("env", *dropped, *OVERRULED, *argv)


def venv(python: str, folder: str) -> tuple[str, ...]:
    """Make a virtual environment with the pip that this Python brings (ensurepip)."""
    return _clean(python, "-I", "-m", "venv", folder)


def uv_venv(uv: str, version: str, folder: str) -> tuple[str, ...]:
    """Make a virtual environment with pip in it; uv fetches a Python of that version if there is none."""
    return _clean(uv, "venv", "--quiet", "--seed", "--python", version, folder)


def install(folder: str, lock: str, indexes: Sequence[str], *, cache: bool = True) -> tuple[str, ...]:
    """Install exactly what a lock file lists: its versions, its hashes, wheels only, into an environment.

    The user's pip configuration (mirrors, find-links, proxies) counts for where packages come from, not
    for where they go; `indexes` are further ones. `cache`: what is downloaded is kept.
    """
    return _clean(
        f"{folder}/bin/python",
        "-I",
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--no-user",
        "--target=",
        "--root=/",
        f"--prefix={folder}",
        "--only-binary",
        ":all:",
        "--no-compile",
        "--progress-bar",
        "off",
        "--no-input",
        "--disable-pip-version-check",
        *(() if cache else ("--no-cache-dir",)),
        *_indexes(indexes),
        "-r",
        lock,
    )


@dataclass(frozen=True, slots=True)
class Target:
    """Another Python than the one that runs pip: on which architecture, and with which glibc at most."""

    architecture: str
    python: str  # "3.11"
    glibc: str  # "2.36"

    def words(self) -> tuple[str, ...]:
        """Return the options that have pip take the wheels that fit there (PEP 425, PEP 600)."""
        minor = int(self.glibc.partition(".")[2])
        tags = [*(f"manylinux_2_{each}" for each in range(minor, 4, -1)), *OLDER]
        abis = (f"cp{self.python.replace('.', '')}", "abi3", "none")
        return (
            *("--python-version", self.python, "--implementation", "cp"),
            *(word for abi in abis for word in ("--abi", abi)),
            *(word for tag in tags for word in ("--platform", f"{tag}_{self.architecture}")),
        )


def download(python: str, lock: str, folder: str, target: Target, indexes: Sequence[str]) -> tuple[str, ...]:
    """Fetch the wheels that a lock file lists into a folder, for a Python that need not be the one there."""
    return _clean(
        *(python, "-I", "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *target.words(),
        *("--dest", folder, "--progress-bar", "off", "--no-input", "--disable-pip-version-check"),
        *_indexes(indexes),
        *("-r", lock),
    )


def versions(python: str, package: str, for_python: str) -> tuple[str, ...]:
    """List the versions of a package with a wheel for this machine and a Python, as pip is configured."""
    return _clean(
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


def version_of(program: str) -> tuple[str, ...]:
    """Ask a program of an environment for its version: that it starts shows that it is whole."""
    return _clean(program, "--version")


def _indexes(indexes: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for index in indexes for word in ("--extra-index-url", index))
