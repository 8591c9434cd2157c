"""All that runs on a host keeps what it promises about its Python."""

import subprocess
from importlib import resources
from pathlib import Path

import pytest

FOLDER = Path(str(resources.files("sparkup")))
FILES = [*sorted((FOLDER / "node").glob("*.py")), FOLDER / "connect" / "writer.py"]
COMPILE = "import sys; compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1], 'exec')"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_understood(oldest_python: str, file: Path) -> None:
    subprocess.run([oldest_python, "-W", "error", "-c", COMPILE, str(file)], check=True)


def test_the_program_needs_nothing_but_itself(oldest_python: str, tmp_path: Path, program_file: Path) -> None:
    """-I -S: no modules of the user, of the current folder, of site-packages."""
    argv = [oldest_python, "-I", "-S", str(program_file), "stop", "nothing", "--root", str(tmp_path)]
    assert subprocess.run(argv, check=True, capture_output=True).stdout == b'{"found": false}\n'
