"""Hosts are found on their networks, drawn, written down, and let in to each other: on simulated ones."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.control import Control, control
from tests.e2e.within import CARD, SITE, a_spark
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted
from tests.user import ROOT, User

pytestmark = pytest.mark.simhosts
ALL = ("-n", "spark1,spark2,spark3")
FROM = ("detect", "--from", "spark1", "--any-machine")
FABRIC = ("192.168.177.12", "192.168.178.12")
PLACES = (ROOT / "src", Path(sys.prefix), Path(sys.base_prefix))


@pytest.fixture(scope="module")
def bed() -> Iterator[Testbed]:
    """Three hosts that know nothing of each other, on which sparkup can be run."""
    skip_unless_able("none")
    shares = tuple(dict.fromkeys(place.resolve() for place in PLACES if not place.is_relative_to("/usr")))
    with booted(Setup(hosts=3, shares=shares, mesh=False)) as testbed:
        yield testbed


@pytest.fixture
def somebody(bed: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody at the control workstation, whose keys all hosts take."""
    with control(bed, tmp_path / "home") as there:
        yield there


@pytest.fixture
def within(bed: Testbed, tmp_path: Path) -> User:
    """Somebody on the first host."""
    environment = ("env", f"PYTHONPATH={ROOT / 'src'}", "SPARKUP_STATE_DIR=/root/state")
    return User(tmp_path, before=tuple(bed.argv(1, environment)))


def test_a_fabric_is_drawn(somebody: Control) -> None:
    done = somebody.user.run("fabric", *ALL, "--svg", "drawn.svg")
    assert done.status == 0, done
    assert done.out.startswith("switch of 3 hosts: RDMA (RoCE), 2 devices on each\n")
    assert "╠═ p1 spark2  enp1s0f1np1 192.168.177.12/24  enP2p1s0f1np1 192.168.178.12/24" in done.out
    assert done.out.endswith("drawn in drawn.svg\n")
    assert (somebody.user.home / "drawn.svg").read_text().startswith("<svg ")
    fabric = somebody.user.json("fabric", "-n", "spark1,spark2")["fabric"]
    assert (fabric["topology"], len(fabric["links"]), fabric["findings"]) == ("pair", 2, [])
    assert all(link["proved"] for link in fabric["links"])


@pytest.mark.e2e
def test_a_host_that_is_gone_is_said_beside_the_fabric(somebody: Control) -> None:
    done = somebody.user.run("fabric", "-n", "spark1,nowhere.invalid", "--json")
    assert (done.status, done.json["hosts"]) == (3, ["spark1"])
    assert [each["code"] for each in done.json["problems"]] == ["host-unreachable"]


def test_strangers_are_not_taken(within: User) -> None:
    unknown = within.json("detect", "--any-machine")
    assert [each["name"] for each in unknown["hosts"]] == ["spark1"]
    assert unknown["scanned"] == ["192.168.177.0/24"]  # its twin leads to the same hosts
    assert {each["code"] for each in unknown["left"]} == {"host-key-unknown"}
    assert FABRIC[0] in {each["address"] for each in unknown["left"]}
    refused = within.json("detect", "--any-machine", "--accept-new-host-keys")
    assert {each["code"] for each in refused["left"]} == {"login-refused"}
    assert within.json("detect", "--no-scan", "--any-machine")["scanned"] == []


@pytest.mark.e2e
def test_what_is_no_spark_is_not_taken(somebody: Control) -> None:
    found = somebody.user.json("detect", "--from", "spark1")
    assert [each["name"] for each in found["hosts"]] == ["spark1"]
    assert [(each["address"], each["code"]) for each in found["left"]] == [
        ("192.168.177.12", "not-gb10"),
        ("192.168.177.13", "not-gb10"),
    ]


