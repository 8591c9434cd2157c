"""Hosts that are reached through another one alone: as the user's ssh_config says, or as was found out."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked import RECORDED
from tests.e2e.control import SERVE, Control, control
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted
from tests.user import FAKES, ROOT

pytestmark = [pytest.mark.simhosts, pytest.mark.e2e]
BOTH = ("-n", "spark1,spark2")
PLACES = (ROOT / "src", FAKES.parent, RECORDED, Path(sys.prefix), Path(sys.base_prefix))


@pytest.fixture(scope="module")
def bed() -> Iterator[Testbed]:
    """Two hosts; the second takes nothing from the control workstation."""
    skip_unless_able("none")
    shares = tuple(dict.fromkeys(place.resolve() for place in PLACES if not place.is_relative_to("/usr")))
    with booted(Setup(hosts=2, shares=shares)) as testbed:
        for network in (176, 177, 178):
            drop = ["iptables", "-A", "INPUT", "-s", f"192.168.{network}.1", "-j", "REJECT"]
            testbed.exec(2, drop)
        yield testbed


@pytest.fixture
def somebody(bed: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody at the control workstation."""
    with control(bed, tmp_path / "home") as there:
        there.model(1)
        there.model(2)
        yield there


def jumping(somebody: Control) -> tuple[str, ...]:
    """Return the options with an ssh_config of the user's that has the way."""
    known = somebody.hosts.control(["cat", "/root/.ssh/known_hosts"]).stdout
    (somebody.user.home / "known").write_text(known)
    config = somebody.user.home / "config"
    config.write_text(
        f"Host *\n  UserKnownHostsFile {somebody.user.home}/known\nHost spark2\n  ProxyJump spark1\n"
    )
    return ("--ssh-config", str(config))


def test_without_a_way_it_is_not_reached(somebody: Control) -> None:
    done = somebody.user.run("status", *BOTH, "--json")
    assert [each["where"] for each in done.json["problems"]] == ["spark2"]


def test_a_way_of_the_users_works_for_all_commands(somebody: Control) -> None:
    words = (*jumping(somebody), *BOTH)
    launched = ("launch", *words, "--json", "--", *SERVE, "-tp", "2")
    done = somebody.user.run(*launched)
    assert done.status == 0, done
    rows = somebody.user.json("status", *words)["launches"]
    assert [(row["host"], row["phase"]) for row in rows] == [("spark1", "ready"), ("spark2", "running")]
    assert "[1 spark2] " in somebody.user.run("logs", *words).out
    assert somebody.user.run("exec", "--rank", "1", *words, "--", "hostname").out == "spark2\n"
    assert somebody.user.json("fabric", *words)["fabric"]["topology"] == "pair"
    made = somebody.user.json("net", "ssh", "--yes", *words)
    assert not any(pair["refused"] for pair in made["pairs"])
    assert somebody.user.run("stop", *words).status == 0


def test_a_search_that_begins_elsewhere_goes_through_where_it_began(somebody: Control) -> None:
    words = ("detect", "--from", "spark1", "--any-machine", "--accept-new-host-keys")
    found = somebody.user.json(*words, "--write")
    assert [(each["name"], each["via"]) for each in found["hosts"]] == [("spark1", ""), ("spark2", "spark1")]
    assert found["fabric"]["topology"] == "pair"
    status = somebody.user.json("status")
    assert status["hosts"] == ["spark1", "spark2"]
    pairs = somebody.user.json("net", "ssh", "--check")["pairs"]
    assert [(pair["source"], pair["refused"]) for pair in pairs] == [("spark1", []), ("spark2", [])]


def test_an_unknown_key_on_the_way_is_asked_for_first(somebody: Control) -> None:
    words = (*jumping(somebody), "--host", "spark2")
    known = somebody.user.home / "known"
    known.write_text("")
    with somebody.user.at_terminal("status", *words) as terminal:
        terminal.expect("spark1")
        terminal.expect("[y/N]")
        terminal.type("y\n")
        terminal.expect("spark2  ED25519")
        terminal.type("y\n")
        assert terminal.status() == 0, terminal.seen
    assert len(known.read_text().splitlines()) == 2
