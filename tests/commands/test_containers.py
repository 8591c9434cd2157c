"""What docker and podman are called with, held against what the scripts before us gave to docker."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sparkup.commands.containers import create, enter, logs, run
from sparkup.domain.command import Environment, Secret
from sparkup.domain.container import GIB, Container, ContainerLimits, Mount, Port
from sparkup.domain.launch import Engine, Launch, Node

NODE = Node("spark1", 1, 1000)
CONTAINER = Container(
    "vllm-node",
    "sha256:1",
    working_dir="/workspace",
    gpus="all",
    infiniband=True,
    mounts=(Mount("/home/ada/.cache/huggingface", "/root/.cache/huggingface", cache=True),),
)
LAUNCH = Launch(
    "vllm_node",
    "a1b2",
    Engine.DOCKER,
    (NODE,),
    ("vllm", "serve", "m"),
    environment=Environment({"NCCL_DEBUG": "INFO"}, (Secret("HF_TOKEN", "hf_9a8b"),)),
    container=CONTAINER,
)
PROGRAM, ROOT = "/var/lib/sparkup/bin/node-1.pyz", "/var/lib/sparkup"


def started(launch: Launch = LAUNCH) -> tuple[str, ...]:
    return run(launch, NODE, PROGRAM, ROOT)


def holds(argv: Sequence[str], *words: str) -> bool:
    """Say whether words stand next to each other, before the image."""
    options = argv[: argv.index("vllm-node")]
    return any(tuple(options[begin : begin + len(words)]) == words for begin in range(len(options)))


def with_container(**changes: object) -> Launch:
    return replace(LAUNCH, container=replace(CONTAINER, **changes))  # type: ignore[arg-type] # any field


LIMITS = ContainerLimits()
COMMON = [
    ("--gpus", "all"),
    ("--detach",),
    ("--network", "host"),
    ("--name", "vllm_node"),
    ("--env", "NCCL_DEBUG=INFO"),
    ("--volume", "/home/ada/.cache/huggingface:/root/.cache/huggingface"),
]
PRIVILEGED = [("--privileged",), ("--ipc", "host")]
HELD = [
    ("--cap-add", "IPC_LOCK"),
    ("--shm-size", str(64 * GIB)),
    ("--device", "/dev/infiniband"),
    ("--memory", str(110 * GIB)),
    ("--memory-swap", str(120 * GIB)),
    ("--pids-limit", "4096"),
]


def test_a_container_has_privileges_and_all_that_the_scripts_gave_it() -> None:
    argv = started()
    assert argv[:2] == ("docker", "run")
    assert [words for words in (*COMMON, *PRIVILEGED) if not holds(argv, *words)] == []
    assert [words for words in HELD if holds(argv, *words[:1])] == []


def test_one_without_privileges_has_what_rdma_needs_and_limits() -> None:
    argv = started(with_container(limits=LIMITS))
    assert [words for words in (*COMMON, *HELD) if not holds(argv, *words)] == []
    assert [words for words in PRIVILEGED if holds(argv, *words[:1])] == []
    assert holds(argv, "--ulimit", "memlock=-1:-1")


def test_a_host_without_rdma_has_no_device_for_it() -> None:
    assert not holds(started(with_container(limits=LIMITS, infiniband=False)), "--device")


@pytest.mark.parametrize(
    ("gpus", "words"),
    [
        ("all", ("--gpus", "all")),
        ("runtime", ("--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=all")),
        ("cdi", ("--device", "nvidia.com/gpu=all")),
    ],
)
def test_how_the_gpu_is_given(gpus: str, words: tuple[str, ...]) -> None:
    assert holds(started(with_container(gpus=gpus)), *words)
    assert not holds(started(with_container(gpus="")), *words[:1])


def test_our_program_is_its_first_process_as_root_and_sees_its_own_folder_only() -> None:
    argv = started()
    assert holds(argv, "--mount", f"type=bind,source={PROGRAM},target=/opt/sparkup/node.pyz,readonly")
    folder = "launches/vllm_node"
    bind = f"type=bind,source={ROOT}/{folder},target=/opt/sparkup/state/{folder}"
    assert holds(argv, "--mount", bind)
    assert holds(argv, "--user", "0:0", "--entrypoint", "python3")
    behind = argv[argv.index("vllm-node") + 1 :]
    ours = ("-I", "/opt/sparkup/node.pyz", "inside", "vllm_node", "--root", "/opt/sparkup/state")
    assert behind == (*ours, "--attempt", "a1b2")


def test_it_is_found_by_its_labels_and_never_pulled() -> None:
    argv = started()
    folder = "folder=/var/lib/sparkup/launches/vllm_node"
    for label in ("launch=vllm_node", "attempt=a1b2", "rank=1", "owner=1000", folder):
        assert holds(argv, "--label", f"sparkup.{label}")
        assert holds(create(LAUNCH, NODE, ROOT), "--label", f"sparkup.{label}")
    assert holds(argv, "--pull", "never")
    assert holds(argv, "--stop-timeout", "40")


def test_a_secret_is_only_named() -> None:
    for argv in (started(), create(LAUNCH, NODE, ROOT)):
        assert holds(argv, "--env", "HF_TOKEN")
        assert not any("hf_9a8b" in word for word in argv)


def test_what_an_engine_keeps_of_the_output_is_bounded() -> None:
    assert holds(started(), "--log-driver", "json-file", "--log-opt", "max-size=64m")
    assert holds(started(), "--log-opt", "max-file=3")
    podman = started(replace(LAUNCH, engine=Engine.PODMAN))
    assert podman[0] == "podman"
    assert holds(podman, "--log-driver", "k8s-file", "--log-opt", "max-size=64m")
    assert not holds(podman, "--log-opt", "max-file=3")


def test_with_ports_it_has_a_network_of_its_own() -> None:
    argv = started(with_container(ports=(Port(9000, 8000), Port(1, 2, "::1", "udp"))))
    assert holds(argv, "--publish", "127.0.0.1:9000:8000/tcp", "--publish", "[::1]:1:2/udp")
    assert not holds(argv, "--network")


def test_further_words_come_last_so_that_they_win() -> None:
    argv = started(with_container(extra=("--shm-size", "16g")))
    assert argv[argv.index("vllm-node") - 2 : argv.index("vllm-node")] == ("--shm-size", "16g")
    assert holds(create(with_container(extra=("--init",)), NODE, ROOT), "--init")


def test_mounts_are_written_as_every_version_takes_them() -> None:
    mounts = (Mount("/a b", "/x"), Mount("/c", "/y", read_only=True), Mount("models", "/z"))
    argv = started(with_container(mounts=mounts))
    assert holds(argv, "--volume", "/a b:/x", "--volume", "/c:/y:ro", "--volume", "models:/z")


def test_nobody_inside_writes_what_the_host_acts_on() -> None:
    argv = started()
    for file in ("launches/vllm_node/spec.json", "launches/vllm_node/rank.json"):
        bind = f"type=bind,source={ROOT}/{file},target=/opt/sparkup/state/{file},readonly"
        assert holds(argv, "--mount", bind)


def test_a_state_folder_of_any_name_can_be_mounted() -> None:
    """Both engines read --mount as comma-separated values: tried with each."""
    argv = run(LAUNCH, NODE, PROGRAM, '/a,"b:c')
    folder = "launches/vllm_node"
    bind = f'type=bind,"source=/a,""b:c/{folder}",target=/opt/sparkup/state/{folder}'
    assert holds(argv, "--mount", bind)


def test_an_image_without_python_runs_the_command_itself() -> None:
    argv = create(LAUNCH, NODE, ROOT)
    assert argv[:2] == ("docker", "create")
    assert holds(argv, "--entrypoint", "vllm")
    assert argv[argv.index("vllm-node") + 1 :] == ("serve", "m")
    assert not any("/opt/sparkup" in word for word in argv)
    assert not holds(argv, "--user")


def test_it_runs_through_the_images_entrypoint_where_that_is_kept() -> None:
    argv = create(with_container(entrypoint=("/entry", "-x")), NODE, ROOT)
    assert holds(argv, "--entrypoint", "/entry")
    assert argv[argv.index("vllm-node") + 1 :] == ("-x", "vllm", "serve", "m")


def test_entering_a_container() -> None:
    assert enter(Engine.DOCKER, "abc", ["bash"], tty=True) == ("docker", "exec", "-it", "abc", "bash")
    assert enter(Engine.PODMAN, "abc", ["ls", "-l"], tty=False) == ("podman", "exec", "-i", "abc", "ls", "-l")


def test_what_a_container_has_printed() -> None:
    both = ("sh", "-c", 'exec "$@" 2>&1', "sh", "docker", "logs")
    assert logs(Engine.DOCKER, "abc", follow=False, since=None, tail=None) == (*both, "abc")
    words = ("--follow", "--since", "90s", "--tail", "3")
    assert logs(Engine.DOCKER, "abc", follow=True, since=-90, tail=3) == (*both, *words, "abc")
    assert logs(Engine.DOCKER, "abc", follow=False, since=1.7e9, tail=None)[6:8] == ("--since", "1700000000")


def test_what_runs_in_no_container_has_no_command_line() -> None:
    with pytest.raises(ValueError, match="vllm_node runs in no container"):
        started(replace(LAUNCH, container=None))
