"""The program runs from bytecode that it has left beside itself, if that is whole and ours alone."""

import marshal
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

SAYS = "def main():\n    print('from what was left')\n    return 0\n"


@pytest.fixture
def program(program_file: Path, tmp_path: Path) -> Path:
    """The program where nobody has run it yet."""
    return Path(shutil.copy(program_file, tmp_path / program_file.name))


def run(python: str, program: Path) -> str:
    argv = [python, "-I", str(program), "ready", "nothing", "--root", str(program.parent / "state")]
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout


def left(program: Path) -> Path:
    (found,) = program.parent.glob(f"{program.name}.*")
    return found


def tell(python: str, file: Path) -> None:
    """Leave bytecode of which one sees that it runs."""
    make = f"import marshal, sys; sys.stdout.buffer.write(marshal.dumps(compile({SAYS!r}, 'x', 'exec')))"
    code = subprocess.run([python, "-c", make], check=True, capture_output=True).stdout
    package = subprocess.run(
        [python, "-c", make.replace(repr(SAYS), "''")], check=True, capture_output=True
    ).stdout
    data = marshal.dumps({"node": package, "node.main": code})
    file.write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)


def test_the_second_run_takes_what_the_first_has_left(python: str, program: Path) -> None:
    first = run(python, program)
    assert '"state": "ended"' in first
    assert run(python, program) == first
    assert left(program).stat().st_mode & 0o777 == 0o600
    tell(python, left(program))
    assert run(python, program) == "from what was left\n"


@pytest.mark.parametrize("harm", ["damaged", "cut", "others"])
def test_what_is_damaged_or_not_ours_alone_is_made_anew(python: str, program: Path, harm: str) -> None:
    first = run(python, program)
    tell(python, left(program))
    data = left(program).read_bytes()
    if harm == "others":
        left(program).chmod(0o666)
    else:
        left(program).write_bytes(data[:-1] if harm == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    assert run(python, program) == first
    assert left(program).stat().st_mode & 0o777 in (0o600, 0o644)
    assert run(python, program) == first
    assert len(left(program).read_bytes()) > 10 * len(data)


def test_a_link_to_elsewhere_is_not_followed(python: str, program: Path, tmp_path: Path) -> None:
    first, elsewhere = run(python, program), tmp_path / "elsewhere"
    tell(python, elsewhere)
    path = left(program)
    path.unlink()
    path.symlink_to(elsewhere)
    assert run(python, program) == first
    assert not path.is_symlink()


def test_in_a_container_nothing_is_left(program_file: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(program_file, tmp_path / "node.pyz"))
    assert '"state": "ended"' in run(sys.executable, program)
    assert list(tmp_path.glob("node.pyz.*")) == []
