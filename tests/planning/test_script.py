"""A plan as a script: real shells read and run it, with an interpreter that writes down what it got."""

import json
import os
import shlex
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.planning import clusters
from tests.planning.hosts import ADA, request, seen

from sparkup.domain.command import Environment, Secret
from sparkup.domain.fact import Seen
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import LaunchRequest, Readiness
from sparkup.facts.machine import MACHINE
from sparkup.facts.programs import Lookup
from sparkup.planning.launch import ready_plan, start_plan, undo_plan
from sparkup.planning.ranks import without_us
from sparkup.planning.resolve import resolve
from sparkup.planning.script import script

NAME = "node-0123456789ab.pyz"
CONTENT = bytes(range(256)) * 3
# SC2016: that nothing expands in single quotes is what they are for.
SHELLCHECK = [f"{sysconfig.get_path('scripts')}/shellcheck", "--exclude=SC2016", "-"]
HOSTILE = (
    *("it's", 'a "quote"', "$(touch x)", "`id`", "${HOME}", "two\nlines", "tab\there", "ünïcode ☃", "", "-n"),
    *("back\\slash", "100%", "%s", "!bang", "*", "~", "a=b", "&& false", "; exit 9", "#no comment", "\r"),
)
ANSWER = '{"said": "so"}'
STUB = """#!{python} -I
import json, os, pathlib, sys
calls = pathlib.Path({calls!r})
number = len(list(calls.iterdir()))
read = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
words = [os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv[1:]]
assert words.pop(0) == "-I"
(calls / f"{{number:03}}").write_text(json.dumps([words, read]), encoding="ascii")
print({answer!r})
statuses = pathlib.Path({statuses!r}, words[1])
if statuses.exists():
    first, *rest = statuses.read_text().split()
    statuses.write_text(" ".join(rest or [first]))
    sys.exit(int(first))
"""


