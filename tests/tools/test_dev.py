"""./dev: what each verb runs, and what it returns."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tools.checkout import ROOT

from tools import checks, dev

PYTHON = (sys.executable, "-m")


@pytest.mark.parametrize(
    ("verb", "arguments", "expected"),
    [
        ("test", ["-k", "a b"], [("pytest", "-m", "not e2e", "-k", "a b")]),
        ("test", ["-m", "real"], [("pytest", "-m", "not e2e", "-m", "real")]),  # the last one counts
        ("e2e", ["-x"], [("pytest", "-m", "e2e", "-x")]),
        ("bench", ["start"], [("bench", "start")]),
        ("docs", [], [("tools.docs",)]),
        ("lock", ["--upgrade"], [("tools.lock", "--upgrade")]),
        ("fix", [], [("ruff", "check", "--fix", "."), ("ruff", "format", ".")]),
        ("fix", ["a.py"], [("ruff", "check", "--fix", "a.py"), ("ruff", "format", "a.py")]),
    ],
)
def test_a_verb_runs(verb: str, arguments: list[str], expected: list[tuple[str, ...]]) -> None:
    assert dev.commands(*dev.parse([verb, *arguments])) == [(*PYTHON, *words) for words in expected]


def test_every_verb_is_known_and_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        dev.parse(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb} " in shown for verb in dev.VERBS)


@pytest.mark.parametrize("arguments", [[], ["no-such-verb"], ["--no-such-option"]])
def test_wrong_use_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        dev.parse(arguments)
    assert ended.value.code == 2


def test_the_checks_cover_every_shell_script() -> None:
    argv = checks.commands(ROOT)["shell"]
    assert {".ci/run", "dev", "sparkup", "tools/setup", "tests/testbed/simhosts"} <= {*argv[1:]}
    assert "tools/dev.py" not in argv


def test_only_folders_that_are_there_are_type_checked(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    assert checks.commands(tmp_path)["types"] == (*PYTHON, "mypy", "src")


def test_generated_pages_are_checked_once_there_are_any(tmp_path: Path) -> None:
    assert "docs" not in checks.commands(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/docs.py").touch()
    assert checks.commands(tmp_path)["docs"] == (*PYTHON, "tools.docs", "--check")


def check_in(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run the checks on another folder than this checkout."""
    program = "import sys; from tools import checks; sys.exit(checks.main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", program, *names],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_check_runs_though_one_failed_and_the_end_says_which(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/wrong.py").write_text("import os\nx: int = 'a'\n")
    (tmp_path / "script").write_text("#!/bin/sh\necho ok\n")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    ran = check_in(tmp_path, "lint", "format", "types", "shell")
    lines = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert [line.split()[1] for line in lines if line.endswith(" s)")] == ["FAILED", "FAILED", "FAILED", "ok"]
    assert "F401" in ran.stdout
    assert "incompatible type" in ran.stdout.lower()
    assert lines[-1] == "failed: lint, format, types"


def test_checks_that_succeed_are_short(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\necho ok\n")
    ran = check_in(tmp_path, "shell")
    assert (ran.returncode, len(ran.stdout.splitlines())) == (0, 2)
    assert ran.stdout.endswith("all checks passed\n")


def test_an_unknown_check_is_refused(tmp_path: Path) -> None:
    ran = check_in(tmp_path, "spelling")
    assert ran.returncode == 2
    assert "lint, format, types" in ran.stderr
