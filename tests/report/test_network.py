"""Fabrics, searches and meshes as people read them."""

from dataclasses import replace

from tests.report.examples import DETECTED, MESHED, PAIR

from sparkup.domain.check import Finding
from sparkup.domain.fabric import Fabric
from sparkup.domain.network import FabricShown
from sparkup.planning.detected import ANEW, MISSED
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
        "WARN  env.stale  c: in the file, and not found\n"
        "    → see that it is on\n"
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


def test_a_workstation_is_sent_to_a_spark_and_not_offered_as_the_cluster() -> None:
    alone = replace(DETECTED.hosts[0], gb10=False, fabric=())
    shown = detected(
        replace(DETECTED, hosts=(alone,), left=(), notes=(), scanned=(), stale=(), age=None), None
    )
    assert "no other host was found\n    → " in shown
    assert "sparkup detect --from SPARK" in shown
    assert "--write" not in shown


def test_what_writing_mends_is_said_once_and_no_fault_once_it_is_written() -> None:
    found = (Finding("note", "env.stale", "found, and not in the file", "d", ANEW),)
    link = (Finding("warn", "env.stale", "the link a:x - b:x is not there any more", hint=ANEW),)
    gone = (Finding("warn", "env.stale", "in the file, and not found", "c", MISSED),)
    answer = replace(DETECTED, stale=(*gone, *found, *link))
    assert detected(answer, None).endswith(
        f"WARN  env.stale  c: in the file, and not found\n    → {MISSED}\n"
        "note  env.stale  d: found, and not in the file\n"
        f"WARN  env.stale: the link a:x - b:x is not there any more\n    → {ANEW}\n"
        "nothing was written; --write writes it to cluster.yaml\n"
    )
    assert detected(replace(answer, written=True), None).endswith(
        f"WARN  env.stale  c: in the file, and not found\n    → {MISSED}\n"
        "written to cluster.yaml; what was otherwise in it:\n"
        "    d: found, and not in the file\n"
        "    the link a:x - b:x is not there any more\n"
    )


def test_a_mesh() -> None:
    assert meshed(MESHED) == "b: a key was made\n1 of 2 ways between a, b work\n"
