"""Words for docker that it does not take, commands that are not there, and a docker that is elsewhere."""

import pytest
from tests.docked import Docked

TRUE = ("--", "true")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("--env-file /no/such", 2, "there is no /no/such to read variables from"),
        ("--ulimit nonesuch=1", 2, "says what --ulimit takes"),
        ("--cpus 9999", 2, "see how many processors the host has"),
        ("--hostname", 2, "the last option in --engine-args lacks its value"),
        ("--mount type=bind,source=/no/such,target=/x", 2, "check the path on that host"),
    ],
)
def test_words_that_docker_does_not_take(dock: Docked, words: str, status: int, said: str) -> None:
    done = dock.run("launch", "--engine-args", words, *TRUE)
    assert (done.status, said in done.err) == (status, True), done
    dock.nothing_is_left()


def test_an_address_that_the_host_does_not_have(dock: Docked) -> None:
    done = dock.run("launch", "-p", "198.51.100.7:18002:8000", *TRUE)
    assert (done.status, "give -p an address that the host has" in done.err) == (2, True), done
    dock.nothing_is_left()


@pytest.mark.parametrize("limit", ["--pids-limit 1", "--memory 6m --memory-swap 6m"])
def test_limits_that_are_too_small_to_begin_with(dock: Docked, limit: str) -> None:
    done = dock.run("launch", "--non-privileged", "--engine-args", limit, *TRUE)
    assert done.status in (1, 2), done
    assert any(word in done.err for word in ("--pids-limit more", "--memory more", "may be too small")), done
    dock.nothing_is_left()


def test_docker_keeps_no_output_if_it_is_told_so(dock: Docked) -> None:
    done = dock.run("launch", "--engine-args", "--log-driver none", "--", "echo", "kept")
    assert (done.status, done.out) == (0, "kept\n"), done
    dock.nothing_is_left()


def test_a_file_of_variables_in_the_home(dock: Docked) -> None:
    dock.there("tee", "/root/x.env", given="A=b\n")
    for path in ("$HOME/x.env", "x.env"):
        done = dock.run("launch", "--engine-args", f"--env-file {path}", "--", "printenv", "A")
        assert (done.status, done.out) == (0, "b\n"), done
    dock.there("rm", "/root/x.env")
    dock.nothing_is_left()


def test_labels_for_selinux_do_nothing_without_it(dock: Docked) -> None:
    dock.there("mkdir", "-p", "/srv/m")
    for options in ("z", "ro,Z"):
        done = dock.run("launch", "-v", f"/srv/m:/m:{options}", "--", "grep", "-c", " /m ", "/proc/mounts")
        assert (done.status, done.out) == (0, "1\n"), done
    dock.nothing_is_left()


def test_exec_counts_as_a_shell_does(dock: Docked) -> None:
    assert dock.run("launch", "-d", "--", "sleep", "600").status == 0
    for command, status, said in (
        (("nosuch",), 127, "nosuch: not found in the container"),
        (("/no/such",), 127, "/no/such: not found in the container"),
        (("/etc/passwd",), 126, "/etc/passwd cannot be executed in the container"),
        (("/etc",), 126, "/etc cannot be executed in the container"),
        (("sh", "-c", "exit 127"), 127, ""),
        (("sh", "-c", "exit 126"), 126, ""),
    ):
        done = dock.run("exec", "--", *command)
        assert (done.status, said in done.err, bool(said) == bool(done.err)) == (status, True, True), done
    assert dock.run("stop").status == 0
    dock.nothing_is_left()


def test_a_docker_on_another_machine_is_refused(dock: Docked) -> None:
    dock.there("docker", "context", "create", "away", "--docker", "host=tcp://198.51.100.7:2375")
    dock.there("docker", "context", "use", "away")
    try:
        done = dock.run("launch", "--engine", "docker", *TRUE)
        start = dock.run("start", "--engine", "docker")
    finally:
        dock.there("docker", "context", "use", "default")
        dock.there("docker", "context", "rm", "away")
    said = "docker of this login talks to tcp://198.51.100.7:2375"
    assert (done.status, said in done.err, "or use --engine host" in done.err) == (5, True, True), done
    assert (start.status, said in start.err, "--engine host" in start.err) == (5, True, False), start
    dock.nothing_is_left()
