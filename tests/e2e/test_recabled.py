"""Who plugs a cable into the other cage, on one side, changes no file for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked import RECORDED
from tests.e2e.control import SERVE, Control, control
from tests.e2e.rings import other_cage
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, Testbed, booted
from tests.user import FAKES

pytestmark = [pytest.mark.simhosts, pytest.mark.e2e]
LAUNCH = ("launch", "--json", "--", *SERVE, "-tp", "2")


@pytest.fixture
def bed() -> Iterator[Testbed]:
    """Two hosts and a cable, each plugged into p1."""
    skip_unless_able("none")
    with booted(Setup(hosts=2, shares=(FAKES.parent, RECORDED))) as testbed:
        yield testbed


@pytest.fixture
def somebody(bed: Testbed, tmp_path: Path) -> Iterator[Control]:
    """Somebody at the control workstation, with a cluster.yaml."""
    with control(bed, tmp_path / "home") as there:
        for number in (1, 2):
            there.model(number)
        assert there.user.run("detect", "--from", "spark1", "--any-machine", "--write").status == 0
        yield there


def served(somebody: Control) -> None:
    """Launch as cluster.yaml says, and stop it."""
    done = somebody.user.run(*LAUNCH)
    assert done.status == 0, done
    assert done.json["hosts"] == ["spark1", "spark2"]
    assert somebody.user.run("stop").status == 0


def test_a_cluster_works_on_with_its_cable_in_the_other_cage(somebody: Control) -> None:
    served(somebody)
    file = somebody.user.home / ".config" / "sparkup" / "cluster.yaml"
    written = file.read_text()
    assert "spark2:enp1s0f1np1" in written
    before = somebody.user.run("fabric")
    other_cage(somebody.hosts, 2)
    served(somebody)
    after = somebody.user.run("fabric")
    assert after.status == 0, after
    assert "spark1 p1 ═════ p1 spark2" in before.out
    assert "spark1 p1 ═════ p0 spark2" in after.out
    assert "warn" not in after.out
    assert "fail" not in after.out
    assert file.read_text() == written
    stale = somebody.user.json("detect", "--from", "spark1", "--any-machine")["stale"]
    told = sorted(each["message"] for each in stale)
    ends = "spark1:enp1s0f1np1 - spark2:enp1s0f"
    assert f"the link {ends}1np1 is not there any more" in told
    assert f"the link {ends}0np0 is new" in told
    assert len(told) == 4  # the twins' as well
    assert somebody.user.run("detect", "--from", "spark1", "--any-machine", "--write").status == 0
    assert "spark2:enp1s0f0np0" in file.read_text()
