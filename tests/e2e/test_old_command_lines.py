"""What users have typed for one machine for years, and the same with sparkup: docker makes the same of both.

On the left are lines of the scripts before us; then the command that does the same, and what those gave to
`docker run`. Docker itself says what is alike: it makes a container of each, and describes both.
"""

import json
import shlex
from collections.abc import Iterator

import pytest
from tests.docked import Docked
from tests.user import Done, Json

from sparkup.commands.containers import TRUSTED

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]
ALWAYS = "--gpus all --rm --network host -e NCCL_IGNORE_CPU_AFFINITY=1"
PRIVILEGED = "--privileged --ipc=host"
RDMA = "--cap-add=IPC_LOCK --device=/dev/infiniband"
LIMITED = f"{RDMA} --shm-size=64g"
LIMITS = f"{LIMITED} --memory 110g --memory-swap 120g --pids-limit 4096"
HUB = "-v /root/.cache/huggingface:/root/.cache/huggingface"
COMPILED = " ".join(
    f"-v /root/{name}:/root/{name}" for name in (".cache/vllm", ".cache/flashinfer", ".triton")
)
USUAL = f"{PRIVILEGED} {HUB} {COMPILED}"
JOBS = "-e MAX_JOBS=4 -e CMAKE_BUILD_PARALLEL_LEVEL=4 -e NINJAFLAGS=-j4 -e MAKEFLAGS=-j4"
QWEN = (
    "vllm serve QuantTrio/Qwen3-VL-30B-A3B-Instruct-AWQ --port 8000 --host 0.0.0.0"
    " --gpu-memory-utilization 0.7 --load-format fastsafetensors"
)
NEMOTRON = "-e VLLM_USE_FLASHINFER_MOE_FP4=1 -e VLLM_FLASHINFER_MOE_BACKEND=throughput"
EXTRA = "VLLM_SPARK_EXTRA_DOCKER_ARGS"
LAUNCH = "launch --stop-on-exit"  # `exec` ended the container with its command
# Old line (after launch-cluster.sh), its EXTRA, ours, and what the old one gave to docker beside ALWAYS.
LINES: list[tuple[str, str, str, str]] = [
    (f"--solo exec {QWEN}", "", f"{LAUNCH} --solo -- {QWEN}", USUAL),
    (f"exec {QWEN}", "", f"{LAUNCH} -- {QWEN}", USUAL),
    (f"--solo {NEMOTRON} exec {QWEN}", "", f"{LAUNCH} --solo {NEMOTRON} -- {QWEN}", f"{USUAL} {NEMOTRON}"),
    (f"-t vllm-node-tf5 --solo exec {QWEN}", "", f"{LAUNCH} -t vllm-node-tf5 --solo -- {QWEN}", USUAL),
    (f"-t vllm-node-mxfp4 exec {QWEN}", "", f"{LAUNCH} -t vllm-node-mxfp4 -- {QWEN}", USUAL),
    ("", "", "start", USUAL),
    ("start", "", "start", USUAL),
    ("-d", "", "start -d", USUAL),
    ("--solo -d start", "", "start --solo -d", USUAL),
    ("--name mine start", "", "start --name mine", f"{USUAL} --name mine"),
    ("-e MY_ENV=123", "", "start -e MY_ENV=123", f"{USUAL} -e MY_ENV=123"),
    ("--env A=1 --env B=2", "", "start --env A=1 --env B=2", f"{USUAL} -e A=1 -e B=2"),
    (f"-j 4 exec {QWEN}", "", f"{LAUNCH} -j 4 -- {QWEN}", f"{USUAL} {JOBS}"),
    (f"--nccl-debug exec {QWEN}", "", f"{LAUNCH} --nccl-debug -- {QWEN}", f"{USUAL} -e NCCL_DEBUG=INFO"),
    (
        f"--nccl-debug WARN exec {QWEN}",
        "",
        f"{LAUNCH} --nccl-debug WARN -- {QWEN}",
        f"{USUAL} -e NCCL_DEBUG=WARN",
    ),
    ("--no-cache-dirs", "", "start --no-cache-dirs", f"{PRIVILEGED} {HUB}"),
    # The caches that the manual has mounted by this variable are mounted by both since.
    ("", "-v $HOME/.cache/vllm:/root/.cache/vllm", "start", USUAL),
    ("", "-v $HOME/x:/y:ro --ulimit stack=9", "start", f"{USUAL} -v /root/x:/y:ro --ulimit stack=9"),
    (
        f"--non-privileged exec {QWEN}",
        "",
        f"{LAUNCH} --non-privileged -- {QWEN}",
        f"{LIMITS} {HUB} {COMPILED}",
    ),
    (
        f"--non-privileged --mem-limit-gb 120 --shm-size-gb 64 exec {QWEN}",
        "",
        f"{LAUNCH} --non-privileged --mem-limit-gb 120 --shm-size-gb 64 -- {QWEN}",
        f"{LIMITED} --memory 120g --memory-swap 130g --pids-limit 4096 {HUB} {COMPILED}",
    ),
    (
        f"--non-privileged --mem-limit-gb 120 --mem-swap-limit-gb 130 --shm-size-gb 64 exec {QWEN}",
        "",
        f"{LAUNCH} --non-privileged --mem-limit-gb 120 --mem-swap-limit-gb 130 --shm-size-gb 64 -- {QWEN}",
        f"{LIMITED} --memory 120g --memory-swap 130g --pids-limit 4096 {HUB} {COMPILED}",
    ),
    (
        "--non-privileged --pids-limit 999 --mem-limit-gb 64 --shm-size-gb 8",
        "",
        "start --non-privileged --pids-limit 999 --mem-limit-gb 64 --shm-size-gb 8",
        f"{RDMA} --shm-size=8g --memory 64g --memory-swap 74g --pids-limit 999 {HUB} {COMPILED}",
    ),
]
# What is otherwise in each, and why. All else that docker says of the two containers is the same.
DIFFERENT = {
    "Config.Cmd": "our program is the first process: it keeps the log, and ends the whole tree",
    "Config.Entrypoint": "the same; the command goes through the image's own with --keep-entrypoint",
    "Config.User": "the program is root's in any image; the command gets the rights of the image's user",
    "Config.Labels": "a launch is known by its attempt, not by its name alone",
    "Config.StopSignal": "the one that the program hears, whatever the image says",
    "Config.StopTimeout": "vLLM gets the time that it needs to end; docker's own is 10 s",
    "HostConfig.AutoRemove": "status can tell how it ended; stop, or the next of that name, takes it away",
    "HostConfig.LogConfig": "the log of a server that runs for months does not fill the disk",
    "HostConfig.Mounts": "the program, and the state of this launch with its log",
}
CACHE = "/root/.tilelang"  # one that vLLM has got since
FOLDERS = [f"/opt/sparkup/state/launches/{name}" for name in ("vllm_node", "mine")]
OURS = {"/opt/sparkup/node.pyz", *FOLDERS, *(f"{folder}/{file}" for folder in FOLDERS for file in TRUSTED)}
REFUSED = [
    ("--mem-limit-gb 8", "start --mem-limit-gb 8", "limits of a container need --non-privileged"),
    ("--shm-size-gb 8", "start --shm-size-gb 8", "--shm-size-gb needs --non-privileged"),
    ("--nccl-debug LOUD", "start --nccl-debug LOUD", "--nccl-debug 'LOUD' is no level"),
    ("stpo", "stpo", "unknown command 'stpo'"),  # it was started as a command
]


