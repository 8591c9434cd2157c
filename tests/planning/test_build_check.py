"""What a check of a finished image says, and which images do not get their name."""

import json
from dataclasses import replace

import pytest

from sparkup.domain.build import Check
from sparkup.domain.command import Result
from sparkup.errors import WorkFailed
from sparkup.facts.containers import Image
from sparkup.planning.build_check import found, unfit

IMAGE = Image("sha256:1", "arm64", "linux")
CHECKS = [
    {"name": "torch", "ok": True, "message": "CUDA 13.4"},
    {"name": "kernel", "ok": None, "message": "there is no GPU here"},
]
DOCUMENT = {"versions": {"torch": "2.14.0", "cuda": ""}, "flags": ["--port"], "checks": CHECKS}


def result(document: object, status: int = 0, err: str = "") -> Result:
    return Result(status, f"a warning of Python\n{json.dumps(document)}", err)


def test_what_was_found_is_read_and_the_entrypoint_looked_at() -> None:
    inside = found(result(DOCUMENT), IMAGE, "spark1")
    assert (inside.versions, inside.flags) == ({"torch": "2.14.0"}, ("--port",))
    assert inside.checks == (
        Check("torch", ok=True, message="CUDA 13.4"),
        Check("kernel", None, "there is no GPU here"),
        Check("entrypoint", ok=True, message="there is none"),
    )


def test_an_entrypoint_makes_an_image_unfit() -> None:
    image = replace(IMAGE, entrypoint=("/opt/start.sh",))
    with pytest.raises(WorkFailed, match=r"entrypoint: the image begins everything with /opt/start\.sh"):
        found(result(DOCUMENT), image, "spark1")


def test_everything_that_failed_is_said_at_once() -> None:
    bad = [{"name": name, "ok": False, "message": "no"} for name in ("nccl", "torch")]
    error = unfit(result({**DOCUMENT, "checks": [*CHECKS, *bad]}, 1), "spark1")
    assert [(problem.code, problem.message) for problem in error.problems] == [
        ("image-unfit", "the new image is unfit: nccl: no"),
        ("image-unfit", "the new image is unfit: torch: no"),
    ]


@pytest.mark.parametrize(
    ("status", "out", "err", "said"),
    [
        (127, "", "python3: not found\n", ("python3: not found",)),
        (1, "half of {", "", ("half of {",)),
        (137, "", "", ()),
    ],
)
def test_a_check_that_did_not_come_to_its_end_is_no_success(
    status: int, out: str, err: str, said: tuple[str, ...]
) -> None:
    (problem,) = unfit(Result(status, out, err), "spark1").problems
    assert problem.message == f"the new image could not be checked: exit status {status}"
    assert problem.details == said
    with pytest.raises(WorkFailed, match="could not be checked: exit status 0"):
        found(Result(0, out, err), IMAGE, "spark1")
