"""A kind of environment that a test makes itself: one small wheel that brings a `vllm` program."""

import hashlib
import json
import os
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.user import ROOT, User

NAME, VERSION = "sparkup_test_engine", "1.0"
INFO = f"{NAME}-{VERSION}.dist-info"
FILES = {
    f"{NAME}.py": "def main():\n    print('1.0')\n",
    f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": f"[console_scripts]\nvllm = {NAME}:main\n",
}
# A registry that answers at once; pip asks no other, and takes no configuration of this machine.
OFFLINE = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0", "https_proxy": "http://127.0.0.1:1"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of environment: its wheel, and the program that makes it."""

    folder: Path

    @property
    def wheel(self) -> Path:
        """Return the wheel, made where it is missing."""
        path = self.folder / f"{NAME}-{VERSION}-py3-none-any.whl"
        if not path.exists():
            with zipfile.ZipFile(path, "w") as archive:
                for name, text in FILES.items():
                    archive.writestr(name, text)
                record = "".join(f"{name},,\n" for name in [*FILES, f"{INFO}/RECORD"])
                archive.writestr(f"{INFO}/RECORD", record)
        return path

    def argv(self, user: User, **changes: object) -> list[str]:
        """Return the command line that makes it."""
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        lock = self.folder / "lock"
        lock.write_text(f"{NAME}=={VERSION} --hash=sha256:{digest}\n")
        machine = os.uname().machine
        kind = {
            "name": "tiny",
            "vllm": VERSION,
            "torch": "1.0",
            "pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
            "downloads": {machine: 1000},
            "glibc": {machine: "2.17"},
            "disk": 1000,
        }
        program = ROOT / "tests" / "actions" / "make_environment.py"
        assert user.home.exists()
        return [sys.executable, str(program), json.dumps(kind | changes), str(lock)]
