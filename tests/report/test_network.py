"""Fabrics, searches and meshes as people read them."""

from dataclasses import replace

from tests.report.examples import DETECTED, MESHED, PAIR

from sparkup.domain.fabric import Fabric
from sparkup.domain.network import FabricShown
from sparkup.report.fabric_picture import text
from sparkup.report.network import detected, fabric, meshed


def test_a_fabric() -> None:
    assert fabric(FabricShown(("a", "b"), PAIR), 100) == text(PAIR, 100)
    assert fabric(FabricShown(("a", "b"), PAIR, "f.svg"), None) == text(PAIR, 80) + "drawn in f.svg\n"


def test_what_was_found() -> None:
    assert detected(DETECTED, None) == (
        "a: a Spark (GB10), this machine\n"
        "    10.0.0.1/24\n"
        "    host key SHA256:x\n"
        "b at 10.0.0.2: no Spark, scan of 10.0.0.0/24; met\n"
        "    no address on an RDMA port that is up\n"
        "    host key unknown\n"
        "\n"
        "not taken: 10.0.0.9 (met): nas has no GB10\n"
        "    → --any-machine takes it\n"
        "10.1.0.0/16 on x was not scanned\n"
        "\n"
        f"{text(PAIR, 80)}"
        "\n"
        "cluster.yaml was detected 2 h ago\n"
        "WARN  env.stale  c: c is in the file and was not found\n"
        "nothing was written; --write writes it to cluster.yaml\n"
    )


def test_one_host_alone() -> None:
    alone = replace(DETECTED, hosts=DETECTED.hosts[:1], left=(), notes=(), stale=(), age=None)
    alone = replace(alone, fabric=Fabric("solo", {}), written=True, before="cluster.yaml.before")
    assert detected(alone, None) == (
        "a: a Spark (GB10), this machine\n"
        "    10.0.0.1/24\n"
        "    host key SHA256:x\n"
        "no other host was found in 10.0.0.0/24\n"
        "\n"
        "written to cluster.yaml; the file before it is cluster.yaml.before\n"
    )


def test_a_mesh() -> None:
    assert meshed(MESHED) == "b: a key was made\n1 of 2 ways between a, b work\n"
