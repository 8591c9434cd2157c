"""Where the wheels of the cpu image come from."""

from pathlib import PurePosixPath

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA, folder, seen

from sparkup.commands.node import Program
from sparkup.domain.plan import Put, Run
from sparkup.errors import GateRefused
from sparkup.facts.environments import Builders, parse_builders
from sparkup.planning.build_wheels import are_there, fetch_plan, lock_of
from sparkup.planning.build_wheels import folder as wheels_folder

LOCK = b"six==1.17.0 --hash=sha256:00\n"
HOST = seen(machine_=ADA)
PROGRAM = Program("/usr/bin/python3", folder("bin", "node.pyz"), folder())
DEBIAN: Builders = parse_builders(answers("builders", "debian"))


def test_wheels_are_kept_by_their_lock_and_half_of_them_never_count() -> None:
    target = wheels_folder(LOCK, HOST)
    assert target != wheels_folder(LOCK + b"x", HOST)
    assert str(target) in are_there(LOCK, HOST).name
    plan = fetch_plan(LOCK, "3.11", DEBIAN, PROGRAM, HOST)
    steps = {step.id: step for step in plan.steps}
    fetch, keep, put = steps["fetch"], steps["keep"], steps["lock"]
    assert isinstance(fetch, Run)
    assert isinstance(keep, Run)
    assert isinstance(put, Put)
    argv = fetch.command.argv
    part = argv[argv.index("--dest") + 1]
    assert keep.command.argv == ("mv", "--", part, str(target))
    assert keep.after == ("fetch",)
    assert put.content == LOCK
    assert argv[argv.index("-r") + 1] == str(put.path)


def test_they_are_for_the_python_and_the_c_library_of_the_base_whatever_the_host_has() -> None:
    argv = next(step for step in fetch_plan(LOCK, "3.11", DEBIAN, PROGRAM, HOST).steps if step.id == "fetch")
    assert isinstance(argv, Run)
    words = argv.command.argv
    assert words[words.index("--python-version") + 1] == "3.11"
    platforms = [words[place + 1] for place, word in enumerate(words) if word == "--platform"]
    assert platforms[0] == f"manylinux_2_36_{ADA.architecture}"
    assert {f"manylinux_2_5_{ADA.architecture}", f"manylinux2014_{ADA.architecture}"} <= {*platforms}


def test_a_host_without_pip_is_told_what_to_do() -> None:
    with pytest.raises(GateRefused) as caught:
        fetch_plan(LOCK, "3.11", Builders((), "/usr/bin/uv", index=True), PROGRAM, HOST)
    assert "--wheels FOLDER" in caught.value.problems[0].hint


def test_only_a_variant_with_a_lock_has_wheels() -> None:
    assert lock_of({"Dockerfile": b"", "src/envs/cpu.lock": LOCK}) == LOCK
    assert lock_of({"Dockerfile": b"", str(PurePosixPath("a/b.py")): b"x"}) == b""
