"""What may happen to the real vLLM over two simulated Sparks: it is noticed, and nothing stays behind.

How long that takes is the property `seconds` of a test (pytest --junitxml=FILE -o junit_family=xunit1).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import processes
from tests.e2e.control import watched
from tests.real_bed import RealBed, booted_hosts
from tests.real_hosts import START, RealHosts, somebody
from tests.user import Running
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(1500)]
Note = Callable[[str, object], None]
ENDING = 45.0  # seconds: a rank gets 20 to end by itself, its tree 5, and others use the machine
SILENT, LEASE = 15.0 + ENDING, 90.0 + ENDING  # seconds until a rank, or a launcher, is missed and all is gone
RANKS = "bin/(vllm serve|ray start --address)"
WORKERS = "^VLLM::Worker|RayWorkerProc"
AND_DOCKER = pytest.mark.parametrize("bed", ["host", "docker"], indirect=True)


@pytest.fixture(scope="module", params=["host"])
def bed(request: pytest.FixtureRequest, environment_bin: Path) -> Iterator[RealBed]:
    """Two hosts without a container engine, or with one."""
    with booted_hosts(environment_bin.parent, request.param) as hosts:
        yield hosts


@pytest.fixture
def real(bed: RealBed, tmp_path: Path) -> Iterator[RealHosts]:
    """Somebody with the two hosts."""
    with somebody(bed, tmp_path / "home") as there:
        yield there


@pytest.fixture(params=["mp", "ray"])
def backend(request: pytest.FixtureRequest) -> str:
    """How the ranks find each other."""
    name: str = request.param
    return name


@contextmanager
def starting(real: RealHosts, backend: str) -> Iterator[Running]:
    """Launch; go on when both ranks are on their way."""
    with real.user.running(*real.command(*real.nodes, "--backend", backend)) as command:
        until(lambda: kill(real, 2, RANKS, "-0"), "the second rank starts", 120)
        until(lambda: any("vllm serve" in line for line in real.running(1)), "the first as well", 120)
        yield command


def kill(real: RealHosts, number: int, pattern: str, signal: str = "-KILL") -> bool:
    """Signal the processes of a host whose command lines match; say whether there were any."""
    words = ["pkill", signal, "-f", pattern]
    return real.hosts.exec(number, words, check=False).returncode == 0


def seconds_until(condition: Callable[[], bool], limit: float, note: Note) -> None:
    """Wait for what must happen in time, and note how long it took."""
    begun = time.monotonic()
    until(condition, "it is noticed, and all has ended", limit)
    note("seconds", round(time.monotonic() - begun, 1))


@AND_DOCKER
def test_a_rank_that_comes_late_is_waited_for(real: RealHosts, backend: str) -> None:
    answer = real.launched(*real.nodes, "--backend", backend, *real.late(40))
    assert answer["ready"]["seconds"] > 40
    assert len(real.answers()) == 3


def test_a_rank_that_is_killed_in_the_start(real: RealHosts, backend: str, record_property: Note) -> None:
    with starting(real, backend) as command:
        begun = time.monotonic()
        assert kill(real, 2, RANKS)
        done = command.done(ENDING)
        record_property("seconds", round(time.monotonic() - begun, 1))
    assert done.status == 1
    assert "error [spark2]: vllm_node rank 1 ended before it was ready (killed" in done.err
    real.nothing_is_left()


def test_a_worker_that_is_killed_while_serving(real: RealHosts, backend: str, record_property: Note) -> None:
    real.launched(*real.nodes, "--backend", backend)
    assert kill(real, 2, WORKERS)
    seconds_until(real.nothing_runs, SILENT, record_property)
    assert {row["phase"] for row in real.rows()} == {"failed"}


@AND_DOCKER
def test_a_host_that_loses_its_power_in_the_start(
    real: RealHosts, backend: str, record_property: Note
) -> None:
    with starting(real, backend) as command:
        real.hosts.kill(2)
        try:
            seconds_until(lambda: not real.running(1), SILENT, record_property)
            done = command.done(180)
        finally:
            real.hosts.up(2)
    assert done.status in (1, 4), done
    assert "spark2" in done.err


@AND_DOCKER
def test_a_host_that_loses_its_power_while_serving(
    real: RealHosts, backend: str, record_property: Note
) -> None:
    real.launched(*real.nodes, "--backend", backend)
    real.hosts.kill(2)
    try:
        seconds_until(lambda: not real.running(1), SILENT, record_property)
    finally:
        real.hosts.up(2)
    assert {row["phase"] for row in real.rows()} <= {"failed", "lost"}


def test_cables_that_are_pulled_while_serving(real: RealHosts, backend: str, record_property: Note) -> None:
    real.launched(*real.nodes, "--backend", backend)
    real.hosts.link(2, up=False)
    try:
        seconds_until(real.nothing_runs, SILENT, record_property)
    finally:
        real.hosts.link(2, up=True)


@AND_DOCKER
def test_a_launcher_that_is_killed_in_the_start(real: RealHosts, backend: str, record_property: Note) -> None:
    slow = real.late(600)  # so long that only the lease can end it
    with real.user.running(*real.command(*real.nodes, "--backend", backend, *slow)) as command:
        until(lambda: watched(real.hosts, 1) and watched(real.hosts, 2), "somebody waits for both", 120)
        processes.kill(processes.touching(real.user.home))
        command.done(START)
    seconds_until(real.nothing_runs, LEASE, record_property)
