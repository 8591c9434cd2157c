"""Which hosts a command line means: files are asked for once, and everything wrong is said at once."""

import socket
from pathlib import Path

import pytest
from tests.actions.remote import serving_host
from tests.user import User

PAIR = "hosts: {spark8: {address: 192.0.2.8}, spark9: }\nclusters: {pair: [spark8, spark9]}\n"


def own_file(user: User, text: str) -> Path:
    path = user.home / ".config" / "sparkup" / "cluster.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def codes(user: User, *words: str) -> list[str]:
    done = user.run(*words, "--json")
    assert done.status == 2, done
    return [each["code"] for each in done.json["problems"]]


def test_nothing_of_yaml_is_loaded_without_a_file(user: User) -> None:
    done = user.run("status", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.status == 0
    assert "pydantic" not in done.err
    assert "ruamel" not in done.err
    own_file(user, "# nothing\n")
    assert "pydantic" in user.run("status", env={"PYTHONPROFILEIMPORTTIME": "1"}).err


def test_a_file_of_this_folder_is_trusted_by_a_command(user: User) -> None:
    file = user.home / "cluster.yaml"
    file.write_text("# nothing yet\n")
    assert codes(user, "status") == ["untrusted-inventory"]
    assert user.run("status", "--inventory", "none").status == 0
    assert user.run("status", "--inventory", "cluster.yaml").status == 0
    assert user.run("trust").out.startswith("cluster.yaml is trusted as it is now.")
    assert user.run("status").status == 0
    file.write_text("# changed\n")
    assert codes(user, "status") == ["untrusted-inventory"]


def test_a_wrong_file_is_not_trusted(user: User) -> None:
    (user.home / "cluster.yaml").write_text("host: {}\n")
    assert codes(user, "status") == ["bad-inventory"]
    done = user.run("trust")
    assert done.status == 2
    assert "cluster.yaml:1" in done.err
    assert "did you mean hosts?" in done.err
    assert user.run("trust", "gone.yaml").status == 2


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 2)])
def test_on_a_terminal_it_is_asked_for_once(user: User, answer: str, status: int) -> None:
    (user.home / "cluster.yaml").write_text("hosts: {}\n")
    with user.at_terminal("status") as terminal:
        terminal.type("y\nn\n")  # what is typed before the question is no answer
        terminal.expect("Use it from now on?")
        terminal.type(f"{answer}\n")
        assert terminal.status() == status
    assert user.run("status").status == status


def test_this_machine_under_its_name_in_the_file(user: User) -> None:
    own_file(user, "hosts:\n  mine: {address: 127.0.0.1}\n")
    assert codes(user, "status") == ["bad-inventory"]
    own_file(user, PAIR)
    done = user.run("status", "-n", "local")
    assert (done.status, done.out) == (0, "nothing is launched on local\n")


def test_everything_wrong_is_said_at_once(user: User) -> None:
    own_file(user, PAIR)
    words = ("launch", "--json", "-n", "a,a", "--cluster", "pair", "--engine", "lxc", "--", "true")
    done = user.run(*words)
    assert [each["message"] for each in done.json["problems"]] == [
        "-n and --cluster contradict each other",
        "a is named twice",
        "unknown engine 'lxc'",
    ]
    own_file(user, "hosts: [")
    problems = user.run("launch", "-n", "-x", "--", "true").err
    assert "it is no YAML" in problems
    assert "'-x' is no host name" in problems


def test_a_cluster_is_meant_where_there_is_one(user: User) -> None:
    own_file(user, PAIR + "  # x\n")
    err = user.run("launch", "--", "true").err
    assert "spark8" in err
    assert "spark9" in err
    assert user.run("stop", "--cluster", "pear").err.count("did you mean pair?") == 1
    assert "this command works on one machine" in user.run("env", "create", "cpu", "-n", "a,b").err


def test_a_laptop_with_an_inventory_plans_for_the_head(user: User) -> None:
    own_file(user, "hosts: {spark8: {address: 192.0.2.8}}\n")
    done = user.run("launch", "--dry-run", "--offline", "--", "true")
    assert done.status == 2
    assert "nothing was ever recorded of spark8" in done.err


def test_hosts_by_their_names_in_the_file(user: User, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    own_file(user, "hosts: {far: {address: spark1}, gone: {address: spark9}}\nclusters: {default: [far]}\n")
    with serving_host(User(tmp_path / "there")) as host:
        there = ("--ssh-config", f"{host.folder}/config")
        done = user.run("status", *there, "--json")
        assert (done.status, done.json["hosts"]) == (3, ["far"])
        assert [each["where"] for each in done.json["problems"]] == ["gone"]
        assert user.json("status", *there, "--host", "far")["hosts"] == ["far"]
        assert user.json("status", *there, "-n", "spark1")["hosts"] == ["far"]
        assert "[far] start rank 0" in user.run("launch", *there, "--dry-run", "--", "true").out
        assert "far" in user.run("stop", *there).err


def test_a_host_that_is_not_needed_is_not_asked(user: User) -> None:
    own_file(user, PAIR)
    serve = ("--", "vllm", "serve", "m")
    alone = user.run("launch", "--json", *serve)
    assert [each["where"] for each in alone.json["problems"]] == ["spark8"]
    assert "not used: spark9" in alone.err
    assert "--solo" not in alone.err
    both = user.run("launch", "--json", "-n", "spark8,spark9", *serve)  # those that are named are all meant
    assert (both.status, {each["where"] for each in both.json["problems"]}) == (4, {"spark8", "spark9"})
    assert all("-n, or say --solo" in each["hint"] for each in both.json["problems"])


@pytest.mark.parametrize("words", [("status",), ("detect", "--no-scan", "--file", "{}")])
def test_a_way_through_this_machine_begins_here(user: User, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = own_file(user, f"hosts: {{spark1: {{via: {socket.gethostname()}}}}}\n")
    with serving_host(User(tmp_path / "there")) as host:
        done = user.run(*(each.format(file) for each in words), "--ssh-config", f"{host.folder}/config")
    assert done.status == 0
    assert "spark1" in done.out
    assert "cannot be reached" not in done.out
