"""The real vLLM, on the CPU, over two simulated Sparks: through each backend it answers as on one host."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked_fixture import skip_unless_there
from tests.real_pair import NODES, Pair, somebody, two_hosts
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Testbed

pytestmark = [pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(1500)]
ENGINES = ("none", pytest.param("docker", marks=pytest.mark.e2e))


@pytest.fixture(scope="module", params=ENGINES)
def bed(request: pytest.FixtureRequest, environment_bin: Path) -> Iterator[Testbed]:
    """Two hosts, without a container engine or with one."""
    engine = request.param
    skip_unless_able("none")
    if engine != "none":
        skip_unless_there(engine)
    with two_hosts(environment_bin.parent, engine) as hosts:
        yield hosts


@pytest.fixture
def pair(bed: Testbed, environment_bin: Path, tmp_path: Path) -> Iterator[Pair]:
    """Somebody with the two hosts."""
    with somebody(bed, environment_bin.parent, tmp_path / "home") as there:
        yield there


@pytest.fixture(scope="module")
def one(bed: Testbed, environment_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What vLLM on one of the hosts answers, token by token, in float32: to that two ranks are equal."""
    home = tmp_path_factory.mktemp("alone") / "home"
    with somebody(bed, environment_bin.parent, home) as there:
        there.launched("--host", "spark1")
        return there.answers()


@pytest.mark.parametrize("backend", ["mp", "ray"])
def test_two_hosts_answer_as_one_does(pair: Pair, one: list[str], backend: str) -> None:
    answer = pair.launched(*NODES, "--backend", backend)
    assert answer["hosts"] == ["spark1", "spark2"]
    assert (answer["ready"]["canary"], answer["ready"]["kv_tokens"] > 0) == ("generate", True)
    assert [(row["rank"], row["phase"]) for row in pair.rows()] == [(0, "ready"), (1, "running")]
    assert pair.answers() == one
    joined = pair.verdict().get("joined", ())
    assert [each["gpus"] for each in joined] == ([1, 1] if backend == "ray" else [])
    assert "Worker" in pair.hosts.exec(2, ["ps", "-eo", "args"]).stdout
    assert pair.run("stop", *NODES).status == 0
    pair.nothing_is_left()


@pytest.mark.e2e
@pytest.mark.parametrize("bed", ["docker"], indirect=True)
def test_containers_to_work_in_are_a_ray_cluster(pair: Pair) -> None:
    done = pair.run("start", *NODES, "--json", *pair.words)
    assert done.status == 0, done
    assert "hosts have joined" in done.err
    assert [each["gpus"] for each in pair.verdict()["joined"]] == [1, 1]
    count = "import ray; ray.init(logging_level='error'); print('nodes', len(ray.nodes()))"
    assert "nodes 2" in pair.run("exec", *NODES, "--", "python3", "-c", count).out
    assert pair.run("stop", *NODES).status == 0
    pair.nothing_is_left()