@dataclass(frozen=True)
class Ground:
    """A folder in which scripts run: a stub of the interpreter, and what it was called with."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def calls(self) -> list[tuple[list[str], str]]:
        return [tuple(json.loads(path.read_text())) for path in sorted((self.folder / "calls").iterdir())]

    def answers(self, verb: str, *statuses: int) -> None:
        (self.folder / "statuses" / verb).write_text(" ".join(map(str, statuses)))

    def run(self, text: str, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "-s", *words],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={"PATH": path, "LC_ALL": "C.UTF-8", **({} if given is None else {"HF_TOKEN": given})},
        )


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    for name in ("bin", "calls", "statuses"):
        (tmp_path / name).mkdir()
    stub = STUB.format(
        python=sys.executable,
        calls=str(tmp_path / "calls"),
        statuses=str(tmp_path / "statuses"),
        answer=ANSWER,
    )
    ssh = (
        '#!/bin/sh\n[ "$1" != -F ] || { echo "$2" >>"$0.configs"; shift 2; }\n'
        '[ "$1" = -- ] || exit 9\necho "$2" >>"$0.hosts"\nexec sh -c "$3"\n'
    )
    for name, text in (("stub-python", stub), ("sleep", "#!/bin/sh\n"), ("ssh", ssh)):
        program = tmp_path / "bin" / name
        program.write_text(text)
        program.chmod(0o755)
    return Ground(tmp_path)


def made(asked: LaunchRequest, state: str | Path, host: Host = LOCAL, ssh_config: str = "") -> str:
    machine = replace(ADA, python="stub-python", state_root=PurePosixPath(state))
    there = {host.name: seen(asked, host=host.name, machine_=machine, lookup=Lookup("/bin/x"))}
    launch = resolve(asked, there, "a1b2c3d4").launch
    start = start_plan(launch, there, NAME, CONTENT, put_always=True)
    both = (*start.steps, *ready_plan(launch, there, NAME).steps)
    stop = undo_plan(launch, there, NAME).steps
    return script(both, stop, [host], "start and stop it", ssh_config=ssh_config)


ASKED = request(
    *("vllm", "serve", "org/name", *HOSTILE),
    environment=Environment({"PLAIN": "a'b\n$(c)"}, (Secret("HF_TOKEN", "hf_9a8b7c6d"),)),
)


def test_shells_and_shellcheck_find_nothing_wrong() -> None:
    for host in (LOCAL, Host("spark1", "ada@spark1")):
        text = made(replace(ASKED, hosts=(host,)), "/s", host)
        for argv in (["sh", "-n"], ["bash", "-n"], SHELLCHECK):
            done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr


def test_a_secret_is_only_named() -> None:
    text = made(ASKED, "/s")
    assert "hf_9a8b7c6d" not in text
    assert "${HF_TOKEN:?}" in text


def test_what_a_start_is_told_arrives_unchanged(ground: Ground) -> None:
    done = ground.run(made(ASKED, ground.state), given="hf 9'a\n")
    assert (done.returncode, done.stderr) == (0, "")
    (start, ready) = ground.calls()
    file = ground.state / "bin" / NAME
    assert start[0] == [str(file), "start", "--root", str(ground.state)]
    assert ready[0] == [str(file), "ready", "vllm_node", "--root", str(ground.state)]
    spec, _, secrets = start[1].partition("\n")
    assert json.loads(spec)["argv"] == ["vllm", "serve", "org/name", *HOSTILE, "--host", "127.0.0.1"]
    assert json.loads(spec)["env"] == {"PLAIN": "a'b\n$(c)"}
    assert secrets == "HF_TOKEN=hf 9'a\n\0"
    assert ready[1] == ""
    assert file.read_bytes() == CONTENT
    assert file.stat().st_mode & 0o777 == 0o755


WORDS = st.lists(st.text(st.characters(exclude_characters="\0")), max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS)
@example(["\udcff", "a\udc80b"])  # as Python holds bytes that are no UTF-8
def test_any_words_arrive_unchanged(ground: Ground, words: list[str]) -> None:
    for path in (ground.folder / "calls").iterdir():
        path.unlink()
    asked = request("bash", *words, readiness=Readiness("port", "1"))
    text = made(asked, ground.state)
    done = ground.run(text)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(ground.calls()[0][1])["argv"] == ["bash", *words]


def test_over_ssh_all_of_it_arrives_unchanged_as_well(ground: Ground) -> None:
    host = Host("spark1", "ada@spark1")
    done = ground.run(made(replace(ASKED, hosts=(host,)), ground.state, host), given="hf")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(ground.calls()[0][1].partition("\n")[0])["argv"][3:-2] == list(HOSTILE)
    assert (ground.state / "bin" / NAME).read_bytes() == CONTENT
    assert set((ground.folder / "bin" / "ssh.hosts").read_text().split()) == {"ada@spark1"}


def test_each_line_over_ssh_goes_through_the_hosts_on_the_way(ground: Ground) -> None:
    host = Host("spark1", "ada@spark1", "spark9")
    text = made(replace(ASKED, hosts=(host,)), ground.state, host)
    lines = [line for line in text.splitlines() if "ssh" in line and "ada@spark1" in line]
    assert lines
    assert all("ssh -J spark9 -- ada@spark1" in line for line in lines)


def test_each_line_over_ssh_has_the_configuration_that_was_named(ground: Ground) -> None:
    asked, host = request("bash", readiness=Readiness("port", "1")), Host("spark1", "spark1")
    text = made(replace(asked, hosts=(host,)), ground.state, host, "my config")
    for word in ("start", "stop"):
        assert ground.run(text, word).returncode == 0
    used = [(ground.folder / "bin" / f"ssh.{what}").read_text() for what in ("configs", "hosts")]
    assert used == ["my config\n" * 4, "spark1\n" * 4]


def test_without_its_secret_nothing_is_started(ground: Ground) -> None:
    done = ground.run(made(ASKED, ground.state))
    assert done.returncode != 0
    assert "HF_TOKEN" in done.stderr
    assert ground.calls() == []


def test_it_waits_until_it_is_ready(ground: Ground) -> None:
    ground.answers("ready", 75, 75, 0)
    done = ground.run(made(ASKED, ground.state), given="x")
    assert (done.returncode, done.stderr) == (0, "")
    last = done.stdout.splitlines()[-2:]
    assert last[0].startswith("ready: the process lives, http://")
    assert last[1] == "stop it: sh sh stop"
    assert done.stdout.count(ANSWER) == 1  # of the start: what "not yet" says is for nobody
    assert [call[0][1] for call in ground.calls()] == ["start", "ready", "ready", "ready"]


def test_a_start_that_fails_is_stopped(ground: Ground) -> None:
    ground.answers("ready", 75, 70)
    done = ground.run(made(ASKED, ground.state), given="x")
    assert (done.returncode, done.stderr) == (1, f"not ready: status 70 {ANSWER}\n")
    assert [call[0][1] for call in ground.calls()] == ["start", "ready", "ready", "stop"]


def test_a_start_that_is_refused_is_taken_back_and_ends_the_script(ground: Ground) -> None:
    ground.answers("start", 73)
    assert ground.run(made(ASKED, ground.state), given="x").returncode == 73
    assert [call[0][1] for call in ground.calls()] == ["start", "stop"]
    ground.answers("stop", 9)  # that it cannot be taken back does not hide why
    assert ground.run(made(ASKED, ground.state), given="x").returncode == 73


def on_two(state: Path) -> str:
    """Return the script of a launch on two hosts."""
    machine = replace(ADA, python="stub-python", state_root=PurePosixPath(state))
    two = clusters.asked(*clusters.TP2, environment=Environment({}, (Secret("HF_TOKEN", "hf_9a8b7c6d"),)))
    there = {
        name: Seen(name, {**each.values, MACHINE.name: machine}) for name, each in clusters.hosts(two).items()
    }
    launch = without_us(resolve(two, there, "a1b2c3d4").launch)
    start = start_plan(launch, there, NAME, CONTENT, put_always=True)
    stop = undo_plan(launch, there, NAME).steps
    return script((*start.steps, *ready_plan(launch, there, NAME).steps), stop, two.hosts, "it")


def test_ranks_that_a_script_starts_have_no_lease_and_no_key(ground: Ground) -> None:
    text = on_two(ground.state)
    assert "# Its ranks do not hear of each other" in text
    assert "Its ranks" not in made(ASKED, ground.state)
    done = ground.run(text, given="hf")
    assert (done.returncode, done.stderr) == (0, "")
    assert [call[0][1] for call in ground.calls()] == ["take", "take", "start", "start", "ready"]
    for _, given_ in ground.calls()[:4]:
        assert json.loads(given_.partition("\n")[0])["lease"] == 0
        assert "SPARKUP_BEAT_KEY" not in given_
    done = subprocess.run(SHELLCHECK, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("verb", "before"), [("take", ["take"]), ("start", ["take", "take", "start"])])
def test_what_fails_on_one_of_two_hosts_is_taken_back_on_both(
    ground: Ground, verb: str, before: list[str]
) -> None:
    ground.answers(verb, 73)
    ground.answers("stop", 9)  # that of one host keeps no other from being stopped
    assert ground.run(on_two(ground.state), given="hf").returncode == 73
    assert [call[0][1] for call in ground.calls()] == [*before, "stop", "stop"]


def test_a_stop_that_fails_on_one_host_says_so_at_the_end(ground: Ground) -> None:
    ground.answers("stop", 9, 0)
    assert ground.run(on_two(ground.state), "stop").returncode == 9
    assert len(ground.calls()) == 2


def test_without_its_secret_no_name_is_taken(ground: Ground) -> None:
    assert ground.run(on_two(ground.state)).returncode != 0
    assert ground.calls() == []


def test_the_script_stops_and_takes_no_other_word(ground: Ground) -> None:
    text = made(ASKED, ground.state)
    assert ground.run(text, "stop").returncode == 0
    assert ground.calls()[0][0][1:3] == ["stop", "vllm_node"]
    done = ground.run(text, "restart")
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


def test_comments_say_why_in_one_line_each() -> None:
    text = made(request("bash", "-c", "two\nlines\x85and \x1c more", readiness=Readiness("port", "1")), "/s")
    comments = [line for line in text.splitlines() if line.startswith("  # ")]
    assert comments == [
        "  # local: the program that looks after launches",
        "  # local: start rank 0 of vllm_node: bash -c two lines and more …",
        "  # local: port 1 takes connections",
        "  # local: stop vllm_node: SIGTERM first, then the rest of its tree",
    ]


def test_a_script_of_nothing_is_one_that_does_nothing(ground: Ground) -> None:
    text = script([], [], [LOCAL], "nothing")
    assert ground.run(text).returncode == ground.run(text, "stop").returncode == 0
    assert shlex.split(text.splitlines()[1]) == ["#", "nothing"]
