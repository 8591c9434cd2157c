"""What is checked before a launch: memory of a Spark, what hosts must have alike, RDMA devices."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.recorded import answers, sample
from tests.planning.clusters import GB10, PAIR, asked, hosts, launched, refused
from tests.planning.hosts import ADA, CPU, CUDA, request, running, seen

from sparkup.domain.backend import Backend
from sparkup.domain.check import Finding
from sparkup.domain.command import Environment
from sparkup.domain.container import ContainerRequest
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.launch import Engine
from sparkup.errors import CODES, GateRefused
from sparkup.facts import container_engines
from sparkup.facts.clock import CLOCK, UNKNOWN
from sparkup.facts.containers import Image
from sparkup.facts.dgx import DGX
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.machine import MACHINE
from sparkup.facts.memory import MEMORY, Memory, parse_meminfo
from sparkup.facts.programs import Lookup
from sparkup.facts.tools import dgx_release
from sparkup.facts.verbs import VERBS, Verbs
from sparkup.planning import gates
from sparkup.planning.processes import ray_lookup
from sparkup.planning.resolve import examine

GIB = 1 << 30
UP = container_engines.parse(answers("engines", "docker_20"))
ROOT = Path(__file__).parents[2]


def memory(name: str) -> Memory:
    """Return what a Spark said of its memory."""
    found = parse_meminfo(sample("meminfo", f"{name}.txt"))
    assert found is not None
    return found


IDLE = memory("idle_2025_firmware_119g")


def alone(*words: str, venv: str = "", **there: Any) -> tuple[list[Finding], list[str]]:  # noqa: ANN401
    """Return what is found of a launch on one Spark, and the codes of what refuses it."""
    one = request("vllm", "serve", "m", *words, venv=venv)
    there = {"dgx_": GB10, "memory_": IDLE, **there}
    found, problems = examine(one, {"local": seen(one, **there)}, "a1")
    return list(found.findings), [problem.code for problem in problems]


def together(values: Mapping[str, object], host: str = "node2", **changes: Any) -> tuple[Finding, ...]:  # noqa: ANN401
    """Return what is found of a launch on two Sparks, one of which is otherwise."""
    two = asked(**changes)
    there = changed(hosts(two), host, values)
    return examine(two, there, "a1")[0].findings


def changed(there: Observed, host: str, values: Mapping[str, object]) -> Observed:
    return {**there, host: Seen(host, {**there[host].values, **values})}


def test_what_fits_is_no_finding() -> None:
    assert alone("--gpu-memory-utilization", "0.4") == ([], [])


def test_what_cannot_fit_is_refused() -> None:
    (found,), codes = alone(memory_=memory("half_used"))
    assert (found.level, found.code, codes) == ("fail", "mem.avail", ["no-memory"])
    assert re.fullmatch(
        r"--gpu-memory-utilization 0\.85 by default is \d+\.\d GiB, and \d+\.\d GiB are available",
        found.message,
    )
    assert "docker ps" in found.hint
    assert "--gpu-memory-utilization 0." in found.hint


def test_the_launch_that_holds_memory_is_named() -> None:
    (found,), _ = alone(
        "--port",
        "9000",
        "--gpu-memory-utilization=0.9",
        memory_=memory("half_used"),
        launches_=[running("other", 7000)],
    )
    assert found.hint.startswith("sparkup stop other; or ")


def test_nothing_fits_beside_what_takes_all() -> None:
    (found,), _ = alone(memory_=memory("near_oom"))
    assert found.hint.endswith("nothing fits beside it")


def test_what_leaves_the_system_little_is_warned_of() -> None:
    most = Memory(total=120 * GIB, available=115 * GIB, free=115 * GIB)
    (found,), codes = alone("--gpu-memory-utilization", "0.92", memory_=most)
    assert (found.level, found.code, codes) == ("warn", "mem.avail", [])
    assert "leaves 4.6 GiB of 115.0 GiB for all else" in found.message
    assert found.hint == "--gpu-memory-utilization 0.89 fits"


@pytest.mark.parametrize(
    ("name", "by_default", "most"),
    [
        ("idle_2025_firmware_119g", [], ["warn"]),
        ("kernel7_kho_off_healthy", [], ["warn"]),
        ("kho_bug_cma_free_exceeds_total", [], ["warn"]),
        ("half_used", ["fail"], ["fail"]),
        ("memfree_low_but_available_high", ["fail"], ["fail"]),
        ("near_oom", ["fail"], ["fail"]),
        ("serving_with_swap_used", ["fail"], ["fail"]),
    ],
)
def test_a_spark_that_runs_nothing_else_is_not_warned_of(
    name: str, by_default: list[str], most: list[str]
) -> None:
    """All that Sparks said of their memory; 0.92 is vLLM's own default."""

    def levels(*words: str) -> list[str]:
        return [each.level for each in alone(*words, memory_=memory(name))[0] if each.code == "mem.avail"]

    assert levels() == by_default
    assert levels("--gpu-memory-utilization", "0.92") == most
    assert not [each for each in alone(memory_=memory(name))[0] if each.code == "mem.cache"]


