"""Where ranks on two hosts meet and hear each other: ports that somebody has, and ranks that hear nobody."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.control import SERVE, Control, control
from tests.simhosts.hosts import Testbed
from tests.user import Json
from tests.waiting import until

BOTH = ("-n", "spark1,spark2")
TP2 = (*SERVE, "-tp", "2")
ADDRESS, PORT = "192.168.177.12", 29501  # of the second host, and the first where ranks meet
PORTS = {"one": "8011", "two": "8012"}  # of the APIs of two launches
HOLD = """
import socket, sys, time
found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
found.bind((sys.argv[1], int(sys.argv[2])))
if sys.argv[3:]:
    found.connect((sys.argv[1], 9))
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def pair(simhosts: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody with two hosts; at the end no launch is left on either."""
    simhosts.grow(2)
    with control(simhosts, tmp_path / "home") as there:
        for number in (1, 2):
            there.model(number)
        yield there
        there.user.run("stop", "--all", *BOTH)
        assert [there.engines(number) for number in (1, 2)] == [[], []]


@contextmanager
def held(there: Control, *words: str) -> Iterator[None]:
    """Have somebody hold the port of UDP on the second host; a socket that talks to one alone is not seen."""
    argv = there.hosts.argv(2, ["python3", "-c", HOLD, ADDRESS, str(PORT), *words])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield
        finally:
            process.terminate()


def whole(there: Control) -> Json:
    """Return what status says of the launch."""
    done = there.user.run("status", "--json", *BOTH)
    (found,) = json.loads(done.out)["wholes"]
    return dict(found)


def test_a_port_of_udp_that_a_worker_has_is_not_where_ranks_meet(pair: Control) -> None:
    with held(pair):
        done = pair.user.run("launch", *BOTH, "--master-port", str(PORT), "--", *TP2)
        assert done.status == 5
        assert f"error [spark2]: port {PORT} of UDP is held by python3 (pid " in done.err
        done = pair.user.run("launch", "--no-follow", *BOTH, "--", *TP2)
    assert done.status == 0, done
    assert "hears no other rank" not in done.err
    row = json.loads(pair.user.run("status", "--json", *BOTH).out)["launches"][0]
    assert row["argv"][-2:] == ["--master-port", str(PORT + 1)]


@pytest.mark.e2e
def test_a_rank_that_hears_nobody_is_told(pair: Control) -> None:
    said = f"rank 1 on spark2 hears no other rank: no beats at {ADDRESS} port {PORT}: Address already in use"
    with held(pair, "to one alone"):
        done = pair.user.run("launch", "--no-follow", *BOTH, "--", *TP2)
        assert done.status == 0, done
        assert f"warning: {said}" in done.err
        assert whole(pair)["notes"] == [said]
        assert said in pair.user.run("status", *BOTH).out


@pytest.mark.e2e
def test_two_launches_at_the_same_moment_do_not_meet_at_one_port(pair: Control) -> None:
    begin = ("launch", "--no-follow", *BOTH, "--name")
    words = {name: (*begin, name, "--", *TP2, "--port", port) for name, port in PORTS.items()}
    with pair.user.running(*words["one"]) as one, pair.user.running(*words["two"]) as two:
        ended = {"one": one.done(), "two": two.done()}
    assert sorted(done.status for done in ended.values()) in ([0, 0], [0, 5]), ended
    for name, done in ended.items():
        if done.status:
            assert f"port {PORT} is the launch " in done.err
            assert "start again: another port is chosen then" in done.err
            assert pair.user.run(*words[name]).status == 0
    found = json.loads(pair.user.run("status", "--json", *BOTH).out)["launches"]
    assert len({row["argv"][row["argv"].index("--master-port") + 1] for row in found}) == 2


@pytest.mark.e2e
def test_the_script_of_two_hosts(pair: Control) -> None:
    done = pair.user.run("launch", "--dry-run=script", *BOTH, "--", *TP2)
    assert done.status == 0, done
    script = pair.user.home / "script.sh"
    script.write_text(done.out)
    pair.hosts.control(["sh", str(script)])
    found = whole(pair)
    assert found["phase"] == "ready"
    notes = [f"rank {rank} on spark{rank + 1} hears no other rank: no key" for rank in (0, 1)]
    assert found["notes"] == notes
    spec = json.loads(pair.hosts.exec(2, ["cat", "/var/lib/sparkup/launches/vllm_node/spec.json"]).stdout)
    assert spec["lease"] == 0
    pair.hosts.control(["sh", str(script), "stop"])
    until(lambda: not pair.engines(1) and not pair.engines(2), "both have ended", 20)


@pytest.mark.e2e
def test_a_script_that_is_refused_on_one_host_gives_the_other_back(pair: Control) -> None:
    script = pair.user.home / "script.sh"
    script.write_text(pair.user.run("launch", "--dry-run=script", *BOTH, "--", *TP2).out)
    alone = ("launch", "--no-follow", "-n", "spark2", "--", *SERVE)
    assert pair.user.run(*alone).status == 0
    assert pair.hosts.control(["sh", str(script)], check=False).returncode == 73
    assert pair.hosts.exec(1, ["ls", "/var/lib/sparkup/launches"], check=False).stdout == ""
    assert pair.engines(2)
