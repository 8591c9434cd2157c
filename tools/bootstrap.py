"""Make a virtual environment from a lock: bootstrap.py ROOT LOCK VENV (standard library, >= 3.11).

Run by tools/setup. Two at once wait for each other, and the copy of the lock that marks the
environment as ready is written last, so whatever was interrupted is done again.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
SHOWN_LINES = 12  # of a failed program's output
# Not by the name it was called: a link or a shim may go, and the environment would break with it.
PYTHON = os.path.realpath(sys.executable)
# Settings of the caller that would lead a package or a program to another environment than ours.
MISLEADING = frozenset({
    *("CONDA_PREFIX", "PIP_DRY_RUN", "PIP_PREFIX", "PIP_PYTHON", "PIP_ROOT", "PIP_TARGET"),
    *("PIP_USER", "UV_PREFIX", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_SYSTEM_PYTHON"),
    *("UV_TARGET", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
})  # fmt: skip
# What the venv module and uv make before they write pyvenv.cfg.
UNFINISHED = frozenset({".gitignore", "CACHEDIR.TAG", "bin", "include", "lib", "lib64"})


class Refused(Exception):
    """Something that the set-up needs is not there; nothing was touched."""


class Failed(Exception):
    """A program that the set-up ran did not succeed; the message closes with what it said."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be made: `venv`, from `lock` (a file name in `root`), seeing `root`/src."""

    root: Path
    lock: str
    venv: Path
    held: int  # descriptor of the lock on `venv`; programs inherit it, so it is held while one runs

    @property
    def requirements(self) -> Path:
        return self.root / self.lock

    @property
    def stamp(self) -> Path:
        return self.venv / self.lock

    @property
    def python(self) -> Path:
        return self.venv / "bin/python"

    def is_ready(self) -> bool:
        """Tell whether the environment is whole and of this lock; `sparkup` asks the same."""
        return (
            self.python.exists()
            and self.stamp.exists()
            and self.stamp.read_bytes() == self.requirements.read_bytes()
        )

    def run(self, *argv: str | Path) -> None:
        """Run a program, quietly; raise Failed with the end of its output."""
        try:
            program = subprocess.Popen(
                argv,
                cwd=self.root,
                env=clean(os.environ),
                pass_fds=(self.held,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Failed(f"{argv[0]}: {error.strerror}") from None
        output: list[str] = []
        retry: list[str] = []
        with program:
            for line in program.stdout or ():
                if "Retrying (" not in line:
                    output.append(f"  {line.rstrip()}")
                    continue
                if not retry:
                    say("the package registry does not answer; trying again for a while")
                retry = [f"  {line.rstrip()}"]  # one says it all
        if program.returncode:
            raise Failed("\n".join((*retry, *output[-SHOWN_LINES:])))


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop what points at another Python; registries, proxies and certificates stay the user's."""
    return {
        name: value
        for name, value in environment.items()
        if name not in MISLEADING and not name.startswith("PYTHON")
    }


def say(line: str) -> None:
    """Tell the user; standard output belongs to sparkup itself."""
    print(f"sparkup: {line}", file=sys.stderr, flush=True)


@contextmanager
def locked(venv: Path) -> Iterator[int]:
    """Hold the lock file beside an environment; the kernel lets go of it however we end."""
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(f"{venv.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another set-up of {venv}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def make(job: Job) -> None:
    """Make the environment anew; leave none when that fails."""
    began = time.monotonic()
    say(f"setting up {job.venv} (on first use, and when {job.lock} has changed)")
    remove(job.venv)
    wanted = job.requirements.read_bytes()  # now: an update may replace the file before we end
    try:
        if not with_uv(job):
            with_pip(job)
        see_sources(job)
        part = job.stamp.with_suffix(".part")
        part.write_bytes(wanted)
        part.replace(job.stamp)
    except BaseException:
        shutil.rmtree(job.venv, ignore_errors=True)
        raise
    say(f"ready after {time.monotonic() - began:.0f} s")


def remove(venv: Path) -> None:
    """Remove an older or unfinished environment, but no folder that is something else."""
    if not venv.exists():
        return
    names = {entry.name for entry in venv.iterdir()}
    if "pyvenv.cfg" not in names and names - UNFINISHED:
        raise Refused(f"{venv} is in the way: it is no virtual environment; move it elsewhere")
    shutil.rmtree(venv)


def with_uv(job: Job) -> bool:
    """Make the environment with uv, if that is there and can; pip may know a mirror it does not."""
    uv = shutil.which("uv")
    if uv is None:
        return False
    try:
        job.run(uv, "venv", "--quiet", "--no-project", "--python", PYTHON, job.venv)
        job.run(
            *(uv, "pip", "install", "--quiet", "--python", job.python),
            *("--require-hashes", "--compile-bytecode", "-r", job.requirements),
        )
    except Failed as failed:
        say(f"uv did not succeed, going on with pip:\n{failed}")
        shutil.rmtree(job.venv, ignore_errors=True)
        return False
    return True


def with_pip(job: Job) -> None:
    """Make the environment with the venv module; fill it with pip, as the user configured that."""
    if importlib.util.find_spec("ensurepip") is None:
        install_ensurepip(job)
    job.run(PYTHON, "-I", "-m", "venv", job.venv)
    try:
        job.run(
            *(job.python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes", "--no-user"),
            *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
            *("-r", job.requirements),
        )
    except Failed as failed:
        raise Failed(
            f"pip could not install the packages of {job.lock}:\n{failed}\n"
            "Is there a network, and does pip know its proxy or mirror (pip config list)?"
            " Then run this again."
        ) from None


def install_ensurepip(job: Job) -> None:
    """Debian and Ubuntu keep ensurepip in a package of its own, which root alone can add."""
    cannot = f"{PYTHON} cannot make virtual environments: it has no ensurepip"
    package = debian_package()
    if sys.base_prefix != "/usr" or shutil.which("apt-get") is None:
        raise Refused(f"{cannot}. Install uv, or another Python >= 3.11")
    if os.geteuid() != 0:
        raise Refused(f"{cannot}. Add it: sudo apt-get install {package}")
    say(f"{cannot}; adding it: apt-get install {package}")
    install = (
        *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"),
        *("install", "--yes", "--no-install-recommends", package),
    )
    try:
        job.run(*install)
    except Failed:  # as on an image without package lists
        job.run("apt-get", "update")
        job.run(*install)


def debian_package() -> str:
    """Name the package with ensurepip for this Python."""
    if os.path.realpath("/usr/bin/python3") == PYTHON:
        return "python3-venv"
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def see_sources(job: Job) -> None:
    """Let the environment import from the checkout: a .pth file, so that no build is needed.

    Relative where it can be, so that a moved or copied checkout runs its own code.
    """
    base = {"base": str(job.venv), "platbase": str(job.venv)}
    folder = Path(sysconfig.get_path("purelib", "venv", base))
    sources = job.root / "src"
    beside = job.venv.parent == job.root
    line = os.path.relpath(sources, folder) if beside else str(sources)
    (folder / "sparkup.pth").write_text(f"{line}\n")


def main(root: str, lock: str, venv: str) -> int:
    """Make the environment unless it is there; return the exit status."""
    target = Path(venv).resolve()
    try:
        with locked(target) as held:
            job = Job(Path(root).resolve(), lock, target, held)
            if not job.is_ready():
                make(job)
    except (Refused, Failed) as error:
        say(f"error: {error}")
        return REFUSED if isinstance(error, Refused) else FAILED
    except OSError as error:
        say(f"error: cannot set up {target}: {error}")
        return FAILED
    except KeyboardInterrupt:
        say("interrupted; the next use begins again")
        return INTERRUPTED
    return DONE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
