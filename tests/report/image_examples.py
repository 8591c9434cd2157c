"""Answers about images: two builds of one name on two hosts, and an image of others."""

from dataclasses import replace

from sparkup.domain.build import BuiltStep, Check, ImageVariant, Inputs, Measured, PullRequest, Record, Source
from sparkup.domain.image import (
    Change,
    DiskUse,
    ImageRow,
    Images,
    ImagesDiffer,
    ImageShown,
    NameRow,
    Pruned,
    PruneRow,
    RolledBack,
)
from sparkup.errors import Problem

NAME, PREVIOUS = "vllm-node:latest", "vllm-node:previous"
VLLM = "https://github.com/vllm-project/vllm.git"
NOW = ImageRow(
    host="spark1",
    engine="docker",
    names=(NAME,),
    fingerprint="a1b2c3d4e5f6" + "0" * 52,
    id="sha256:" + "1" * 64,
    platform="linux/arm64",
    size=23_400_000_000,
    created=1_764_400_000.0,
    variant="source",
    vllm="main 222222222222",
    versions={"vllm": "0.13.0", "torch": "2.9.1", "cuda": "13.0"},
    used_by=("vllm_node",),
)
BEFORE = replace(
    NOW,
    names=(PREVIOUS,),
    fingerprint="b1b2c3d4e5f6" + "0" * 52,
    versions={"vllm": "0.12.0"},
    used_by=(),
)
SECOND = replace(NOW, host="spark2", id="sha256:" + "2" * 64, versions={}, used_by=())
FOREIGN = ImageRow("spark2", "podman", (), "", "3" * 64, "linux/arm64", 8_000, None)
IMAGES = Images(
    ("spark1", "spark2"),
    (NOW, SECOND, BEFORE, replace(BEFORE, host="spark2", fingerprint="c" * 64, versions={}), FOREIGN),
    (
        NameRow(NAME, same=True, hosts=("spark1", "spark2"), missing=()),
        NameRow(PREVIOUS, same=False, hosts=("spark1", "spark2"), missing=()),
    ),
)
RECORD = Record(
    NOW.fingerprint,
    Inputs(
        variant=ImageVariant.SOURCE,
        platform="linux/arm64",
        base="nvcr.io/nvidia/pytorch:26.01-py3",
        sources=(Source("vllm", VLLM, "main", "2" * 40),),
        pull_requests=(PullRequest(777, VLLM, "f" * 40),),
        arguments={"BUILD_JOBS": "16"},
        files={"Dockerfile": "d" * 64},
        sparkup="0.1.0",
    ),
    Measured(
        made=1_764_400_000.0,
        host="spark1",
        engine="docker 28.3.3",
        size=23_400_000_000,
        seconds=1800.0,
        steps=(BuiltStep("vllm", 1700.0), BuiltStep("base", 0.0, cached=True)),
        versions={"vllm": "0.13.0"},
        flags=("--model", "--port"),
        checks=(Check("imports", ok=True), Check("kernel", None, "no GPU here")),
    ),
)
SHOWN = ImageShown((NOW, SECOND), 14, {"Cmd": ["bash"], "User": "root"}, RECORD)
DIFFER = ImagesDiffer(
    before=BEFORE,
    after=NOW,
    same=False,
    layers=12,
    changes=(
        Change("source", "vllm commit", "1" * 40, "2" * 40),
        Change("pull-request", f"#777 of {VLLM}", None, "f" * 40),
        Change("argument", "OLD", "1", None),
        Change("config", "User", "", "root"),
        Change("size", "", "23300000000", "23400000000"),
    ),
    flags_added=("--new",),
    flags_removed=(),
    notes=("a note",),
)
BACK = RolledBack(
    NAME,
    PREVIOUS,
    (replace(BEFORE, names=(NAME,)), replace(BEFORE, names=(NAME,), host="spark2", versions={})),
    (replace(NOW, names=(PREVIOUS,)),),
)
DISK = (
    DiskUse("docker", "Images", 7, 70_000_000_000, 46_000_000_000),
    DiskUse("docker", "Local Volumes", 0, 0, 0),
    DiskUse("docker", "Build Cache", 120, 31_500_000_000, 31_500_000_000),
)
MAY_GO = Pruned(
    until=259_200.0,
    images=(PruneRow(replace(BEFORE, names=()), "it has no name"),),
    kept=(PruneRow(FOREIGN, "you have no record of its build (--others)"),),
    cache=("spark1",),
    disk={"spark1": DISK, "spark2": ()},
)
PRUNED = replace(
    MAY_GO,
    images=(replace(MAY_GO.images[0], gone=True), PruneRow(SECOND, "it has no name")),
    freed={"spark1": 31_500_000_000},
    problems=(Problem("step-failed", "remove 2222: exit status 1", "spark2"),),
)
ANSWERS = (IMAGES, SHOWN, DIFFER, BACK, MAY_GO, PRUNED)
