"""Whoever sits at a terminal is shown keys that SSH does not know, once; nobody else is asked."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.actions.remote import NAME, Remote, serving_host
from tests.user import User

QUESTION = "Trust what is shown from now on"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Remote]:
    """Another machine, whose key is not known."""
    home = tmp_path / "there"
    home.mkdir()
    there = User(home)
    with serving_host(there) as remote:
        remote.tell("forget")
        yield remote
        there.close_launches()


def known(host: Remote) -> str:
    return Path(host.folder, "known_hosts").read_text()


def shown_by_openssh(host: Remote) -> str:
    """Return the fingerprint of the host's key, as its owner reads it there."""
    argv = ["ssh-keygen", "-lf", f"{host.folder}/host_key.pub"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[1]


@pytest.mark.parametrize("words", [("status",), ("stop", "--all"), ("logs", "none"), ("fabric",)])
def test_yes_is_written_down_and_asked_no_more(user: User, host: Remote, words: tuple[str, ...]) -> None:
    with user.at_terminal(*words, *host.options) as terminal:
        seen = terminal.expect(QUESTION)
        assert f"{NAME}  ED25519 {shown_by_openssh(host)}" in seen
        assert known(host) == ""
        terminal.type("yes\n")
        terminal.rest()
    assert len(known(host).splitlines()) == 1
    assert terminal.seen.count(QUESTION) == 1
    with user.at_terminal(*words, *host.options) as terminal:
        assert QUESTION not in terminal.rest()


def test_a_launch_goes_on_after_yes(user: User, host: Remote) -> None:
    with user.at_terminal("launch", "--no-follow", *host.options, *host.there.serve()) as terminal:
        terminal.expect(QUESTION)
        terminal.type("y\n")
        assert terminal.status() == 0, terminal.seen
    assert host.there.row()["phase"] == "ready"


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_anything_else_trusts_nothing(user: User, host: Remote, answer: str) -> None:
    with user.at_terminal("status", *host.options) as terminal:
        terminal.expect(QUESTION)
        terminal.type(answer)
        assert terminal.status() == 4
    assert f"ssh -F {host.folder}/config {NAME} true" in terminal.seen.replace("\r\n", "")
    assert known(host) == ""


def test_what_was_typed_before_the_question_is_no_answer(user: User, host: Remote) -> None:
    with user.at_terminal("status", *host.options) as terminal:
        terminal.type("yes\n")
        terminal.expect(QUESTION)
        terminal.type("\n")
        assert terminal.status() == 4
    assert known(host) == ""


def test_ctrl_c_at_the_question_ends_it(user: User, host: Remote) -> None:
    with user.at_terminal("status", *host.options) as terminal:
        terminal.expect(QUESTION)
        terminal.type("\x03")
        assert terminal.status() == 130
    assert known(host) == ""


def test_who_wants_json_is_not_asked(user: User, host: Remote) -> None:
    with user.at_terminal("status", "--json", *host.options) as terminal:
        assert terminal.status() == 4
    assert QUESTION not in terminal.seen
    assert shown_by_openssh(host) in terminal.seen


def test_without_a_terminal_the_error_has_the_command_and_the_fingerprint(user: User, host: Remote) -> None:
    done = user.run("launch", *host.options, *host.there.serve(), given="yes\n")
    assert done.status == 4
    assert shown_by_openssh(host) in done.err
    assert f"`ssh -F {host.folder}/config {NAME} true`" in done.err.replace("\n", "")
    assert known(host) == ""


def test_a_changed_key_is_no_question(user: User, host: Remote) -> None:
    file = Path(host.folder, "known_hosts")
    port = Path(host.folder, "config").read_text().partition("Port ")[2].split()[0]
    other = Path(host.folder, "id.pub").read_text()
    file.write_text(f"# nothing\n[127.0.0.1]:{port} {other}")
    with user.at_terminal("status", *host.options) as terminal:
        assert terminal.status() == 4
    assert QUESTION not in terminal.seen
    assert f"{file}:2" in terminal.seen
    assert "ssh-keygen -R" in terminal.seen
