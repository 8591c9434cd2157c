"""The proof of RDMA after ready: real logs, a real question, and a file that `status` reads."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests import processes
from tests.fixtures.recorded import sample
from tests.user import ROOT, Json, User

PROGRAM = ROOT / "tests" / "actions" / "prove_here.py"


def proved(user: User, patience: float = 60) -> Json:
    """Return what comes of a proof; `patience`: seconds that answers may take."""
    path = os.pathsep.join((str(ROOT), user.environment["PYTHONPATH"]))
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(patience)],
        env={**user.environment, "PYTHONPATH": path},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    value: Json = json.loads(done.stdout)
    return value


def test_what_nccl_said_of_a_launch_is_read_asked_for_and_kept(user: User) -> None:
    answer = user.launched()
    log = Path(answer["log"])
    with log.open("a") as file:
        file.write(sample("app_log", "nccl_good_ib.txt"))
    found = proved(user)
    verdict = "RDMA on both twins, says NCCL; the devices do not count bytes"
    assert (found["proof"]["verdict"], found["proof"]["rdma"]) == (verdict, True)
    assert found["noted"] == [verdict]
    assert [rank["transport"] for rank in found["proof"]["ranks"]] == ["IB", "IB"]
    assert json.loads((log.parent / "proof.json").read_text()) == found["proof"]
    assert found["alone"] == "RDMA: not applicable, one host alone"
    assert user.row()["phase"] == "ready"
    assert user.run("stop").status == 0


def test_what_does_not_answer_keeps_nobody_waiting_for_long(user: User) -> None:
    user.launched()
    (core,) = (pid for pid in user.engines() if "EngineCore" in processes.command(pid))
    os.kill(core, signal.SIGSTOP)
    begun = time.monotonic()
    try:
        found = proved(user, patience=1)
    finally:
        os.kill(core, signal.SIGCONT)
    assert "no request was answered" in found["proof"]["verdict"]
    assert time.monotonic() - begun < 15


def test_of_a_launch_that_is_gone_nothing_is_known_and_nothing_is_made(user: User) -> None:
    user.launched()
    assert user.run("stop").status == 0
    found = proved(user)
    assert found["proof"]["verdict"].startswith(
        "RDMA: not known, no request was answered, and NCCL said nothing"
    )
    assert user.names() == []
    assert found["noted"][1].startswith("proof.json could not be kept: ")
