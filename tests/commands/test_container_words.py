"""What further words and mounts change in the engine's command line."""

import pytest

from sparkup.commands.containers import run
from sparkup.domain.container import Container, Mount
from sparkup.domain.launch import Engine, Launch, Node

NODE = Node("spark1", 0)


def started(*extra: str, mounts: tuple[Mount, ...] = ()) -> str:
    container = Container("vllm-node", "sha256:1", mounts=mounts, extra=extra)
    launch = Launch("vllm_node", "a1b2", Engine.DOCKER, (NODE,), ("sleep", "1"), container=container)
    return " ".join(run(launch, NODE, "/node.pyz", "/state"))


@pytest.mark.parametrize("words", [("--log-driver", "none"), ("--log-driver=journald",)])
def test_a_driver_of_logs_that_was_asked_for_gets_no_options_of_another(words: tuple[str, ...]) -> None:
    """docker: invalid logging opts for driver none."""
    line = started(*words)
    assert line.count("--log-driver") == 1
    assert "--log-opt" not in line
    assert "--log-driver json-file --log-opt max-size=64m" in started("--log-opt", "max-size=1g")


def test_a_mount_is_labelled_for_selinux_if_that_was_asked_for() -> None:
    mounts = (Mount("/a", "/b", read_only=True, label="z"), Mount("/c", "/d", label="Z"), Mount("/e", "/f"))
    assert "--volume /a:/b:ro,z --volume /c:/d:Z --volume /e:/f --user" in started(mounts=mounts)
