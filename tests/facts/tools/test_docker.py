"""What docker prints: info as text and JSON, errors, the banner of an image."""

import json

import pytest
from tests.fixtures.recorded import answers, sample, samples

from sparkup.facts.tools.docker import Docker, parse

# The lines of `docker info` of docker 29 that are read, among others as they stand there.
INFO = """\
Client: Docker Engine - Community
 Version:    29.2.1
 Plugins:
  buildx: Docker Buildx (Docker Inc.)
    Version:  v0.30.1

Server:
 Containers: 3
  Running: 1
 Server Version: 29.2.1
 Storage Driver: overlayfs
  driver-type: io.containerd.snapshotter.v1
 Cgroup Version: 2
 Plugins:
  Volume: local
 CDI spec directories:
  /etc/cdi
  /var/run/cdi
 Discovered Devices:
  cdi: nvidia.com/gpu=0
  cdi: nvidia.com/gpu=all
 Swarm: inactive
 Runtimes: io.containerd.runc.v2 nvidia runc
 Default Runtime: runc
 Security Options:
  apparmor
 Architecture: aarch64
 Docker Root Dir: /var/lib/docker
"""
KNOWN = Docker(
    version="29.2.1",
    runtimes=("io.containerd.runc.v2", "nvidia", "runc"),
    default_runtime="runc",
    nvidia=True,
    cdi=True,
    cdi_folders=("/etc/cdi", "/var/run/cdi"),
    cdi_devices=("nvidia.com/gpu=0", "nvidia.com/gpu=all"),
    root="/var/lib/docker",
    storage_driver="overlayfs",
    cgroup_version="2",
    architecture="aarch64",
)
FAILURES = {
    "banner_driver_not_detected.txt": ("F59", "no-gpu-in-container"),
    "error_cdi_mode_gpus_flag.txt": ("F52", "no-gpu-in-container"),
    "error_permission_denied.txt": ("F50", "no-engine"),
    "error_port_in_use.txt": ("F54", "port-taken"),
    "error_snap_docker.txt": ("F53", "no-gpu-in-container"),
    "error_unknown_runtime.txt": ("F51", "no-gpu-in-container"),
}


def read(text: str) -> Docker:
    found = parse(text)
    assert found is not None
    return found


def test_info() -> None:
    assert read(INFO) == KNOWN


def test_a_docker_without_nvidia_and_cdi() -> None:
    found = read(
        INFO.replace(" nvidia runc", " runc").replace(INFO[INFO.index(" CDI") : INFO.index(" Swarm")], "")
    )
    assert (found.nvidia, found.cdi, found.cdi_folders, found.cdi_devices) == (False, False, (), None)


def test_a_part_of_it() -> None:
    assert read(" Runtimes: io.containerd.runc.v2 runc\n Default Runtime: runc\n") == Docker(
        runtimes=("io.containerd.runc.v2", "runc"), default_runtime="runc", nvidia=False
    )


@pytest.mark.parametrize("case", ["docker_20", "docker_26"])
def test_info_as_json_that_was_recorded(case: str) -> None:
    said = answers("engines", case)["docker"]["out"]
    found = read(said)
    assert found.version == json.loads(said)["ServerVersion"]
    assert found.runtimes == tuple(json.loads(said)["Runtimes"])
    assert found.cdi is False


def test_runtimes_alone() -> None:
    found = read('{"io.containerd.runc.v2":{"path":"runc"},"nvidia":{"path":"nvidia-container-runtime"}}')
    assert found == Docker(runtimes=("io.containerd.runc.v2", "nvidia"), nvidia=True)


def test_devices_as_json() -> None:
    info = {
        "ServerVersion": "29.2.1",
        "CDISpecDirs": ["/etc/cdi"],
        "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}],
    }
    found = read(json.dumps(info))
    assert (found.cdi, found.cdi_folders, found.cdi_devices) == (True, ("/etc/cdi",), ("nvidia.com/gpu=0",))


@pytest.mark.parametrize("case", ["down_26", "down_28", "denied_26"])
def test_a_daemon_that_does_not_answer(case: str) -> None:
    said = answers("engines", case)["docker"]
    for text in (said["out"], said["out"] + said["err"]):
        found = read(text)
        assert (found.code, found.version, found.cdi) == ("no-engine", None, None)
        assert found.error
        assert found.hint


@pytest.mark.parametrize("name", samples("docker"))
def test_errors(name: str) -> None:
    found = read(sample("docker", name))
    assert (found.failure, found.code) == FAILURES[name]
    assert found.error in sample("docker", name).replace("   ", "").splitlines()
    assert found.hint


def test_the_banner_of_an_image() -> None:
    assert read(sample("docker", "banner_driver_not_detected.txt")).cuda == "13.2.0"
    assert read("== CUDA ==\n\nCUDA Version 13.0.2\n") == Docker(cuda="13.0.2")


@pytest.mark.parametrize(
    ("text", "failure", "code"),
    [
        ("Error response from daemon: Conflict. The name \"/a\" is already in use by container \"01\".",
         "F54", "name-taken"),
        ("exec /usr/bin/vllm: exec format error", "F58", "wrong-architecture"),
        ("Error response from daemon: No such image: nothing:latest", None, "image-not-found"),
        ("docker: Error response from daemon: something new.", None, None),
    ],
)  # fmt: skip
def test_other_errors(text: str, failure: str | None, code: str | None) -> None:
    found = read(text)
    assert (found.failure, found.code, found.error) == (failure, code, text)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"other": 1}', '{"runc": 1}', "hello"])
def test_other_texts(text: str) -> None:
    assert parse(text) is None
