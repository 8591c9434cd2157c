"""Our Dockerfiles, put together from the fragments in the package's data, and the files that they copy."""

from collections.abc import Mapping
from importlib import resources

from sparkup.domain.build import ImageVariant

# Where the files are in a checkout, and so in the context of every build: a plain `docker build .` is one too.
FOLDER = "src/sparkup/data"
PYTHON_OF_CPU = "3.11"  # of the base of the cpu variant, which its wheels must be for
WHEELS = "wheels"  # the folder, or the further build context, with the wheels of the cpu variant
# Without the suffix, in the order in which they make up a Dockerfile.
FRAGMENTS: Mapping[ImageVariant, tuple[str, ...]] = {
    ImageVariant.CPU: ("debian", "system", "cpu", "image"),
}
# What the fragments mount from the context, below FOLDER.
FILES: Mapping[ImageVariant, tuple[str, ...]] = {
    ImageVariant.CPU: ("docker/name_vllm.py", "docker/run-cluster-node.sh", "envs/cpu.lock"),
}


def dockerfile(variant: ImageVariant) -> str:
    """Return the Dockerfile of a variant. It builds with BuildKit's own front end, from Docker 20.10 on."""
    return "".join(_read(f"docker/{name}.dockerfile").decode() for name in FRAGMENTS[variant])


def context(variant: ImageVariant) -> Mapping[str, bytes]:
    """Return what a build needs beside the Dockerfile, by path in its context; no wheels, no record."""
    return {f"{FOLDER}/{name}": _read(name) for name in FILES[variant]}


def _read(name: str) -> bytes:
    return (resources.files("sparkup") / "data" / name).read_bytes()
