"""A small checkout of its own: the real entry script and set-up, a package of one file, one locked wheel."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# All that a set-up may count on, besides Python.
PROGRAMS = ("sh", "cat", "cksum", "cmp", "dirname", "env", "readlink", "tr")
# What `python -m sparkup` does here: tell where it runs and what it was given.
MAIN = """
import json, sys
import locked, sparkup
said = {"prefix": sys.prefix, "locked": locked.VERSION, "code": sparkup.__file__}
print(json.dumps({"argv": sys.argv[1:], **said}))
sys.exit(7 if "--fail" in sys.argv else 0)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program left behind."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> Mapping[str, object]:
        """What the package of this checkout told about itself; the set-up must have succeeded."""
        assert self.status == 0, self.err
        told: Mapping[str, object] = json.loads(self.out)
        return told


class Checkout:
    """A copy of the entry script with its own PATH, home and package registry, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "a checkout"  # every path here has a space
        self.bin = folder / "bin"
        self.wheels = folder / "wheels"
        (self.root / "src/sparkup").mkdir(parents=True)
        (self.root / "tools").mkdir()
        for name in ("sparkup", "tools/setup", "tools/bootstrap.py"):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "src/sparkup/__init__.py").touch()
        (self.root / "src/sparkup/__main__.py").write_text(MAIN)
        self.bin.mkdir()
        for name in PROGRAMS:
            self.provide(name, shutil.which(name) or name)
        self.provide("python3", os.path.realpath(sys.executable))
        self.provide("uv", str(Path(sysconfig.get_path("scripts"), "uv")))
        self.wheels.mkdir()
        self.lock("1.0")

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def env(self) -> dict[str, str]:
        """An environment in which nothing but our wheels can be installed."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.wheels),
            "UV_CACHE_DIR": str(self.folder / "uv-cache"),
        }

    def provide(self, name: str, program: str) -> None:
        """Put an existing program on PATH."""
        (self.bin / name).symlink_to(program)

    def script(self, name: str, *lines: str) -> None:
        """Put a shell script on PATH, instead of what was there."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text("\n".join(("#!/bin/sh", *lines, "")))
        (self.bin / name).chmod(0o755)

    def lock(self, version: str) -> None:
        """Make a wheel of that version, and lock it."""
        name = f"locked-{version}"
        wheel = self.wheels / f"{name}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("locked.py", f"VERSION = {version!r}\n")
            file.writestr(
                f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: locked\nVersion: {version}\n"
            )
            file.writestr(
                f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            file.writestr(f"{name}.dist-info/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.root / "requirements.lock").write_text(f"locked=={version} --hash=sha256:{digest}\n")

    def start(
        self,
        *arguments: str,
        program: Path | str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start ./sparkup, in a process group of its own."""
        return subprocess.Popen(
            [program or self.root / "sparkup", *arguments],
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        *arguments: str,
        program: Path | str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run ./sparkup to its end."""
        return finish(self.start(*arguments, program=program, cwd=cwd, env=env))


def finish(program: subprocess.Popen[str]) -> Ran:
    """Wait for a program that was started."""
    out, err = program.communicate(timeout=60)
    return Ran(program.returncode, out, err)
