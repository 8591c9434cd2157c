"""Dry runs: what would be done, as text, as JSON, as a script that runs without sparkup, and offline."""

import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
from tests import processes
from tests.user import FAKES, User, free_port

HIDDEN = "hf_very-secret-9f3"


def everything(folder: Path) -> dict[str, str]:
    """Return all files below a folder, but for the records of what hosts answered and of what was done."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        str(file): file.read_text(errors="replace")
        for file in files
        if file.parent.name not in ("facts", "journal")
    }


def run_script(script: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a script as somebody does who has no sparkup."""
    argv = ["sh", str(script), *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=90)


def test_it_shows_all_and_does_nothing(user: User) -> None:
    words = user.serve("--max-model-len", "512")
    before = everything(user.home)
    done = user.run("launch", "--dry-run", "-e", "PLAIN=a b", "-e", f"HF_TOKEN={HIDDEN}", *words)
    assert done.status == 0
    assert "vllm serve" in done.out
    assert "--max-model-len 512 --host 127.0.0.1" in done.out
    assert "with PLAIN=a b" in done.out
    assert "with HF_TOKEN, which is not shown" in done.out
    assert done.out.endswith("nothing was done; the same without --dry-run does it\n")
    assert everything(user.home) == before
    user.nothing_is_left()


def test_as_json(user: User) -> None:
    done = user.run("launch", "--dry-run", "--json", "--name", "mine", *user.serve())
    assert done.status == 0
    assert done.json["launch"]["launch"] == "mine"
    titles = [phase["title"] for phase in done.json["phases"]]
    assert titles == ["Start", "Wait until ready"]
    step = next(step for phase in done.json["phases"] for step in phase["steps"] if step["argv"])
    assert set(step) == {"id", "host", "what", "argv", "reason", "after"}


def test_it_refuses_what_the_launch_would_refuse(user: User) -> None:
    done = user.run("launch", "--dry-run", "--", "vllm", "serve", "/no/such/folder", "--port", "many")
    assert done.status == 2
    assert "there is no model folder /no/such/folder" in done.err
    assert "--port many is no port" in done.err


def test_the_script_does_the_same_without_us(user: User, tmp_path: Path) -> None:
    """Where there is no sparkup; secrets come from the environment of whoever runs it."""
    port = free_port()
    words = ("-e", "HF_TOKEN", "-e", "PLAIN=it's $HOME", *user.serve("--api-key", "sk-hidden", port=port))
    done = user.run("launch", "--dry-run=script", *words, env={"HF_TOKEN": HIDDEN})
    assert done.status == 0
    script = tmp_path / "script.sh"
    script.write_text(done.out)
    path = os.pathsep.join((str(FAKES), os.environ["PATH"]))
    plain = {"PATH": path, "HOME": str(user.home)}
    secret = {"HF_TOKEN": HIDDEN, "VLLM_API_KEY": "sk-hidden"}
    run = run_script(script, plain)
    assert run.returncode != 0  # a secret is missing: said by its name, and nothing runs
    assert "HF_TOKEN" in run.stderr
    user.nothing_is_left()
    assert run_script(script, {**plain, **secret}, "start").returncode == 0
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/models")
    request.add_header("Authorization", "Bearer sk-hidden")
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert json.load(reply)["data"][0]["id"] == "tiny"
    row = user.row()  # sparkup knows it, too
    assert (row["phase"], row["url"]) == ("ready", f"http://127.0.0.1:{port}")
    environment = Path(f"/proc/{row['pid']}/environ").read_bytes().split(b"\0")
    assert f"HF_TOKEN={HIDDEN}".encode() in environment
    assert b"PLAIN=it's $HOME" in environment
    assert run_script(script, plain, "stop").returncode == 0
    user.nothing_is_left()


@pytest.mark.e2e
def test_the_script_of_a_start_that_fails_takes_it_back(user: User, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    script.write_text(user.run("launch", "--dry-run=script", *user.serve()).out)
    path = os.pathsep.join((str(FAKES), os.environ["PATH"]))
    env = {"PATH": path, "HOME": str(user.home), "FAKE_VLLM_FAULT": "dies-in-start"}
    run = run_script(script, env)
    assert run.returncode == 1
    assert "not ready" in run.stderr
    user.nothing_is_left()


@pytest.mark.e2e
def test_the_script_knows_two_words(user: User, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    script.write_text(user.run("launch", "--dry-run=script", *user.serve()).out)
    run = run_script(script, {"PATH": os.environ["PATH"]}, "restart")
    assert (run.returncode, run.stdout) == (2, "")
    assert "start|stop" in run.stderr
    user.nothing_is_left()


def test_offline_needs_what_was_recorded(user: User) -> None:
    done = user.run("launch", "--dry-run", "--offline", *user.serve())
    assert done.status == 2
    assert "nothing was ever recorded of local" in done.err
    done = user.run("launch", "--offline", *user.serve())
    assert done.status == 2
    assert "--offline goes with --dry-run" in done.err


def test_offline_plans_the_same(user: User) -> None:
    words = user.serve()
    live = user.run("launch", "--dry-run", *words)
    offline = user.run("launch", "--dry-run", "--offline", *words)
    assert offline.status == 0

    def steps(text: str) -> list[str]:
        return [line for line in text.splitlines() if " start --root " not in line and "wait " not in line]

    assert steps(offline.out) == steps(live.out)
    other = user.run("launch", "--dry-run", "--offline", "--", "another-program")
    assert other.status == 0
    assert "not recorded of local, so not checked" in other.out + other.err


def test_offline_opens_no_socket(user: User, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    trace = tmp_path / "trace"
    words = ("launch", "--dry-run", "--offline", "--host", "spark1", *user.serve())
    user.run("launch", "--dry-run", *user.serve())
    facts = user.state / "facts"
    shutil.copy(facts / "local.json", facts / "spark1.json")  # as if it had been asked once
    before = [strace, "-f", "-qq", "-e", "trace=socket,connect", "-o", str(trace)] if strace else []
    done = user.run(*words, before=before)
    if strace and "ptrace" in done.err:
        pytest.skip(f"strace cannot be used here: {done.err}")
    assert done.status == 0, done
    assert "[spark1] start rank 0" in done.out
    if not strace:
        pytest.skip("strace is not installed")
    assert trace.read_text() == ""


@pytest.mark.e2e
def test_offline_works_without_a_network(user: User) -> None:
    if os.getuid() != 0:
        pytest.skip("a network of one's own needs root")
    words = user.serve()
    user.run("launch", "--dry-run", *words)
    done = user.run("launch", "--dry-run", "--offline", *words, before=["unshare", "--net"])
    assert done.status == 0
    assert processes.lives(os.getpid())
