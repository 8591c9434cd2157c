"""Our Dockerfiles, put together from the fragments in the package's data, and the files that they mount."""

import re
from collections.abc import Mapping
from importlib import resources

from sparkup.domain.build import ImageVariant

# Where the files are in a checkout, and so in the context of every build: `docker build .` there is one too.
FOLDER = "src/sparkup/data"
PYTHON_OF_CPU = "3.11"  # of the base of the cpu variant, which its wheels must be for
# Files FOLDER/docker/NAME.dockerfile, in the order in which they make up a Dockerfile.
_GPU = ("system", "uv")
_BUILT = ("builder", "flashinfer")
FRAGMENTS: Mapping[ImageVariant, tuple[str, ...]] = {
    ImageVariant.SOURCE: (
        *("arguments", "gpu-arguments", "source", *_GPU, *_BUILT, "flashinfer-wheels", "triton"),
        *("vllm", "vllm-wheel", "built", "built-triton", "gpu", "image", "built-vllm", "record"),
    ),
    ImageVariant.MXFP4: (
        *("arguments", "gpu-arguments", "mxfp4", *_GPU, *_BUILT, "cutlass", "flashinfer-wheels"),
        *("vllm", "shards", "vllm-wheel", "built", "gpu", "image", "built-vllm", "built-mxfp4", "record"),
    ),
    ImageVariant.WHEELS: ("arguments", "gpu-arguments", "wheels", *_GPU, "fetched", "gpu", "image", "record"),
    ImageVariant.CPU: ("arguments", "debian", "system", "cpu", "image", "record"),
}
_MOUNTED = re.compile(rf"\bsource=({FOLDER}/[^,\s]+)")


def dockerfile(variant: ImageVariant) -> str:
    """Return the Dockerfile of a variant. It builds with BuildKit's own front end, from Docker 20.10 on."""
    return "".join(_read(f"{FOLDER}/docker/{name}.dockerfile").decode() for name in FRAGMENTS[variant])


def context(variant: ImageVariant) -> Mapping[str, bytes]:
    """Return what a build mounts beside its Dockerfile, by path in its context; no wheels, no record."""
    return {path: _read(path) for path in sorted({*_MOUNTED.findall(dockerfile(variant))})}


def _read(path: str) -> bytes:
    return (resources.files("sparkup") / path.removeprefix("src/sparkup/")).read_bytes()