@pytest.fixture
def host(dock: Docked) -> Iterator[Docked]:
    """Somebody whose host has the images, what is to be mounted, and a GPU as far as docker knows."""
    names = ("vllm-node", "vllm-node-tf5", "vllm-node-mxfp4")
    for name in names:
        dock.there("docker", "tag", "base:1", name)
    dock.there("mkdir", "-p", "/root/x")
    dock.there("touch", "/dev/nvidiactl")
    yield dock
    dock.clear()
    dock.there("rm", "/dev/nvidiactl")
    dock.there("docker", "rmi", *names)


def sparkup(host: Docked, line: str, *options: str, extra: str = "") -> Done:
    """Run a line of ours, led to the host."""
    verb, *words = shlex.split(line)
    env = {EXTRA: extra} if extra else {}
    return host.control.run(verb, "--host", host.login, *options, *words, env=env)


def made(host: Docked, *words: str) -> Json:
    """Return what docker says of a container that it makes and does not start."""
    sources = [word.split(",")[1].removeprefix("source=") for word in words if word.startswith("type=bind,")]
    host.there("mkdir", "-p", "/tmp", *sources)
    number = host.there("docker", "create", *words).strip()
    (said,) = json.loads(host.there("docker", "inspect", number))
    host.there("docker", "rm", number)
    parts = {part: said[part] for part in ("Config", "HostConfig")}
    return {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}


