"""What a launch is given: plain variables, secrets that are shown nowhere, keys out of arguments."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests import processes
from tests.user import User, free_port

HIDDEN = "hf_very-secret-9f3"
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


def shown(user: User, *options: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command that is launched."""
    done = user.run("launch", *options, "--", sys.executable, "-c", SHOW, env=env)
    assert done.status == 0, done
    found: dict[str, str] = json.loads(done.out)
    return found


def test_variables_arrive_as_they_are(user: User) -> None:
    values = {
        "SPACES": " two  words ",
        "EQUALS": "a=b",
        "QUOTES": 'it\'s "q" $HOME',
        "EMPTY": "",
        "UNICODE": "gr\u00fc\u00dfe \U0001f680",
        "LINES": "one\ntwo",
    }
    options = [word for name, value in values.items() for word in ("-e", f"{name}={value}")]
    found = shown(user, *options)
    assert {name: found[name] for name in values} == values


def test_a_variable_is_taken_from_here(user: User) -> None:
    found = shown(user, "-e", "MINE", "--env", "HF_TOKEN", env={"MINE": "a b", "HF_TOKEN": HIDDEN})
    assert (found["MINE"], found["HF_TOKEN"]) == ("a b", HIDDEN)


@pytest.mark.e2e
def test_options_that_stand_for_variables(user: User) -> None:
    found = shown(user, "-j", "3", "--nccl-debug", "-e", "MAKEFLAGS=-j9")
    assert (found["MAX_JOBS"], found["MAKEFLAGS"], found["NCCL_DEBUG"]) == ("3", "-j9", "INFO")


def kept(folder: Path) -> str:
    """Return the text of all files below a folder."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyz")
    return "".join(file.read_text(errors="replace") for file in files)


def test_a_secret_is_nowhere_but_in_the_process(user: User) -> None:
    env = {"HF_TOKEN": HIDDEN}
    done = user.run("launch", "--no-follow", "-e", "HF_TOKEN", *user.serve(), env=env)
    assert done.status == 0
    assert HIDDEN not in done.out + done.err
    row = user.row()
    assert HIDDEN.encode() in Path(f"/proc/{row['pid']}/environ").read_bytes()
    text = kept(user.home)
    assert "HF_TOKEN" in text  # by name, in the spec
    assert HIDDEN not in text
    supervisor = processes.parent(row["pid"])
    for pid in (supervisor, row["pid"]):
        assert HIDDEN not in processes.command(pid)
    user.run("stop")
    assert HIDDEN not in kept(user.home)


def test_a_secret_is_in_no_dry_run(user: User) -> None:
    for how in ("--dry-run", "--dry-run=script"):
        done = user.run("launch", how, "-e", "HF_TOKEN", *user.serve(), env={"HF_TOKEN": HIDDEN})
        assert done.status == 0
        assert "HF_TOKEN" in done.out
        assert HIDDEN not in done.out + done.err
    done = user.run("launch", "--dry-run", "--json", "-e", f"HF_TOKEN={HIDDEN}", *user.serve())
    assert HIDDEN not in done.out + done.err
    assert HIDDEN not in kept(user.home)


@pytest.mark.e2e
def test_no_program_that_starts_it_has_a_secret_in_its_arguments(user: User) -> None:
    """Looked for all the time while it starts: `ps` of any user shows arguments."""
    environment = {"HF_TOKEN": HIDDEN, "FAKE_VLLM_START_SECONDS": "1"}
    with user.running("launch", "--no-follow", "-e", "HF_TOKEN", *user.serve(), env=environment) as command:
        looked = 0
        while command.process.poll() is None:
            assert not [pid for pid in processes.pids() if HIDDEN in processes.command(pid)]
            looked += 1
            time.sleep(0.005)
        assert command.process.returncode == 0
    assert looked > 10


def asked(url: str, key: str) -> int:
    """Return the status of a request with a key."""
    request = urllib.request.Request(f"{url}/v1/models", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_an_api_key_moves_from_the_arguments_to_the_environment(user: User) -> None:
    done = user.run("launch", "--no-follow", "--json", *user.serve("--api-key", HIDDEN))
    assert done.status == 0
    assert done.json["needs_key"] is True
    assert HIDDEN not in done.out + done.err
    row = user.row()
    assert HIDDEN not in processes.command(row["pid"])
    assert "--api-key" not in row["argv"]
    assert HIDDEN not in kept(user.home)
    assert (asked(row["url"], HIDDEN), asked(row["url"], "another")) == (200, 401)
    text = user.run("launch", "--dry-run", "--name", "b", *user.serve("--api-key", HIDDEN))
    assert HIDDEN not in text.out


@pytest.mark.e2e
def test_how_to_ask_a_server_with_a_key(user: User) -> None:
    done = user.run("launch", "--no-follow", *user.serve("--api-key", HIDDEN))
    assert "Authorization: Bearer $VLLM_API_KEY" in done.out


@pytest.mark.parametrize("word", ["=x", "1A=x", "A B=x", "NOT_SET_HERE"])
def test_what_is_no_variable(user: User, word: str) -> None:
    done = user.run("launch", "-e", word, "--", "true")
    assert done.status == 2
    assert "error" in done.err
    user.nothing_is_left()


def test_a_server_gets_the_loopback_if_nothing_else_is_said(user: User) -> None:
    port = free_port()
    done = user.run("launch", "--dry-run", "--json", *user.serve(port=port))
    argv = done.json["launch"]["argv"]
    assert argv[-2:] == ["--host", "127.0.0.1"]
