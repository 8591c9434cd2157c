"""sparkup detect, fabric and net on a machine without a fabric: what is asked, refused and written."""

import re
from pathlib import Path

import pytest
from tests.user import User


def test_one_machine_alone(user: User) -> None:
    found = user.json("detect", "--any-machine")
    (only,) = found["hosts"]
    assert (only["address"], only["why"], found["fabric"]["topology"]) == ("", ["this machine"], "solo")
    assert (found["left"], found["written"]) == ([], False)


def test_a_fabric_of_one_needs_nothing(user: User) -> None:
    done = user.run("fabric")
    assert (done.status, done.out) == (0, "local: one host alone, so no link was looked for\n")


def test_a_drawing_that_cannot_be_written(user: User) -> None:
    done = user.run("fabric", "--svg", "no/such/folder.svg", "--json")
    assert (done.status, done.json["problems"][0]["code"]) == (1, "file-not-written")


def test_a_file_of_the_folder_is_trusted_once_it_is_written(user: User) -> None:
    assert user.run("detect", "--yes", "--file", "cluster.yaml").status == 0
    assert user.run("status").status == 0
    text = (user.home / "cluster.yaml").read_text()
    assert "detected" not in text or "links" not in text


def test_a_workstation_is_not_offered_as_the_cluster(user: User) -> None:
    done = user.run("detect")
    assert done.status == 0
    assert "sparkup detect --from SPARK" in done.out
    assert "--write" not in done.out


def test_a_host_whose_key_changed_is_written_only_if_that_is_meant(user: User) -> None:
    """Its name stays, and its place is not another machine's: it is not told of a file that nobody has."""
    file = user.home / "mine.yaml"
    words = ("detect", "--any-machine", "--file", "mine.yaml")
    assert user.run(*words, "--write").status == 0
    right = file.read_text()
    (key,) = re.findall(r"SHA256:\S+", right)
    old = f"SHA256:{'A' * 43}"
    file.write_text(right.replace(key, old))
    shown = user.run(*words)
    assert f"its SSH host key changed: it was {old}, and is {key}\n" in shown.out
    assert "--accept-new-identity" in shown.out
    refused = user.run(*words, "--write", "--json")
    assert (refused.status, [each["code"] for each in refused.json["problems"]]) == (5, ["host-key-changed"])
    assert old in file.read_text()
    taken = user.run(*words, "--write", "--accept-new-identity")
    assert taken.status == 0, taken
    assert "what was otherwise in it:\n" in taken.out
    dated = re.compile(r"at: .*")
    assert dated.sub("", file.read_text()) == dated.sub("", right)


def test_a_good_file_is_not_overwritten_with_blanks(user: User) -> None:
    file = user.home / "mine.yaml"
    file.write_text("hosts:\n  far: {address: 192.0.2.1}  # mine\ndefaults: {image: mine}\n")
    done = user.run(
        "detect", "--write", "--file", "mine.yaml", "--cluster", "here", "--ssh-config", _quick(user)
    )
    assert done.status == 0, done
    assert "env.stale  far: in the file, and not found" in done.out
    text = file.read_text()
    assert "far: {address: 192.0.2.1}  # mine" in text
    assert "image: mine" in text


def _quick(user: User) -> str:
    """Return an ssh_config in which that host refuses at once."""
    file = user.home / "config"
    file.write_text("Host 192.0.2.1\n  HostName 127.0.0.1\n  Port 9\n")
    return str(file)


def test_everything_wrong_is_said_at_once(user: User) -> None:
    Path(user.home / "bad.yaml").write_text("host: {}\n")
    Path(user.home / ".env").write_text("export A B\n")
    done = user.run("detect", "--file", "bad.yaml", "--from-env", ".env", "--json")
    assert done.status == 2
    assert {each["code"] for each in done.json["problems"]} == {"bad-inventory", "bad-dotenv"}


def test_a_launch_that_needs_more_finds_no_cable(user: User) -> None:
    """There is nothing to look for, so nobody waits for it."""
    done = user.run("launch", "--dry-run", "--", "vllm", "serve", user.model, "-tp", "2")
    assert "Look for other hosts" not in done.err


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_mesh_needs_consent(user: User, words: tuple[str, ...]) -> None:
    done = user.run("net", "ssh", "-n", "a.invalid,b.invalid", *words)
    assert done.status == 2
    assert "that needs your consent" in done.err + done.out


def test_a_mesh_that_is_declined_does_nothing(user: User) -> None:
    with user.at_terminal("net", "ssh", "-n", "a.invalid,b.invalid") as terminal:
        terminal.expect("will log in to each other with keys that have no passphrase. Do it?")
        terminal.type("n\n")
        assert terminal.status() == 130
