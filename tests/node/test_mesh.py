"""mesh.py: keys and trust in the home of a user, as sshd reads them."""

import json
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sparkup.node import mesh
from sparkup.run.gather import LOADER
from sparkup.run.program import source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of keys."""
    place = tmp_path / ".ssh"
    place.mkdir(mode=0o700)
    return place


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_runs_from_standard_input(python: str) -> None:
    program = source("mesh.py")
    argv = [python, "-I", "-c", LOADER, str(len(program))]
    body = json.dumps({"do": "nothing"}).encode()
    done = subprocess.run(argv, input=program + body, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"error": "KeyError: 'nothing'"}


def test_a_key_is_made_once(folder: Path) -> None:
    assert mesh.key({"make": False}, str(folder)) == {"error": "this user has no key"}
    told = mesh.key({"make": True}, str(folder))
    assert told["made"] is True
    assert told["key"].startswith("ssh-ed25519 AAAA")
    assert len(told["key"].split()) == 2
    assert mode(folder / "id_ed25519") == 0o600
    assert mesh.key({"make": True}, str(folder)) == {"key": told["key"], "made": False}


def test_a_key_without_its_public_half_serves(folder: Path) -> None:
    told = mesh.key({"make": True}, str(folder))
    (folder / "id_ed25519.pub").unlink()
    assert mesh.key({}, str(folder))["key"] == told["key"]


def test_a_key_with_a_passphrase_is_left_alone(folder: Path) -> None:
    file = str(folder / "id_rsa")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", file], check=True)
    assert mesh.key({"make": True}, str(folder)) == {"error": f"{file} has a passphrase, or cannot be read"}
    assert sorted(each.name for each in folder.iterdir()) == ["id_rsa", "id_rsa.pub"]


def trust(folder: Path, authorized: list[str], known: list[str]) -> dict[str, Any]:
    added: dict[str, Any] = mesh.trust({"authorized": authorized, "known": known}, str(folder))["added"]
    return added


def test_lines_are_added_once(folder: Path) -> None:
    assert trust(folder, ["ssh-ed25519 AAAA b"], ["b,10.0.0.2 ssh-ed25519 BBBB"]) == {
        "authorized_keys": 1,
        "known_hosts": 1,
    }
    assert trust(folder, ["ssh-ed25519 AAAA b"], ["b,10.0.0.2 ssh-ed25519 BBBB"]) == {
        "authorized_keys": 0,
        "known_hosts": 0,
    }
    assert trust(folder, [], ["c ssh-ed25519 CCCC"]) == {"authorized_keys": 0, "known_hosts": 1}
    known = folder / "known_hosts"
    assert known.read_text() == "b,10.0.0.2 ssh-ed25519 BBBB\nc ssh-ed25519 CCCC\n"
    assert mode(known) == mode(folder / "authorized_keys") == 0o600


def test_what_was_there_stays(folder: Path) -> None:
    file = folder / "authorized_keys"
    file.write_text('from="10.0.0.0/8" ssh-ed25519 AAAA mine\n# ssh-ed25519 BBBB\nlast ssh-rsa CCCC')
    file.chmod(0o664)
    trust(folder, ["ssh-ed25519 AAAA other", "ssh-ed25519 BBBB", "ssh-rsa CCCC"], [])
    assert file.read_text().splitlines() == [
        'from="10.0.0.0/8" ssh-ed25519 AAAA mine',
        "# ssh-ed25519 BBBB",
        "last ssh-rsa CCCC",
        "ssh-ed25519 BBBB",
    ]
    assert mode(file) == 0o600


def test_two_at_once_add_a_line_once(folder: Path) -> None:
    file = str(folder / "known_hosts")
    lines = [f"host{number} ssh-ed25519 AAAA{number}" for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: mesh.add(file, lines, mesh.same_as), range(16)))
    assert sum(added) == 50
    assert (folder / "known_hosts").read_text().splitlines() == lines


def test_a_login_that_nobody_answers_is_told() -> None:
    (told,) = mesh.attempt({"targets": ["nobody@127.0.0.1.invalid"], "timeout": 1})["tried"]
    assert told[0] == 255
    assert "127.0.0.1.invalid" in told[1]