def test_a_server_that_names_no_share_is_given_one() -> None:
    added = ("--gpu-memory-utilization", "0.85")

    def given(*words: str, spark: bool = True) -> bool:
        one = request("vllm", "serve", "m", *words)
        there = seen(one, dgx_=GB10, memory_=IDLE) if spark else seen(one)
        resolved, _ = examine(one, {"local": there}, "a1")
        told = any("as the command says none" in note for note in resolved.notes)
        assert told == (resolved.launch.argv[-2:] == added)
        return told

    assert given()
    assert not given("--gpu-memory-utilization", "0.5")
    assert not given("--kv-cache-memory-bytes", "5G")
    assert not given(spark=False)
    assert not given("--config", "/in/the/image.yaml")  # which may say one
    ranks = launched(asked("vllm", "serve", "m", "-tp", "2")).launch
    assert all(added[0] in ranks.on(node).argv for node in ranks.nodes)


def test_nothing_is_added_behind_two_dashes() -> None:
    """There nothing is an option."""
    words = ("vllm", "serve", "-tp", "2", "--", "m")
    for backend in Backend:
        launch = launched(asked(*words, backend=backend)).launch
        assert launch.argv[-2:] == ("--", "m")
        assert "--gpu-memory-utilization" in launch.argv


ONE_CARD: dict[str, Any] = {"gpu_": Gpus(shown=True, cards=("000f:01:00.0 (nvidia)",))}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [(("-tp", "4"), 4), (("-pp", "2"), 2), (("-tp", "2", "-dp", "2"), 4), (("--config", "/m/c.yaml"), 2)],
)
def test_one_host_without_so_many_gpus_is_refused(words: Sequence[str], wanted: int) -> None:
    config = Lookup("/bin/vllm", config="tensor-parallel-size: 2\n")
    found, codes = alone(*words, lookup=config if "--config" in words else Lookup("/bin/vllm"), **ONE_CARD)
    (few,) = (each for each in found if each.code == "run.hosts")
    assert (few.level, codes) == ("fail", ["too-few-hosts"])
    assert few.message == f"the command needs {wanted} GPUs, and there are 1 on local"
    assert few.hint == "name more hosts with -n (sparkup detect looks for them), or lower -tp, -pp or -dp"


def test_a_host_with_enough_gpus_is_not_refused() -> None:
    assert alone("-tp", "2", gpu_=Gpus(shown=True, cards=("a", "b"))) == ([], [])
    assert alone(**ONE_CARD) == ([], [])


def test_on_the_cpu_one_host_takes_any_number_of_ranks() -> None:
    two = ("-tp", "2")
    assert alone(*two)[1] == []  # it has no GPU
    there = {"environments_": (CPU, CUDA), **ONE_CARD}
    assert alone(*two, venv="cpu", **there)[1] == []
    assert alone(*two, venv="cuda", **there)[1] == ["too-few-hosts"]


@pytest.mark.parametrize(
    "words", [("--nnodes", "2"), ("-dp", "4", "--data-parallel-size-local", "1"), ("--headless",)]
)
def test_what_says_itself_that_it_is_a_part_is_not_refused(words: Sequence[str]) -> None:
    assert alone("-tp", "2", *words, **ONE_CARD)[1] == []


def test_through_a_ray_cluster_of_the_user_there_may_be_more_gpus() -> None:
    found, codes = alone("-tp", "2", "--distributed-executor-backend", "ray", **ONE_CARD)
    (few,) = (each for each in found if each.code == "run.hosts")
    assert (few.level, codes) == ("unknown", [])


