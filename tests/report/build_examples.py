"""Answers about builds."""

from sparkup.domain.build import (
    BuildShown,
    Built,
    BuiltStep,
    Check,
    ImageVariant,
    Inputs,
    Measured,
    PullRequest,
    Record,
    Source,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VLLM = "https://github.com/vllm-project/vllm.git"
INPUTS = Inputs(
    variant=ImageVariant.SOURCE,
    platform="linux/arm64",
    base="nvcr.io/nvidia/pytorch@sha256:ab",
    sources=(Source("vllm", VLLM, "main", COMMIT),),
    pull_requests=(PullRequest(34695, VLLM, COMMIT),),
    arguments={"VLLM_REF": COMMIT, "BUILD_JOBS": "14", "FLASHINFER_SKIP": ""},
    files={"Dockerfile": "cd" * 32},
    sparkup="0.1.0",
)
MEASURED = Measured(
    made=1.5,
    host="spark1",
    engine="docker 29.1.3",
    size=24_300_000_000,
    seconds=1830.0,
    steps=(
        BuiltStep("[system 1/2] RUN apt-get update", 0.0, cached=True),
        BuiltStep("[vllm 9/9] RUN uv build", 1500.5),
        BuiltStep("exporting to image", 61.2),
    ),
    versions={"vllm": "0.22.1", "torch": "2.14.0", "cuda": "13.4"},
    flags=("--port",),
    checks=(Check("torch", ok=True), Check("kernel", None, "there is no GPU here")),
)
BUILT = Built(
    "vllm-node:latest",
    "spark1",
    "sha256:12",
    Record("9f" * 32, INPUTS, MEASURED),
    "vllm-node:previous",
    same=False,
    timing={"build": 1830.0, "check": 31.4, "all": 1870.2},
)
STEP = {
    "host": "spark1",
    "reason": "build the image",
    "what": "run   docker build /x",
    "after": ["put"],
    "id": "build",
}
SHOWN = BuildShown(
    "vllm-node", INPUTS.document(), ({"title": "Build the image", "steps": [STEP], "notes": []},)
)
ANSWERS = (BUILT, SHOWN)
