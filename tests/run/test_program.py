"""The program for hosts as one file: the same bytes from the same sources, and nothing else in it."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from importlib import resources
from pathlib import Path

import pytest

from sparkup.run.program import gatherer, program, program_name

SHOW = "import hashlib; from sparkup.run.program import program; print(hashlib.sha256(program()).hexdigest())"


@pytest.mark.parametrize("seed", ["0", "1"])
def test_equal_sources_make_equal_bytes(seed: str) -> None:
    """Made at another time, in another order of hashing, in another place and time zone."""
    source = str(Path(str(resources.files("sparkup"))).parent)
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": source, "TZ": f"UTC-{seed}"}
    done = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, check=True, cwd="/", env=env)
    assert done.stdout.decode().strip() == hashlib.sha256(program()).hexdigest()


def test_its_name_is_its_contents() -> None:
    digest = hashlib.sha256(program()).hexdigest()
    assert program_name() == f"node-{digest[:12]}.pyz"


def test_it_holds_the_sources_and_no_more() -> None:
    with zipfile.ZipFile(io.BytesIO(program())) as archive:
        names = archive.namelist()
        sources = Path(str(resources.files("sparkup"))) / "node"
        assert sorted(names) == sorted(
            [
                "__main__.py",
                *(f"node/{file.name}" for file in sources.glob("*.py") if file.name != "entry.py"),
            ]
        )
        assert archive.read("__main__.py") == (sources / "entry.py").read_bytes()
        assert archive.read("node/rank.py") == (sources / "rank.py").read_bytes()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_is_small() -> None:
    """It travels to every host of a launch before anything else does."""
    assert len(program()) < 70_000
    assert len(gatherer()) < 20_000
