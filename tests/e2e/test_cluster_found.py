"""The real vLLM over hosts that nobody has named: somebody on a Spark launches, and the others are found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.within import PLACES, a_spark, within
from tests.real_bed import RealBed, booted_hosts
from tests.real_hosts import START, RealHosts, somebody

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(1500)]
FOUND = "found spark2 at 192.168.177.12: a Spark (scan of 192.168.177.0/24"
ALONE = "no other Spark was found in 192.168.177.0/24, 192.168.178.0/24: spark1 is alone"


@pytest.fixture(scope="module")
def bed(environment_bin: Path) -> Iterator[RealBed]:
    """Two hosts on which sparkup can be run."""
    with booted_hosts(environment_bin.parent, more=PLACES) as hosts:
        yield hosts


@pytest.fixture
def real(bed: RealBed, tmp_path: Path) -> Iterator[RealHosts]:
    """Somebody on the first host."""
    home = tmp_path / "home"
    with somebody(bed, home, within(bed.hosts, 1, home)) as there:
        yield there


@pytest.mark.parametrize("backend", ["mp", "ray"])
def test_what_was_found_answers_as_one_does(real: RealHosts, backend: str) -> None:
    real.launched("--solo")
    one = real.answers()
    real.clear()
    words = real.command("--backend", backend, "--no-follow")
    with a_spark(real.hosts, 1), a_spark(real.hosts, 2), real.user.running(*words) as command:
        done = command.done(START)
    assert done.status == 0, done
    assert FOUND in done.err
    assert real.answers() == one
    assert [(row["rank"], row["phase"]) for row in real.rows()] == [(0, "ready"), (1, "running")]


def test_where_nobody_is_found_it_is_this_machine_alone(real: RealHosts) -> None:
    words = ("launch", "--engine", "host", "--backend", "ray", "--", "hostname")
    done = real.run(*words)
    assert (done.status, done.out) == (0, "spark1\n"), done
    assert ALONE in done.err
