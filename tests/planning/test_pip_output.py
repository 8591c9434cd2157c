"""What pip and venv printed, read for people: recorded runs of pip 23.0 (old) and 26.3 (new)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures import recorded

from sparkup.domain.command import Result
from sparkup.errors import GateRefused, WorkFailed
from sparkup.planning.pip_output import no_venv, not_installed, pip_line


def result(case: str) -> Result:
    found = recorded.pip(case)
    assert found["status"] != 0
    return Result(found["status"], found["stdout"], found["stderr"])


@pytest.mark.parametrize("version", ["old", "new"])
@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("unreachable", "registry-gone"),  # connection refused
        ("no_such_name", "registry-gone"),  # no name resolution
        ("stalled", "registry-gone"),  # takes the connection and says nothing
        ("busy", "registry-gone"),  # answers 503 to everything
        ("slow", "registry-gone"),  # stands still in the middle of a download
        ("no_version", "install-failed"),  # has the package in another version
        ("hash", "install-failed"),  # has another file
        ("disk", "no-disk"),
    ],
)
def test_why_an_installation_failed(case: str, code: str, version: str) -> None:
    error = not_installed(result(f"{case}_{version}"), "h")
    assert isinstance(error, WorkFailed)
    (problem,) = error.problems
    assert (problem.code, problem.where) == (code, "h")
    assert problem.hint
    assert 0 < len(problem.details) <= 8
    assert all(line.strip() for line in problem.details)


def test_a_download_that_is_cut_off() -> None:
    """pip 26 resumes and gives up; pip 23 takes the half for the whole and finds that the hash is wrong."""
    (new,) = not_installed(result("cut_new"), "h").problems
    (old,) = not_installed(result("cut_old"), "h").problems
    assert new.code == "registry-gone"
    assert old.message == "a download is not what the lock says: it broke off, or was altered on its way"
    assert old.hint.startswith("start again; if it stays so")
    assert "DO NOT MATCH THE HASHES" in "".join(old.details)


def test_a_host_that_prints_errors_on_standard_output_is_read_as_well() -> None:
    found = result("disk_new")
    (problem,) = not_installed(Result(1, stdout=found.stderr), "h").problems
    assert problem.code == "no-disk"


def test_debians_python_without_venv_cannot_make_an_environment() -> None:
    error = no_venv(result("venv_without_ensurepip"), "h")
    assert isinstance(error, GateRefused)
    assert error.problems[0].code == "no-python"
    assert "python3-venv" in error.problems[0].hint


def test_a_full_disk_is_not_taken_for_a_python_without_venv() -> None:
    """venv tells then that its call of ensurepip failed, and no more."""
    found = result("venv_disk")
    assert "ensurepip" in found.stderr
    assert no_venv(found, "h") is None


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        (
            "installed_old",
            [
                "Collecting aone==1.0",
                "Downloading aone-1.0-py3-none-any.whl (1.2 kB)",
                "Collecting btwo==2.0",
                "Downloading btwo-2.0-py3-none-any.whl (3.0 MB)",
                "installing all of them",
            ],
        ),
        (
            "installed_new",
            [
                "Collecting aone==1.0",
                "Downloading aone-1.0-py3-none-any.whl (1.2 kB)",
                "Collecting btwo==2.0",
                "Downloading btwo-2.0-py3-none-any.whl (3.0 MB)",
                "installing all of them",
            ],
        ),
    ],
)
def test_the_lines_of_a_whole_installation(case: str, shown: list[str]) -> None:
    lines = recorded.pip(case)["stdout"].splitlines()
    assert [text for text in map(pip_line, lines) if text] == shown


def test_a_wheel_of_a_local_folder_is_taken() -> None:
    assert pip_line("Processing /opt/wheels/torch-2.13.0-cp311.whl") == "taking torch-2.13.0-cp311.whl"


@given(st.text() | st.sampled_from(["Collecting", "Downloading", " Processing ", "Installing"]))
def test_any_line_at_all_can_be_shown(line: str) -> None:
    assert isinstance(pip_line(line), str)
