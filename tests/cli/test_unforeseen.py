"""What nobody has foreseen is told in a line, and its traceback is kept."""

import errno
from pathlib import Path

import pytest

from sparkup.cli.main import broken
from sparkup.cli.unforeseen import unforeseen


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which tracebacks are kept."""
    monkeypatch.setenv("SPARKUP_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "traceback.txt"


def raised(error: Exception) -> Exception:
    """Return an error with a traceback."""
    with pytest.raises(type(error)) as found:
        raise error
    return found.value


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(errno.EAGAIN, "Try again"), "system-refused", "this machine refused: Try again"),
        (PermissionError(errno.EACCES, "No", "/x"), "system-refused", "this machine refused: No: /x"),
        (OSError("odd"), "system-refused", "this machine refused: odd"),
        (MemoryError(), "system-refused", "this machine refused: no memory is left"),
        (KeyError("x"), "bug", "a fault of sparkup: KeyError: 'x'"),
    ],
)
def test_it_is_told_in_a_line(error: Exception, code: str, message: str, kept: Path) -> None:
    (problem,) = unforeseen(raised(error)).problems
    assert (problem.code, problem.message, problem.details) == (code, message, ())
    assert problem.hint.endswith(f"the traceback is in {kept}")
    assert kept.read_text().startswith("Traceback")


def test_where_no_file_can_be_written_the_traceback_is_shown(kept: Path) -> None:
    kept.parent.touch()
    (problem,) = unforeseen(raised(KeyError("x"))).problems
    assert problem.details[0].startswith("Traceback")
    assert "could not be kept" in problem.hint


def test_what_is_no_output_of_ours_is_not_taken_for_it(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert broken(raised(OSError(errno.EAGAIN, "Try again")), ()) == 1
    assert capsys.readouterr().err.startswith("error: this machine refused: Try again (system-refused)\n")
    assert broken(ExceptionGroup("", [ValueError(), ExceptionGroup("", [BrokenPipeError()])]), ()) == 0
    assert broken(ExceptionGroup("", [raised(KeyError("x"))]), ()) == 1
    assert "a fault of sparkup: KeyError: 'x' (bug)" in capsys.readouterr().err
