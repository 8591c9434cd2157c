"""Hosts that are no neighbours are found through those that are: four simulated hosts in a ring."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.rings import address, ring, without_rj45
from tests.e2e.within import a_spark
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed
from tests.user import ROOT, User

pytestmark = [pytest.mark.simhosts, pytest.mark.e2e]
PLACES = (ROOT / "src", Path(sys.prefix), Path(sys.base_prefix))
ALL = ["spark1", "spark4", "spark2", "spark3"]
QUESTION = "Trust what is shown from now on"
ANY = ("detect", "--any-machine")
PUBLIC = "/etc/ssh/ssh_host_ed25519_key.pub"


@pytest.fixture(scope="module")
def bed() -> Iterator[Testbed]:
    """Four hosts in a ring, whose users can log in to each other; keys are known by other addresses only."""
    skip_unless_able("none")
    shares = tuple(dict.fromkeys(place.resolve() for place in PLACES if not place.is_relative_to("/usr")))
    with ring(Setup(hosts=4, shares=shares)) as testbed:
        yield testbed


@pytest.fixture
def within(bed: Testbed, tmp_path: Path) -> Iterator[User]:
    """Somebody on the first host, who knows the keys that its testbed gave."""
    known = bed.exec(1, ["cat", "/root/.ssh/known_hosts"]).stdout
    sockets = bed.exec(1, ["mktemp", "-d"]).stdout.strip()  # logins of other tests are not used
    variables = (f"PYTHONPATH={ROOT / 'src'}", "SPARKUP_STATE_DIR=/root/state", f"XDG_RUNTIME_DIR={sockets}")
    environment = ("env", *variables)
    yield User(tmp_path, before=tuple(bed.argv(1, environment)))
    bed.exec(1, ["tee", "/root/.ssh/known_hosts"], stdin=known)


def test_all_keys_of_a_step_are_asked_at_once(within: User, bed: Testbed) -> None:
    with within.at_terminal(*ANY, "--file", "/root/new.yaml") as terminal:
        seen = terminal.expect("SSH does not know these 2 hosts yet")
        assert QUESTION not in seen.partition("SSH does not know")[0]
        terminal.type("y\n")
        terminal.expect("SSH does not know this host yet")
        terminal.type("y\n")
        terminal.expect("Write it to /root/new.yaml?")
        terminal.type("n\n")
        assert terminal.status() == 0
    assert terminal.seen.count(QUESTION) == 2
    assert "spark3 at 192.168.176.13" in terminal.seen
    assert bed.exec(1, ["test", "-e", "/root/new.yaml"], check=False).returncode == 1


def test_keys_are_written_down_by_nobody_who_was_not_asked(within: User, bed: Testbed) -> None:
    """The keys of all cables are known, those of the RJ45 network are not."""
    ends = [(cable, number) for cable in range(1, 5) for number in (cable, cable % 4 + 1)]
    keys = {number: bed.exec(number, ["cat", PUBLIC]).stdout.strip() for number in range(1, 5)}
    known = "".join(f"{address(*end)} {keys[end[1]]}\n" for end in ends)
    bed.exec(1, ["tee", "/root/.ssh/known_hosts"], stdin=known)
    found = within.json(*ANY)
    assert [each["name"] for each in found["hosts"]] == ALL, found["left"]
    assert (found["hosts"][3]["address"], found["hosts"][3]["via"]) == (address(3, 3), address(4, 4))
    assert bed.exec(1, ["cat", "/root/.ssh/known_hosts"]).stdout == known


def test_the_opposite_host_of_a_ring_is_found_at_an_address_that_is_reached(within: User) -> None:
    found = within.json(*ANY, "--accept-new-host-keys")
    assert [each["name"] for each in found["hosts"]] == ALL, found["left"]
    opposite = found["hosts"][3]
    assert (opposite["address"], opposite["via"]) == ("192.168.176.13", "")
    assert opposite["why"][0] == "scan of 192.168.203.0/28 from spark4"
    assert (found["fabric"]["topology"], len(found["fabric"]["links"])) == ("ring", 8)
    assert all(link["proved"] for link in found["fabric"]["links"])


def test_who_is_reached_through_another_alone_is_taken_that_way(within: User, bed: Testbed) -> None:
    with without_rj45(bed, 3):
        found = within.json(*ANY, "--accept-new-host-keys", "--file", "/root/far.yaml", "--write")
        opposite = found["hosts"][3]
        assert (opposite["name"], opposite["via"]) == ("spark3", address(4, 4))
        assert opposite["address"] == address(3, 3)
        status = within.json("status", "--inventory", "/root/far.yaml")
        assert status["hosts"] == ["spark1", "spark4", "spark2", "spark3"]
    assert f"via: {address(4, 4)}" in bed.exec(1, ["cat", "/root/far.yaml"]).stdout


@pytest.mark.parametrize(("gpus", "opposite"), [("2", False), ("4", True)])
def test_no_further_host_is_asked_than_are_needed(
    within: User, bed: Testbed, gpus: str, opposite: bool
) -> None:
    words = ("launch", "--dry-run", "--accept-new-host-keys", "--", "vllm", "serve", "m", "-tp", gpus)
    with ExitStack() as sparks:
        for number in range(1, 5):
            sparks.enter_context(a_spark(bed, number))
        found = within.run(*words)
    for neighbour in ("spark2", "spark4"):
        assert f"found {neighbour} at " in found.err, found
    assert ("found spark3 at " in found.err) is opposite, found


def test_a_host_that_passes_nothing_on_is_said(within: User, bed: Testbed) -> None:
    for number in (2, 4):
        rule = "Match address 192.168.0.0/16\n  AllowTcpForwarding no\n"
        bed.exec(number, ["tee", "-a", "/etc/ssh/sshd_config"], stdin=rule)
        bed.exec(number, ["pkill", "-HUP", "-o", "sshd"])
    found = within.json(*ANY, "--accept-new-host-keys")
    assert [each["name"] for each in found["hosts"]] == ALL[:3]
    reasons = {(each["address"], each["code"]) for each in found["left"]}
    assert (address(3, 3), "host-unreachable") in reasons