def test_gpus_that_nobody_has_asked_for_are_not_taken_for_enough() -> None:
    one = request("vllm", "serve", "m", "-tp", "2")
    there = dict(seen(one).values)
    del there[GPU.name]
    found, problems = examine(one, {"local": Seen("local", there)}, "a1")
    told = [(each.level, each.message) for each in found.findings if each.code == "run.hosts"]
    assert (told, problems) == ([("unknown", "not known of it: gpu")], [])


def test_the_page_cache_is_warned_of() -> None:
    (found,), codes = alone(
        "--gpu-memory-utilization", "0.5", memory_=memory("memfree_low_but_available_high")
    )
    assert (found.level, found.code, codes) == ("warn", "mem.cache", [])
    assert "drop_caches" in found.hint


@pytest.mark.parametrize(
    ("said", "size"),
    [("50G", 50 << 30), ("50g", 50 * 10**9), ("1024", 1024), ("1.5k", 1500)],
)
def test_a_size_is_read_as_vllm_reads_it(said: str, size: int) -> None:
    exact = Memory(total=120 * GIB, available=size - 1, free=size - 1)
    (found,), codes = alone("--kv-cache-memory-bytes", said, memory_=exact)
    assert (found.level, codes) == ("fail", ["no-memory"])
    enough = Memory(total=120 * GIB, available=size + 8 * GIB, free=size + 8 * GIB)
    assert alone("--kv-cache-memory-bytes", said, memory_=enough) == ([], [])


def test_of_a_cache_of_fixed_size_the_weights_come_on_top() -> None:
    most = Memory(total=120 * GIB, available=110 * GIB, free=110 * GIB)
    (found,), _ = alone("--kv-cache-memory-bytes", "105G", memory_=most)
    assert "before the weights" in found.message