def test_what_was_found_is_written_and_held_against_what_is_there(somebody: Control) -> None:
    file = somebody.user.home / ".config" / "sparkup" / "cluster.yaml"
    first = somebody.user.json(*FROM)
    assert (first["written"], file.exists(), first["age"]) == (False, False, None)
    assert [each["address"] for each in first["hosts"]] == ["spark1", "192.168.177.12", "192.168.177.13"]
    assert first["fabric"]["topology"] == "switch"
    assert somebody.user.run(*FROM, "--write").status == 0
    text = file.read_text()
    assert "address: 192.168.177.12" in text
    again = somebody.user.json(*FROM, "--write")
    assert (again["stale"], again["left"]) == ([], [])
    assert 0 <= again["age"] < 300
    assert somebody.user.json("status")["hosts"] == ["spark1", "spark2", "spark3"]
    somebody.hosts.kill(3)
    try:
        done = somebody.user.run(*FROM, "--write")
        assert "env.stale  spark3: in the file, and not found" in done.out, done
        assert "spark3:" in file.read_text()
    finally:
        somebody.hosts.up(3)


@pytest.mark.e2e
@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_on_a_terminal_it_is_asked(somebody: Control, answer: str, written: bool) -> None:
    with somebody.user.at_terminal(*FROM, "--file", "cluster.yaml") as terminal:
        terminal.expect("Write it to cluster.yaml?")
        terminal.type(f"{answer}\n")
        assert terminal.status() == 0
    assert (somebody.user.home / "cluster.yaml").exists() is written
    assert somebody.user.run("status").status == 0  # it is trusted, as it was written here


@pytest.mark.e2e
def test_reinstalled_hosts_keep_their_names_and_are_asked_about(somebody: Control) -> None:
    words = (*FROM, "--file", "cluster.yaml")
    assert somebody.user.run(*words, "--write").status == 0
    file = somebody.user.home / "cluster.yaml"
    right = file.read_text()
    keys = re.findall(r"SHA256:\S+", right)
    assert len(keys) == 3
    before = right.replace(keys[0], f"SHA256:{'A' * 43}").replace(keys[1], f"SHA256:{'B' * 43}")
    file.write_text(before)
    refused = somebody.user.run(*words, "--write", "--json")
    assert (refused.status, [each["where"] for each in refused.json["problems"]]) == (5, ["spark1", "spark2"])
    assert file.read_text() == before
    with somebody.user.at_terminal(*words) as terminal:
        terminal.expect("Take the new SSH host keys of spark1, spark2")
        terminal.type("y\n")
        assert terminal.status() == 0
    assert [*re.findall(r"SHA256:\S+", file.read_text())] == keys


@pytest.mark.e2e
def test_an_old_env_is_imported(somebody: Control) -> None:
    (somebody.user.home / ".env").write_text('CLUSTER_NODES="spark1,spark2"\nMASTER_PORT=29600\nODD=1\n')
    done = somebody.user.run(*FROM, "--no-scan", "--from-env", ".env", "--file", "new.yaml", "--write")
    assert done.status == 0, done
    assert ".env:3: ODD is not read" in done.err
    text = (somebody.user.home / "new.yaml").read_text()
    assert "master_port: 29600" in text
    assert text.index("spark1:") < text.index("spark2:")


def test_a_launch_that_needs_one_host_looks_for_no_other(within: User) -> None:
    done = within.run("launch", "--dry-run", "--", "/bin/true")
    assert done.status == 0, done
    assert "Look for other hosts" not in done.err
    assert "Look for other hosts" not in within.run("launch", "--", "/no/such/vllm", "serve", "x").err


def fingerprint(bed: Testbed, number: int) -> str:
    """Return the fingerprint of a host's key, as it is read there."""
    argv = ["ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub"]
    return bed.exec(number, argv).stdout.split()[1]


