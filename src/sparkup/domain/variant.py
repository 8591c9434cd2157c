"""A managed Python environment as it is to be: which vLLM, for which machines, from which lock."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of environment. Sizes in bytes; `lock` is a requirements file with hashes."""

    name: str
    vllm: str
    torch: str
    pythons: tuple[str, ...]  # "3.11"
    downloads: Mapping[str, int]  # by architecture, as uname -m says it
    glibc: Mapping[str, str]  # the oldest that its wheels load with, by architecture
    disk: int
    lock: bytes
    needs_gpu: bool = False
    driver: str = ""  # the oldest of NVIDIA's that its CUDA works with

    @property
    def digest(self) -> str:
        """Return what tells environments of another lock apart."""
        return hashlib.sha256(self.lock).hexdigest()[:8]

    @property
    def needs_cpu_torch(self) -> bool:
        """Say whether torch must be the CPU build, which the package registry does not carry."""
        return self.torch.endswith("+cpu")