def taken(said: Json, name: str) -> set[str]:
    """Return a list of what docker says, out of it: its order says nothing."""
    return {json.dumps(each) for each in said.pop(name) or ()}


@pytest.mark.parametrize(
    ("old", "extra", "ours", "given"),
    LINES,
    ids=[f"{extra} {old.replace(QWEN, 'QWEN')}".strip() or "nothing" for old, extra, _, _ in LINES],
)
def test_docker_makes_the_same_of_both(host: Docked, old: str, extra: str, ours: str, given: str) -> None:
    done = sparkup(host, ours, "--dry-run", "--json", extra=extra)
    assert done.status == 0, done
    notes = [note for phase in done.json["phases"] for note in phase["notes"]]
    (by,) = (shlex.split(note)[3:] for note in notes if note.startswith("by docker run "))
    new = made(host, *(word for word in by if word != "--detach"))
    options, _, command = old.partition("exec ")
    assert done.json["launch"]["argv"] == shlex.split(command or "sleep infinity")
    typed = options.split()
    image = typed[typed.index("-t") + 1] if "-t" in typed else "vllm-node"
    name = () if "--name" in given else ("--name", "vllm_node")
    before = made(host, *name, *shlex.split(f"{ALWAYS} {given}"), image, "sleep", "infinity")
    mounts, mounted = taken(new, "HostConfig.Binds"), taken(before, "HostConfig.Binds")
    assert mounted <= mounts
    assert {json.loads(mount).split(":")[1] for mount in mounts - mounted} <= {CACHE}
    assert {mount["Target"] for mount in new["HostConfig.Mounts"]} < OURS
    limits, limited = taken(new, "HostConfig.Ulimits"), taken(before, "HostConfig.Ulimits")
    assert limited <= limits
    # The manual gives it where there are no privileges: RDMA pins memory.
    assert all('"memlock"' in limit and "--cap-add" in given for limit in limits - limited)
    assert taken(new, "Config.Env") == taken(before, "Config.Env")
    assert {name for name in {*new, *before} if new.get(name) != before.get(name)} == {*DIFFERENT}


@pytest.mark.parametrize(("old", "ours", "message"), REFUSED)
def test_what_did_nothing_or_something_else_is_refused(
    dock: Docked, old: str, ours: str, message: str
) -> None:
    done = sparkup(dock, ours, "-t", "base:1") if old != ours else dock.control.run(ours)
    assert (done.status, message in done.err) == (2, True), done
    dock.nothing_is_left()


def test_from_start_to_stop(host: Docked) -> None:
    """`-d`, `status`, `exec` twice, `stop`, and what a second `start` and `stop` do."""
    assert sparkup(host, "start -d").status == 0
    assert host.containers() == ["vllm_node running"]
    assert "vllm_node" in sparkup(host, "status").out
    done = sparkup(host, "exec -- sh -c 'pwd; touch kept; exit 7'")
    assert (done.status, done.out) == (7, "/\n"), done
    assert sparkup(host, "exec -- ls kept").out == "kept\n"
    done = sparkup(host, "start")  # it said that it runs already
    assert (done.status, "vllm_node is already the name of a launch" in done.err) == (5, True), done
    assert sparkup(host, "stop").status == 0
    host.nothing_is_left()
    assert (
        sparkup(host, "stop --all").status == 0
    )  # as `stop` did where nothing ran; without --all it is told
    done = sparkup(
        host, "launch --solo -- sh -c 'exit 3'"
    )  # exec where nothing runs: it ends with its command
    assert done.status == 3, done
    host.nothing_is_left()
