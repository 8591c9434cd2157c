"""Managed environments and what could make one, from the answers of a live host."""

from pathlib import PurePosixPath

import pytest
from tests.fixtures.recorded import answers

from sparkup.facts.environments import (
    Builders,
    Python,
    builders,
    parse_builders,
    parse_environments,
    wheels,
)

HOME = "/home/ada/.local/share/sparkup/envs"


def test_the_newest_environment_comes_first() -> None:
    found = parse_environments(answers("environments", "two"))
    assert [each.name for each in found] == ["cpu-0.32.0-eade65dd", "cuda-0.32.0-0a1b2c3d"]
    first = found[0]
    assert (first.variant, first.digest, first.python, first.vllm) == ("cpu", "eade65dd", "3.11", "0.32.0")
    assert first.bin == PurePosixPath(f"{HOME}/cpu-0.32.0-eade65dd/bin")
    assert first.made > found[1].made


def test_what_cannot_be_read_is_no_environment() -> None:
    recorded = answers("environments", "named_and_broken")
    assert len(recorded["records"]["files"]) == 5
    (found,) = parse_environments(recorded)
    assert found.folder == PurePosixPath("/srv/data/envs/cpu-0.32.0-eade65dd")


def test_one_folder_that_is_found_two_ways_counts_once() -> None:
    recorded = answers("environments", "one_folder_two_ways")
    assert len(recorded["records"]["files"]) == 4
    assert len(parse_environments(recorded)) == 2


def test_there_may_be_none() -> None:
    assert parse_environments(answers("environments", "none")) == ()


DEBIANS = Python("/usr/bin/python3.11", "3.11", ensurepip=True, pip=True)
WITHOUT_VENV = Python("/usr/bin/python3.11", "3.11", ensurepip=False, pip=True)
NEWER = (
    Python("/opt/python3.12/bin/python3.12", "3.12", ensurepip=True, pip=True),
    Python("/opt/python3.13/bin/python3.13", "3.13", ensurepip=True, pip=True),
)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("debian", Builders((DEBIANS,), "", index=False)),
        ("three_pythons", Builders((DEBIANS, *NEWER), "", index=False)),
        ("broken_pythons", Builders((DEBIANS,), "", index=False)),  # one that cannot even start is none
        ("no_ensurepip", Builders((WITHOUT_VENV,), "", index=False)),
        ("no_ensurepip_but_uv", Builders((WITHOUT_VENV,), "/home/ada/.local/bin/uv", index=False)),
        ("index_answers", Builders((DEBIANS,), "", index=True)),
        ("index_without_torch", Builders((DEBIANS,), "", index=False)),
    ],
)
def test_what_a_host_has_to_make_environments_with(case: str, expected: Builders) -> None:
    assert parse_builders(answers("builders", case)) == expected


def test_a_python_that_says_something_else_is_none() -> None:
    recorded = answers("builders", "debian")
    odd = {"status": 0, "out": "3.13\n", "err": ""}
    assert parse_builders({**recorded, "python3.13": odd}) == parse_builders(recorded)


def test_the_index_is_asked_as_the_hosts_pip_would() -> None:
    fact = builders("https://example.invalid/torch/")
    assert fact.requests["index"].body == {
        "url": "https://example.invalid/torch/",
        "timeout": 5,
        "proxy": True,
    }
    assert fact.requests["python3.11"].body["argv"][:2] == ["python3.11", "-I"]
    assert "~/.local/bin" in fact.requests["uv"].body["first"]


@pytest.mark.parametrize(
    ("case", "expected"), [("listed", ("3.11",)), ("other_version", ()), ("unreachable", ())]
)
def test_for_which_pythons_pip_finds_a_wheel(case: str, expected: tuple[str, ...]) -> None:
    pythons = (
        Python("/usr/bin/python3", "3.11", ensurepip=True, pip=True),
        Python("/opt/python3.12", "3.12", ensurepip=True, pip=False),
    )
    fact = wheels(pythons, "torch", "2.13.0+cpu")
    assert list(fact.requests) == ["3.11"]  # one without pip cannot be asked
    assert "--python-version" in fact.requests["3.11"].body["argv"]
    assert fact.parse(answers("wheels", case)) == expected


def test_a_named_folder_keeps_its_environments_apart() -> None:
    recorded = answers("environments", "two")
    all_of_them = parse_environments(recorded)
    folder = all_of_them[0].folder
    named = {**recorded, "env": {"env": {"SPARKUP_DATA_DIR": str(folder)}}}
    assert [each.folder for each in parse_environments(named)] == [folder]
    assert len(all_of_them) == 2
