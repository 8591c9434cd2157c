"""The real vLLM, on the CPU, over simulated Sparks: through each backend it answers as on one host."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real_bed import RealBed, booted_hosts
from tests.real_hosts import RealHosts, somebody

pytestmark = [pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(1500)]
BEDS = (
    pytest.param(("host", 2), id="host"),
    pytest.param(("docker", 2), id="docker", marks=pytest.mark.e2e),
    pytest.param(("podman", 2), id="podman", marks=pytest.mark.e2e),
    pytest.param(("host", 4), id="four", marks=pytest.mark.e2e),
    pytest.param(("docker", 4), id="four_docker", marks=pytest.mark.e2e),
)


@pytest.fixture(scope="module", params=BEDS)
def bed(request: pytest.FixtureRequest, environment_bin: Path) -> Iterator[RealBed]:
    """Hosts, without a container engine or with one."""
    with booted_hosts(environment_bin.parent, *request.param) as hosts:
        yield hosts


@pytest.fixture
def real(bed: RealBed, tmp_path: Path) -> Iterator[RealHosts]:
    """Somebody with the hosts."""
    with somebody(bed, tmp_path / "home") as there:
        yield there


@pytest.fixture(scope="module")
def one(bed: RealBed, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What vLLM on one of the hosts answers, token by token, in float32: to that several ranks are equal."""
    home = tmp_path_factory.mktemp("alone") / "home"
    with somebody(bed, home) as there:
        there.launched("--host", "spark1")
        return there.answers()


@pytest.mark.parametrize("backend", ["mp", "ray"])
def test_hosts_answer_as_one_does(real: RealHosts, one: list[str], backend: str) -> None:
    answer = real.launched(*real.nodes, "--backend", backend)
    assert answer["hosts"] == [each.name for each in real.hosts.hosts]
    assert (answer["ready"]["canary"], answer["ready"]["kv_tokens"] > 0) == ("generate", True)
    ranks = len(real.numbers)
    phases = [(rank, "running" if rank else "ready") for rank in range(ranks)]
    assert [(row["rank"], row["phase"]) for row in real.rows()] == phases
    assert real.answers() == one
    joined = real.verdict().get("joined", ())
    assert [each["gpus"] for each in joined] == ([1] * ranks if backend == "ray" else [])
    for number in real.numbers:
        assert "Worker" in real.hosts.exec(number, ["ps", "-eo", "args"]).stdout
    assert real.run("stop", *real.nodes).status == 0
    real.nothing_is_left()


@pytest.mark.e2e
@pytest.mark.parametrize("bed", [("docker", 2), ("host", 2)], ids=["docker", "host"], indirect=True)
def test_what_is_to_work_in_is_a_ray_cluster(real: RealHosts) -> None:
    done = real.run("start", *real.nodes, "--json", *real.words)
    assert done.status == 0, done
    assert "hosts have joined" in done.err
    assert [each["gpus"] for each in real.verdict()["joined"]] == [1, 1]
    count = "import ray; ray.init(logging_level='error'); print('nodes', len(ray.nodes()))"
    assert "nodes 2" in real.run("exec", *real.nodes, "--", "python3", "-c", count).out
    assert real.run("stop", *real.nodes).status == 0
    real.nothing_is_left()