@pytest.mark.e2e
def test_a_launch_asks_on_a_terminal_for_the_keys_of_whom_it_finds(within: User, bed: Testbed) -> None:
    bed.exec(1, ["rm", "-f", "/root/.ssh/known_hosts"])
    with within.at_terminal(
        "launch", "--dry-run", "--", "vllm", "serve", "some/model", "-tp", "2"
    ) as terminal:
        seen = terminal.expect("Trust what is shown from now on")
        for number in (2, 3):
            assert f"192.168.177.1{number}  ED25519 {fingerprint(bed, number)}" in seen
        terminal.type("y\n")
        terminal.rest()
    assert terminal.seen.count("Trust what is shown") == 1
    assert len(bed.exec(1, ["cat", "/root/.ssh/known_hosts"]).stdout.splitlines()) == 2


@pytest.mark.e2e
def test_named_hosts_are_asked_about_together(somebody: Control, bed: Testbed) -> None:
    config = somebody.user.home / "config"
    known = somebody.user.home / "known"
    config.write_text(f"Host *\n  UserKnownHostsFile {known}\n  GlobalKnownHostsFile none\n")
    with config.open("a") as more:  # by addresses at which no other test has left a connection
        more.writelines(f"Host {each.name}\n  HostName {each.management}\n" for each in bed.hosts)
    words = ("--ssh-config", str(config), *ALL)
    with somebody.user.at_terminal("launch", *words, "--check", "--", "/bin/true") as terminal:
        seen = terminal.expect("Trust what is shown from now on")
        assert "SSH does not know these 3 hosts yet" in seen
        terminal.type("y\n")
        terminal.rest()
    assert len(known.read_text().splitlines()) == 3
    assert somebody.user.run("status", *words).status == 0


@pytest.mark.e2e
def test_a_launch_that_is_kept_out_says_so(within: User, bed: Testbed) -> None:
    bed.exec(1, ["rm", "-f", "/root/.ssh/known_hosts"])
    done = within.run("launch", "--dry-run", "--json", "--", "vllm", "serve", "some/model", "-tp", "2")
    assert done.status == 4, done
    assert {each["code"] for each in done.json["problems"]} == {"host-key-unknown"}
    told = {each["where"]: each for each in done.json["problems"]}["192.168.177.12"]
    assert f"ED25519 {fingerprint(bed, 2)}" in told["message"]
    assert "`ssh 192.168.177.12 true`" in told["hint"]
    alone = within.run("launch", "--dry-run", "--solo", "--", "vllm", "serve", "some/model", "-tp", "2")
    assert "Look for other hosts" not in alone.err


def test_hosts_log_in_to_each_other(somebody: Control, within: User) -> None:
    assert somebody.user.run("net", "ssh", *ALL).status == 2  # nobody was asked
    closed = somebody.user.run("net", "ssh", "--check", *ALL, "--json")
    assert closed.status == 3
    assert len(closed.json["pairs"]) == 6
    assert all(pair["refused"] for pair in closed.json["pairs"])
    somebody.hosts.exec(3, ["rm", "-f", "/root/.ssh/id_ed25519", "/root/.ssh/id_ed25519.pub"])
    made = somebody.user.json("net", "ssh", "--yes", *ALL)
    assert ["spark3", "a key was made"] in made["changed"]
    again = somebody.user.json("net", "ssh", "--yes", *ALL)
    assert again["changed"] == []
    assert not any(pair["refused"] for pair in again["pairs"])
    assert set(FABRIC) <= {address for pair in again["pairs"] for address in pair["tried"]}
    told = somebody.hosts.exec(1, ["ssh", "-o", "BatchMode=yes", "spark2", "hostname"])
    assert told.stdout == "spark2\n"
    found = within.json("detect", "--any-machine")
    assert [each["name"] for each in found["hosts"]] == ["spark1", "spark2", "spark3"]


def with_gb10(bed: Testbed, number: int) -> None:
    """Let a host show the GPU and the processor of a Spark."""
    card = "/sys/bus/pci/devices/000f:01:00.0"
    bed.exec(number, ["mkdir", "-p", card])
    for name, value in (("vendor", "0x10de"), ("device", "0x2e12"), ("class", "0x030200")):
        bed.exec(number, ["tee", f"{card}/{name}"], stdin=f"{value}\n")
    site = "/usr/lib/python3/dist-packages/arm.pth"
    bed.exec(number, ["tee", site], stdin="import platform; platform.machine = lambda: 'aarch64'\n")