@pytest.mark.parametrize(
    "words",
    [
        ("--gpu-memory-utilization", "much"),
        ("--gpu-memory-utilization", "2"),
        ("--kv-cache-memory-bytes", "all"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_well(words: tuple[str, ...]) -> None:
    (found,), codes = alone(*words)
    assert (found.level, found.code, codes) == ("unknown", "mem.avail", [])


def test_a_kernel_that_does_not_say_what_is_available() -> None:
    (found,), _ = alone(memory_=Memory(total=120 * GIB))
    assert (found.level, found.message) == ("unknown", "the kernel does not say what is available")


def test_the_share_may_be_in_the_file_of_the_command() -> None:
    file = Lookup("/home/ada/bin/vllm", config="gpu_memory_utilization: 0.4\n")
    one = request("vllm", "serve", "m", "--config", "serve.yaml")
    found, _ = examine(one, {"local": seen(one, dgx_=GB10, memory_=IDLE, lookup=file)}, "a1")
    assert found.findings == ()


def test_what_does_not_use_the_gpu_of_a_spark_is_not_checked() -> None:
    full = memory("near_oom")
    other = replace(GB10, gb10=False)
    assert alone(memory_=full, dgx_=other) == ([], [])
    cpu = request("vllm", "serve", "m", venv="cpu")
    there = seen(cpu, dgx_=GB10, memory_=full, environments_=[CPU])
    assert examine(cpu, {"local": there}, "a1")[0].findings == ()
    command = request("sleep", "5")
    assert examine(command, {"local": seen(command, dgx_=GB10, memory_=full)}, "a1")[0].findings == ()


@pytest.mark.parametrize(
    ("image", "found"), [("vllm-node-cpu", 0), ("a.b/c/vllm:cpu-2", 0), ("vllm-node", 1)]
)
def test_an_image_that_is_called_after_the_cpu_is_not_checked(image: str, found: int) -> None:
    one = request("vllm", "serve", "m", container=ContainerRequest(image=image, asked=True))
    there = seen(
        one,
        dgx_=GB10,
        memory_=memory("near_oom"),
        engines=UP,
        images={Engine.DOCKER: Image("sha256:1", "amd64", "linux")},
    )
    assert len(examine(one, {"local": there}, "a1")[0].findings) == found


def test_the_kernel_whose_handover_holds_memory() -> None:
    bad = memory("kho_bug_cma_free_exceeds_total")
    found = [
        each for each in alone("--gpu-memory-utilization", "0.3", memory_=bad)[0] if each.code == "sys.kho"
    ]
    assert [each.level for each in found] == ["warn"]
    two = asked("vllm", "serve", "m", "-tp", "2", "--gpu-memory-utilization", "0.3")
    problems = refused(GateRefused, two, changed(hosts(two), "node2", {MEMORY.name: bad}))
    assert [(each.code, each.where) for each in problems] == [("no-fabric", "node2")]


def test_hosts_that_are_alike_have_no_finding() -> None:
    assert together({}) == ()


@pytest.mark.parametrize(
    ("values", "code", "told"),
    [
        ({DGX.name: replace(GB10, gb10=False)}, "sys.gb10", "a GB10 on node1; no GB10 on node2"),
        ({GPU.name: Gpus(shown=True, driver="580.95.05", cards=("a",))}, "", ""),
        ({DGX.name: replace(GB10, kernel="6.17")}, "", ""),
    ],
)
def test_what_differs_is_warned_of(values: Mapping[str, object], code: str, told: str) -> None:
    """What is not known of one of them does not differ."""
    found = [each for each in together(values) if each.level == "warn"]
    assert [each.code for each in found] == ([code] if code else [])
    assert all(told in each.message for each in found)


def test_kernels_releases_and_drivers_that_differ() -> None:
    two = asked()
    there = hosts(two)
    for host, number in (("node1", 1), ("node2", 2)):
        release = dgx_release.parse(f'DGX_OTA_VERSION="7.{number}.0"\n')
        values = {
            DGX.name: replace(GB10, kernel=f"6.17.0-{number}-nvidia", release=release),
            GPU.name: Gpus(shown=True, driver=f"580.{number}", cards=("a",)),
        }
        there = changed(there, host, values)
    found = examine(two, there, "a1")[0].findings
    assert [(each.level, each.message) for each in found] == [
        ("warn", "kernels differ: 6.17.0-1-nvidia on node1; 6.17.0-2-nvidia on node2"),
        ("warn", "releases of DGX OS differ: 7.1.0 on node1; 7.2.0 on node2"),
        ("warn", "versions of NVIDIA's driver differ: 580.1 on node1; 580.2 on node2"),
    ]
    assert "warning: kernels differ" in " ".join(launched(two, there).notes)


def test_clocks_that_differ() -> None:
    assert together({CLOCK.name: 1.8e9 + 1.9}) == ()
    assert together({CLOCK.name: UNKNOWN}) == ()
    (found,) = together({CLOCK.name: 1.8e9 - 7.2})
    assert (found.level, found.code, found.where) == ("warn", "sys.time", "node2")
    assert found.message == "the clock of node2 is about 7 s behind that of node1"


def test_a_host_whose_rdma_devices_cannot_be_opened_is_refused() -> None:
    two = asked()
    there = changed(hosts(two), "node2", {VERBS.name: Verbs(devices=False)})
    (problem,) = refused(GateRefused, two, there)
    assert (problem.code, problem.where) == ("no-fabric", "node2")
    assert "/dev/infiniband" in problem.message
    sockets = asked(environment=Environment({"NCCL_NET": "Socket"}))
    there = changed(hosts(sockets), "node2", {VERBS.name: Verbs(devices=False)})
    assert len(launched(sockets, there).launch.nodes) == 2


def test_what_runs_on_the_cpu_needs_no_rdma_device() -> None:
    values = {VERBS.name: Verbs(devices=False), GPU.name: Gpus(shown=False)}
    assert together(values) == ()
    cpu = asked("vllm", "serve", "m", "-tp", "2", python_environment="cpu")
    there = hosts(cpu, PAIR, 1, node1={"environments_": [CPU]}, node2={"environments_": [CPU]})
    closed = {VERBS.name: Verbs(devices=False)}
    assert examine(cpu, changed(there, "node2", closed), "a1")[0].findings == ()


def test_memory_that_may_not_be_locked_is_warned_of() -> None:
    little = Verbs(devices=True, locked=8 << 20)
    (found,) = together({VERBS.name: little})
    assert (found.level, found.code, found.where) == ("warn", "net.verbs", "node2")
    assert together({VERBS.name: little, MACHINE.name: replace(ADA, uid=0)}) == ()


def rays(first: Lookup, second: Lookup, *argv: str, **changes: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return what refuses a launch over Ray on hosts on which it is looked for, and where."""
    two = asked(*(argv or ("vllm", "serve", "m", "-tp", "2")), **{"backend": Backend.RAY, **changes})
    own = {"environments_": [CPU, CUDA]} if changes.get("python_environment") else {}
    there = hosts(two, PAIR, 1, node1=own, node2=own)
    name = ray_lookup(two).name
    for host, found in (("node1", first), ("node2", second)):
        there = changed(there, host, {name: found})
    return [(each.code, each.where) for each in examine(two, there, "a1")[1]]


def test_ranks_that_meet_through_ray_need_it_on_every_host() -> None:
    none, path = Lookup(), Lookup("/usr/bin/ray")
    assert rays(path, path) == []
    assert rays(path, none) == [("ray-not-found", "node2")]
    assert rays(none, none) == [("ray-not-found", "node1"), ("ray-not-found", "node2")]
    assert rays(none, none, backend=Backend.MP) == []
    assert rays(none, none, "python", "x.py") == [("ray-not-found", "node1"), ("ray-not-found", "node2")]
    assert rays(Lookup(known=False), path) == []  # that it is not known is said


def test_an_environment_that_was_made_before_it_had_ray() -> None:
    made, other = Lookup(provided=frozenset({CUDA.folder})), Lookup("/usr/bin/ray")
    assert rays(made, made, python_environment="cuda") == []
    assert rays(made, other, python_environment="cuda") == [("ray-not-found", "node2")]


def images(first: str, second: str) -> tuple[Finding, ...]:
    """Return what is found of two hosts that have images of such content."""
    one = asked(container=ContainerRequest(asked=True))
    each: dict[str, Mapping[str, object]] = {
        host: {"engines": UP, "images": {Engine.DOCKER: Image("sha256:1", "amd64", "linux", fingerprint=of)}}
        for host, of in (("node1", first), ("node2", second))
    }
    return examine(one, hosts(one, PAIR, 1, **each), "a1")[0].findings


def test_images_are_the_same_by_their_content() -> None:
    assert images("a" * 64, "a" * 64) == ()
    (found,) = images("a" * 64, "b" * 64)
    assert (found.level, found.code) == ("fail", "img.same")
    assert found.message == (
        "vllm-node is not the same on all hosts: aaaaaaaaaaaa on node1; bbbbbbbbbbbb on node2"
    )
    assert found.hint == "copy one to the others: docker save vllm-node | ssh HOST docker load"
    (problem,) = gates.refusals([found])
    assert problem.code == "images-differ"


def test_an_image_whose_layers_are_not_told_could_not_be_checked() -> None:
    (found,) = images("a" * 64, "")
    assert (found.level, found.where) == ("unknown", "node2")
    assert gates.told([found]) == ("could not check: node2: docker does not tell the layers of the image",)


def test_what_nobody_has_asked_a_host_could_not_be_checked() -> None:
    one = request()
    there = seen(one)
    values = {name: value for name, value in there.values.items() if name != MEMORY.name}
    found, _ = examine(one, {"local": Seen("local", values)}, "a1")
    assert {(each.level, each.code) for each in found.findings} == {
        ("unknown", "mem.avail"),
        ("unknown", "mem.cache"),
        ("unknown", "sys.kho"),
    }


def test_every_finding_that_the_sources_make_is_a_check() -> None:
    texts = [
        path.read_text()
        for path in (ROOT / "src/sparkup/planning").glob("*.py")
        if path.name.startswith(("gates", "fabric"))
    ]
    made = {
        name for text in texts for name in re.findall(r'"((?:net|sys|mem|img|env|ray)\.[a-z0-9-]+)"', text)
    }
    assert made <= set(gates.ids(several=True))
    assert set(gates.ids(several=False)) < set(gates.ids(several=True))
    assert set(gates.BY_PROBLEM) < set(CODES)


def test_the_table_of_checks_has_them_all() -> None:
    text = (ROOT / "docs/gates.md").read_text()
    rows = re.findall(r"^\| `([a-z0-9.-]+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted({*gates.ids(several=True)} - {*gates.OF_FABRIC})
