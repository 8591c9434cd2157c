"""run-cluster-node.sh: every flag, what Ray is started with, and what later shells know."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparkup.config import dockerfiles

SCRIPT = Path(dockerfiles.__file__).parents[1] / "data" / "docker" / "run-cluster-node.sh"
RAY = """\
#!/usr/bin/env python3
import json, os, sys
from pathlib import Path

Path(os.environ["SAID"]).write_text(json.dumps([sys.argv[1:], dict(os.environ)]))
"""
FABRIC = ("-h", "192.168.177.11", "-e", "enp1s0f1np1", "-i", "rocep1s0f1,roceP2p1s0f1")
HEAD = ("--role", "head", *FABRIC)
NODE = ("--role", "node", *FABRIC, "-m", "192.168.177.12")
VARIABLES = {
    "VLLM_HOST_IP": "192.168.177.11",
    "RAY_NODE_IP_ADDRESS": "192.168.177.11",
    "RAY_OVERRIDE_NODE_IP_ADDRESS": "192.168.177.11",
    "NCCL_SOCKET_IFNAME": "enp1s0f1np1",
    "NCCL_IB_HCA": "rocep1s0f1,roceP2p1s0f1",
    "NCCL_IB_DISABLE": "0",
    "GLOO_SOCKET_IFNAME": "enp1s0f1np1",
    "TP_SOCKET_IFNAME": "enp1s0f1np1",
    "UCX_NET_DEVICES": "enp1s0f1np1",
    "OMPI_MCA_btl_tcp_if_include": "enp1s0f1np1",
    "MN_IF_NAME": "enp1s0f1np1",
    "RAY_memory_monitor_refresh_ms": "0",
}


@dataclass(frozen=True, slots=True)
class Container:
    """A home, and a `ray` that keeps what it was called with."""

    home: Path

    @property
    def said(self) -> Path:
        return self.home / "said"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the script as somebody with a bare environment."""
        self.said.unlink(missing_ok=True)
        return self._run("bash", str(SCRIPT), *words)

    def ray(self) -> tuple[list[str], dict[str, str]]:
        """Return the arguments and the environment that Ray was started with."""
        argv, environment = json.loads(self.said.read_text())
        return argv, environment

    def later(self) -> dict[str, str]:
        """Return the environment of a shell that is opened afterwards."""
        done = self._run("bash", "-i", "-c", "env -0")
        return dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)

    def _run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.home}/bin:{os.environ['PATH']}"
        env = {"HOME": str(self.home), "PATH": path, "SAID": str(self.said), "NCCL_IB_DISABLE": "1"}
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    ray = tmp_path / "bin" / "ray"
    ray.parent.mkdir()
    ray.write_text(RAY)
    ray.chmod(0o755)
    return Container(tmp_path)


def known(environment: dict[str, str]) -> dict[str, str]:
    return {name: environment.get(name, "") for name in VARIABLES}


def test_a_head_starts_ray_with_its_dashboard(container: Container) -> None:
    assert container.run(*HEAD).returncode == 0
    argv, environment = container.ray()
    assert argv == [
        *("start", "--block", "--head", "--port", "6379", "--node-ip-address", "192.168.177.11"),
        *("--dashboard-host", "0.0.0.0", "--dashboard-port", "8265", "--disable-usage-stats"),
    ]
    assert known(environment) == VARIABLES


def test_a_node_joins_its_head(container: Container) -> None:
    assert container.run(*NODE).returncode == 0
    argv, environment = container.ray()
    joined = ["--address", "192.168.177.12:6379", "--node-ip-address", "192.168.177.11"]
    assert argv == ["start", "--block", *joined]
    assert known(environment) == VARIABLES


@pytest.mark.parametrize("form", ["short", "long", "with ="])
def test_every_flag_has_a_short_and_a_long_form(container: Container, form: str) -> None:
    values = {
        ("-r", "--role"): "node",
        ("-h", "--host-ip"): "10.0.0.1",
        ("-e", "--eth-if"): "eth0",
        ("-i", "--ib-if"): "mlx5_0",
        ("-m", "--head-ip"): "10.0.0.2",
    }
    words = {
        "short": [word for (flag, _), value in values.items() for word in (flag, value)],
        "long": [word for (_, flag), value in values.items() for word in (flag, value)],
        "with =": [f"{flag}={value}" for (_, flag), value in values.items()],
    }
    assert container.run(*words[form]).returncode == 0
    argv, environment = container.ray()
    assert "10.0.0.2:6379" in argv
    assert (environment["NCCL_IB_HCA"], environment["VLLM_HOST_IP"]) == ("mlx5_0", "10.0.0.1")


def test_later_shells_have_the_variables(container: Container) -> None:
    container.run(*HEAD)
    assert known(container.later()) == VARIABLES


def test_a_second_call_replaces_what_the_first_one_kept(container: Container) -> None:
    profile = container.home / ".bashrc"
    profile.write_text("export MINE=1\nexport NCCL_IB_HCA=mine\n")
    container.run(*HEAD)
    container.run(*HEAD[:-1], "rocep1s0f0")
    lines = profile.read_text().splitlines()
    assert lines[:2] == ["export MINE=1", "export NCCL_IB_HCA=mine"]
    assert len(lines) == 2 + len(VARIABLES)
    assert container.later()["NCCL_IB_HCA"] == "rocep1s0f0"
    assert container.later()["MINE"] == "1"


@pytest.mark.parametrize(
    "value", ["a b", "$(touch said-so)", "it's", 'a "b"', "back\\slash", "`id`", "a;b&c", "ünï", "a\nb"]
)
def test_values_arrive_as_they_are_written(container: Container, value: str) -> None:
    done = container.run("-r", "head", "-h", value, "-e", value, "-i", value)
    assert done.returncode == 0
    argv, environment = container.ray()
    assert argv[argv.index("--node-ip-address") + 1] == value
    later = container.later()
    for name in ("VLLM_HOST_IP", "NCCL_SOCKET_IFNAME", "NCCL_IB_HCA"):
        assert (environment[name], later[name]) == (value, value)


def test_all_that_is_wrong_is_said_and_nothing_is_started(container: Container) -> None:
    done = container.run("--role", "worker", "--eth", "eth0", "-e", "eth0", "-h")
    assert done.returncode == 2
    for said in (
        "there is no option --eth",
        "-h needs a value",
        "--host-ip is missing",
        "--ib-if is missing",
        "--role is head or node, not worker",
        "Usage: run-cluster-node.sh",
    ):
        assert said in done.stderr
    assert not container.said.exists()
    assert not (container.home / ".bashrc").exists()


def test_a_node_needs_its_head(container: Container) -> None:
    done = container.run("--role", "node", *FABRIC)
    assert done.returncode == 2
    assert "--head-ip is missing: a node must know its head" in done.stderr


def test_help_starts_nothing(container: Container) -> None:
    done = container.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "-m, --head-ip  the address of the head; nodes need it" in done.stdout
    assert not container.said.exists()


def test_the_status_is_rays(container: Container) -> None:
    (container.home / "bin" / "ray").write_text("#!/bin/sh\nexit 7\n")
    assert container.run(*HEAD).returncode == 7
