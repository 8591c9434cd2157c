"""What NCCL said, found in a log among all that vLLM says, by the program that answers questions."""

import json
import subprocess
import sys
from pathlib import Path, PurePosixPath

from tests.fixtures.recorded import sample

from sparkup.facts.nccl_log import cause
from sparkup.facts.nccl_said import nccl_said
from sparkup.run.answers import requests, value
from sparkup.run.gather import LOADER
from sparkup.run.program import gatherer


def look(log: Path) -> tuple[str, ...]:
    """Return what the fact makes of a log, asked as a host is."""
    fact, program = nccl_said(PurePosixPath(log)), gatherer()
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOADER, str(len(program))],
        input=program + json.dumps({"requests": requests([fact])}).encode(),
        capture_output=True,
        check=True,
    )
    return value(fact, json.loads(done.stdout)["answers"])


def test_only_the_lines_of_nccl_are_taken(tmp_path: Path) -> None:
    said = sample("app_log", "nccl_good_ib.txt")
    rest = sample("app_log", "startup_complete.txt")
    log = tmp_path / "log"
    log.write_text(
        rest + "".join(f"(Worker pid=7) spark:7:9 [0] {line}\n" for line in said.splitlines()) + rest
    )
    assert [line.partition("[0] ")[2] for line in look(log)] == said.splitlines()


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert look(tmp_path / "none") == ()


def test_why_it_is_tcp() -> None:
    assert cause(sample("app_log", "nccl_bad_socket_no_libibverbs.txt").splitlines()) == (
        "the image has no libibverbs"
    )
    assert cause(sample("app_log", "nccl_good_ib.txt").splitlines()) == ""
