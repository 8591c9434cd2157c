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


@pytest.mark.parametrize(
    ("verb", "answers"),
    [
        ("start", (74, b'{"started": null}\n')),
        ("stop", (0, b'{"found": false, ')),
        ("watch", (0, b'{"exit": null}\n')),
        ("logs", (69, b"")),
        ("ready", (70, b'{"state": "ended", ')),
        ("ask", (69, b'{"ok": false, ')),
        ("exec", (69, b"")),
    ],
)
def test_the_program_needs_nothing_but_itself(
    oldest_python: str, tmp_path: Path, program_file: Path, verb: str, answers: tuple[int, bytes]
) -> None:
    """-I -S: no modules of the user, of the current folder, of site-packages. Each verb imports its own."""
    argv = [oldest_python, "-I", "-S", str(program_file), verb, "nothing", "--root", str(tmp_path)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False, capture_output=True)
    assert (done.returncode, done.stdout[: len(answers[1])]) == answers
    assert b"Traceback" not in done.stderr
