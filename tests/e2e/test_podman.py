"""What is podman's own, as root of a simulated host that has docker as well: the rest is tested with both."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked import Docked, docked
from tests.simhosts.hosts import Testbed
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts]
NVIDIA_SMI = {
    "hostPath": "/usr/local/bin/nvidia-smi",
    "containerPath": "/usr/bin/nvidia-smi",
    "options": ["ro", "bind"],
}
CDI = {
    "cdiVersion": "0.5.0",
    "kind": "nvidia.com/gpu",
    "devices": [{"name": "all", "containerEdits": {"mounts": [NVIDIA_SMI]}}],
}


@pytest.fixture
def pod(podman_4: Testbed, tmp_path: Path) -> Iterator[Docked]:
    """Somebody whose launches run in podman's containers."""
    with docked(podman_4, tmp_path / "home", engine="podman") as user:
        yield user


@pytest.fixture
def gpu(pod: Docked) -> Iterator[Docked]:
    """The same on a host that has NVIDIA's driver, as far as a look at its devices tells."""
    pod.there("mknod", "/dev/nvidiactl", "c", "195", "255")
    yield pod
    pod.there("rm", "-rf", "/dev/nvidiactl", "/etc/cdi")


def image(pod: Docked, name: str, *lines: str) -> None:
    """Build an image out of the one with Python."""
    text = "\n".join(("FROM localhost/base:1", *lines))
    pod.there("podman", "build", "--quiet", "--network", "host", "--tag", name, "-", given=text)


def test_caches_are_made(pod: Docked) -> None:
    """podman starts nothing whose mount is not there."""
    pod.there("rm", "-rf", "/root/.triton")
    assert pod.run("launch", "--", "ls", "-d", "/root/.triton").out == "/root/.triton\n"
    assert pod.there("ls", "-d", "/root/.triton")


@pytest.mark.parametrize("status", range(5))
def test_a_command_that_ends_at_once(pod: Docked, status: int) -> None:
    done = pod.run("launch", "--", "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (done.status, done.out) == (status, "out\nerr\n"), done
    done = pod.run("launch", "--", "no-such-program")
    assert "no-such-program: No such file or directory (command-not-found)" in done.err
    pod.nothing_is_left()


def test_a_start_that_is_broken_off_at_once(pod: Docked) -> None:
    """What is removed is not first told to end: its first process does not hear that while it begins."""
    with pod.running("launch", "--", "sleep", "600") as command:
        until(pod.processes, "it is being started")
        command.signal()
        begun = time.monotonic()
        assert command.done().status == 130
    assert time.monotonic() - begun < 15
    pod.nothing_is_left()


def test_an_image_without_python(pod: Docked) -> None:
    text = "FROM scratch\nCOPY busybox sleep /bin/\n"
    folder = "/root/plain"
    pod.there("mkdir", "-p", folder)
    pod.there("cp", "/bin/busybox", f"{folder}/busybox")
    pod.there("cp", "/bin/busybox", f"{folder}/sleep")
    pod.there("podman", "build", "-q", "-t", "plain:1", "-f", "-", folder, given=text)
    words = ("-t", "plain:1", "--", "busybox", "sh", "-c")
    done = pod.run("launch", *words, "echo out; echo err >&2; exit 4")
    assert (done.status, sorted(done.out.splitlines())) == (4, ["err", "out"]), done
    pod.nothing_is_left()
    trap = "trap 'exit 0' TERM; echo up; while :; do sleep 1; done"
    assert pod.run("launch", "-d", *words, trap).status == 0
    assert pod.run("exec", "--", "busybox", "echo", "in").out == "in\n"
    assert pod.run("stop").status == 0
    pod.nothing_is_left()


def test_what_an_image_says_of_itself(pod: Docked) -> None:
    image(pod, "theirs:1", "RUN useradd -m ada", "USER ada", "WORKDIR /tmp", 'ENTRYPOINT ["echo", "entry"]')
    done = pod.run("launch", "-t", "theirs:1", "--", "sh", "-c", "id -un; pwd; echo $HOME")
    assert done.out.split() == ["ada", "/tmp", "/home/ada"], done
    done = pod.run("launch", "-t", "theirs:1", "--keep-entrypoint", "--", "word")
    assert done.out == "entry word\n", done


def test_limits_without_privileges(pod: Docked) -> None:
    look = "df -k /dev/shm; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; ls /dev/infiniband"
    words = ("--non-privileged", "--mem-limit-gb", "2", "--shm-size-gb", "1", "--", "sh", "-c", look)
    done = pod.run("launch", *words)
    assert done.status == 0, done
    assert " 1048576 " in done.out
    assert str(2 << 30) in done.out.split()
    assert "uverbs0" in done.out


def test_what_is_refused(pod: Docked) -> None:
    for word in ("--gpus=all", "--shm-size=1g", "--memory=1k", "--nonesuch"):
        done = pod.run("launch", "--engine-args", word, "--", "true")
        assert (done.status, "(bad-option)" in done.err) == (2, True), done
    done = pod.run("launch", "-t", "nonesuch:1", "--", "true")
    assert "podman has no image nonesuch:1" in done.err
    pod.there("podman", "run", "--detach", "--name", "mine", "--network", "host", "base:1", "sleep", "600")
    done = pod.run("launch", "--name", "mine", "--", "true")
    assert "mine is the name of a container of somebody else: localhost/base:1" in done.err
    pod.there("podman", "rm", "--force", "--time", "0", "mine")
    pod.nothing_is_left()


def test_without_root_it_is_refused(pod: Docked) -> None:
    words = ("--host", "spark@spark1", "--engine", "podman", "-t", "base:1")
    done = pod.control.run("launch", *words, "--", "true")
    assert (done.status, "(no-engine)" in done.err) == (5, True), done


def test_the_gpu(gpu: Docked) -> None:
    done = gpu.run("launch", "--", "nvidia-smi", "-L")
    assert (done.status, "podman has no CDI specification of the GPU" in done.err) == (5, True), done
    gpu.there("mkdir", "/etc/cdi")
    gpu.there("tee", "/etc/cdi/nvidia.json", given=json.dumps(CDI))
    done = gpu.run("launch", "--", "nvidia-smi", "-L")
    assert "GB10" in done.out, done


def test_exec_counts_as_a_shell_does(pod: Docked) -> None:
    assert pod.run("launch", "-d", "--", "sleep", "600").status == 0
    for command, status in (("nosuch", 127), ("/etc/passwd", 126)):
        done = pod.run("exec", "--", command)
        assert (done.status, "in the container (command-not-" in done.err) == (status, True), done
    assert pod.run("exec", "--", "sh", "-c", "exit 127").err == ""
    assert pod.run("stop").status == 0
    pod.nothing_is_left()