@pytest.mark.e2e
def test_a_launch_finds_its_hosts_by_itself(somebody: Control, within: User) -> None:
    """The second host is a Spark, the third is none."""
    assert somebody.user.run("net", "ssh", "--yes", *ALL).status == 0
    with_gb10(somebody.hosts, 2)
    words = ("launch", "--dry-run", "--engine", "host", "--backend", "ray")
    done = within.run(*words, "--", "/bin/true")
    assert "found spark2 at 192.168.177.12: a Spark (scan of 192.168.177.0/24" in done.err, done
    assert "not taken: 192.168.177.13: spark3 has no GB10, so it is no Spark" in done.err
    assert "192.168.177.12]" in done.out + done.err, done
    assert "found spark2" not in within.run(*words[:-2], "--", "/bin/true").err
    alone = within.run(*words, "--solo", "--", "/bin/true")
    assert "Look for other hosts" not in alone.err
    somebody.hosts.exec(1, ["tee", "/root/sizes.yaml"], stdin="port: 8000\ntensor-parallel-size: 2\n")
    serve = ("launch", "--dry-run", "--", "vllm", "serve", "some/model")
    assert "found spark2" in within.run(*serve, "--config", "/root/sizes.yaml").err
    assert "found spark2" not in within.run(*serve, "--config", "/root/sizes.yaml", "-tp", "1").err
    unread = within.run(*serve, "--config", "/in/the/image.yaml")
    assert "/in/the/image.yaml is not on this machine, so sizes in it" in unread.err
    said = within.run(*serve, "--config", "/in/the/image.yaml", "-tp", "2")
    assert "found spark2" in said.err
    assert "sizes in it" not in said.err


@pytest.mark.e2e
def test_a_launch_that_finds_nobody_to_help_is_refused(somebody: Control, within: User) -> None:
    """It is on the only Spark: alone vLLM would end, and only minutes later."""
    assert somebody.user.run("net", "ssh", "--yes", *ALL).status == 0
    somebody.hosts.exec(2, ["rm", "-rf", CARD, SITE])
    words = ("launch", "--check", "--json", "--", "vllm", "serve", "some/model", "-tp", "2")
    with a_spark(somebody.hosts, 1):
        found, solo = within.run(*words), within.run("launch", "--solo", *words[1:])
        assert "no other Spark was found" in found.err
        for done in (found, solo):
            assert done.status == 2, done
            (few,) = (each for each in done.json["problems"] if each["code"] == "too-few-hosts")
            assert few["message"] == "the command needs 2 GPUs, and there are 1 on local"
            assert few["hint"].startswith("name more hosts with -n (sparkup detect looks for them)")


@pytest.mark.e2e
def test_one_pair_that_fails_is_named(somebody: Control) -> None:
    assert somebody.user.run("net", "ssh", "--yes", *ALL).status == 0
    somebody.hosts.exec(2, ["mv", "/root/.ssh/authorized_keys", "/root/.ssh/kept"])
    somebody.hosts.exec(2, ["sh", "-c", "grep control /root/.ssh/kept >/root/.ssh/authorized_keys"])
    try:
        done = somebody.user.run("net", "ssh", "--check", *ALL)
        assert done.status == 3, done
        for other in ("spark1", "spark3"):
            assert f"{other} to spark2 (192.168.177.12, 192.168.178.12, 192.168.176.12)" in done.err
        assert "4 of 6 ways between spark1, spark2, spark3 work" in done.out
    finally:
        somebody.hosts.exec(2, ["mv", "/root/.ssh/kept", "/root/.ssh/authorized_keys"])


@pytest.mark.e2e
def test_a_mesh_needs_two(somebody: Control) -> None:
    done = somebody.user.run("net", "ssh", "--yes", "--json", "-n", "spark1")
    assert (done.status, json.loads(done.out)["problems"][0]["code"]) == (2, "too-few-hosts")
