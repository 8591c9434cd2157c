"""Look at a finished image from inside, before anyone gets it: `python3 check.py [--gpu-arch LIST]`

Prints one JSON document: `versions` of what is there, `flags` of vllm serve, and `checks`, each with its
name, `ok` (null: cannot be judged here) and a message. Ends with 1 if a check failed. `--gpu-arch`, as
TORCH_CUDA_ARCH_LIST has it ("12.1a"), is what the image was built for; without it, it is one for CPUs.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import subprocess
import sys
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

PATIENCE = 300  # seconds for each program
PACKAGES = {  # by the name under which their version is told
    "vllm": "vllm",
    "torch": "torch",
    "transformers": "transformers",
    "ray": "ray",
    "triton": "triton",
    "fastsafetensors": "fastsafetensors",
    "flashinfer": "flashinfer-python",
    "flashinfer-cubin": "flashinfer-cubin",
    "flashinfer-jit-cache": "flashinfer-jit-cache",
}
IMPORTED = ("torch", "transformers", "ray", "vllm")
IMPORTED_WITH_GPU = ("flashinfer", "fastsafetensors")
FOLDERS = ("/usr/lib", "/usr/local", "/opt", "/lib64", "/usr/lib64")
NCCL = re.compile(r"libnccl\.so(\.[0-9]+)*")
TORCH = """
import json, torch
flags = getattr(torch._C, "_cuda_getArchFlags", lambda: None)() or ""
print(json.dumps({"cuda": torch.version.cuda or "", "arch": flags.split()}))
"""
KERNEL = """
import torch
if not torch.cuda.is_available():
    raise SystemExit(3)
a = torch.arange(4096, dtype=torch.float32, device="cuda").reshape(64, 64) % 7
b = (a @ a.T).cpu()
assert torch.equal(b, a.cpu() @ a.cpu().T), "a product of two matrices is wrong"
print(torch.cuda.get_device_name(0))
"""
FLAGS = ("vllm", "serve", "--help=all")


class Bad(Exception):
    """Why a check fails."""


class Unjudged(Exception):
    """Why a check can be judged neither way here."""


def ran(*argv: str) -> str:
    """Return what a program prints. Bad, with its last lines, if it fails."""
    env = {**os.environ, "VLLM_LOGGING_LEVEL": "ERROR", "COLUMNS": "200"}
    try:
        done = subprocess.run(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise Bad(f"there is no {argv[0]}") from None
    except subprocess.TimeoutExpired:
        raise Bad(f"no end after {PATIENCE} s") from None
    if done.returncode:
        last = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()][-1:]
        raise (Unjudged if done.returncode == 3 else Bad)("; ".join(last) or f"status {done.returncode}")
    return done.stdout.strip()


def python(code: str) -> str:
    """Return what a program in this Python prints."""
    return ran(sys.executable, "-c", code)


class Image:
    """What is found, and what is made of it."""

    def __init__(self, arch: str) -> None:
        self.arch = arch.replace(";", " ").split()
        self.versions = {"python": ".".join(map(str, sys.version_info[:3]))}
        self.flags: list[str] = []
        self.checks: list[dict[str, Any]] = []

    def check(self, name: str, look: Callable[[], str]) -> None:
        """Look at one thing, and keep what comes of it."""
        try:
            ok, message = True, look()  # type: bool | None, str
        except Bad as bad:
            ok, message = False, str(bad)
        except Unjudged as unjudged:
            ok, message = None, str(unjudged)
        self.checks.append({"name": name, "ok": ok, "message": message})

    def look(self) -> None:
        """Look at everything."""
        self.versions.update(installed())
        for module in (*IMPORTED, *(IMPORTED_WITH_GPU if self.arch else ())):
            self.check(f"import {module}", partial(python, f"import {module}"))
        self.check("torch", self.torch)
        self.check("nccl", self.nccl)
        self.check("flashinfer", self.flashinfer)
        self.check("vllm --version", lambda: ran("vllm", "--version"))
        self.check("flags", self.serve)
        self.check("ray", lambda: ran("ray", "--version"))
        self.check("rdma", self.rdma)
        self.check("run-cluster-node.sh", self.script)
        self.check("kernel", self.kernel)

    def torch(self) -> str:
        """Compare what torch was built for with what is wanted."""
        found = json.loads(python(TORCH))
        self.versions["cuda"] = found["cuda"]
        if not self.arch:
            if found["cuda"]:
                raise Bad(f"torch is for CUDA {found['cuda']}, in an image for CPUs")
            return "for CPUs"
        if not found["cuda"]:
            raise Bad(f"torch {self.versions.get('torch', '')} is for CPUs alone")
        missing = [arch for arch in self.arch if not any(runs(made, arch) for made in found["arch"])]
        made = f"CUDA {found['cuda']}, {' '.join(found['arch'])}"
        if missing:
            raise Bad(f"torch has no code for {' '.join(missing)}: {made}")
        return made

    def nccl(self) -> str:
        """Find every NCCL: with two of them, which one a process loads is luck."""
        found = sorted(libraries())
        if not found:
            if self.arch:
                raise Bad("there is no libnccl")
            raise Unjudged("an image for CPUs needs none")
        number = ctypes.c_int()
        ctypes.CDLL(found[0]).ncclGetVersion(ctypes.byref(number))
        major, rest = divmod(number.value, 10000)
        self.versions["nccl"] = f"{major}.{rest // 100}.{rest % 100}"
        if len(found) > 1:
            raise Bad(f"there are {len(found)} of them: {', '.join(found)}")
        return f"{self.versions['nccl']} {found[0]}"

    def flashinfer(self) -> str:
        """See that the packages of FlashInfer go together."""
        found = {name: text for name, text in self.versions.items() if name.startswith("flashinfer")}
        if not self.arch:
            raise Unjudged("an image for CPUs has none")
        if not found:
            raise Bad("there is none")
        if len({text.partition("+")[0] for text in found.values()}) > 1:
            raise Bad(", ".join(f"{name} {text}" for name, text in found.items()))
        return ", ".join(found)

    def serve(self) -> str:
        """List the flags of vllm serve."""
        self.flags = sorted(set(flags(ran(*FLAGS))))
        if not self.flags:
            raise Bad(f"{' '.join(FLAGS)} lists none")
        return str(len(self.flags))

    def rdma(self) -> str:
        """Load what NCCL talks to the network cards with."""
        try:
            ctypes.CDLL("libibverbs.so.1")
        except OSError as error:
            raise Bad(str(error)) from error
        return "libibverbs.so.1"

    def script(self) -> str:
        """Find the script in the working directory, where people call it."""
        if not os.access("run-cluster-node.sh", os.X_OK):
            raise Bad(f"there is none to execute in {Path.cwd()}")
        return str(Path.cwd())

    def kernel(self) -> str:
        """Multiply on the GPU, if there is one here."""
        if not self.arch:
            raise Unjudged("an image for CPUs")
        try:
            return python(KERNEL)
        except Unjudged:
            raise Unjudged("there is no GPU here") from None


def installed() -> Iterator[tuple[str, str]]:
    """Yield the versions of the packages that are there."""
    there = {(each.metadata["Name"] or "").lower(): each.version for each in distributions()}
    yield from ((name, there[package]) for name, package in PACKAGES.items() if package in there)


def runs(made: str, wanted: str) -> bool:
    """Say whether code for one architecture ("sm_120") runs on another ("12.1a"): it may be older."""
    kind, _, digits = made.partition("_")
    built = re.fullmatch(r"([0-9]+)([0-9])([af]?)", digits)
    asked = re.fullmatch(r"([0-9]+)\.([0-9])([af]?)(\+PTX)?", wanted)
    if not built or not asked or built[3] == "a":
        return bool(built and asked and built.groups()[:2] == asked.groups()[:2])
    if kind == "compute":
        return (int(built[1]), int(built[2])) <= (int(asked[1]), int(asked[2]))
    return built[1] == asked[1] and int(built[2]) <= int(asked[2])


def libraries() -> Iterator[str]:
    """Yield the files that are NCCL, whatever links to them."""
    walked = ((folder, name) for top in FOLDERS for folder, _, names in os.walk(top) for name in names)
    yield from {str(Path(folder, name).resolve()) for folder, name in walked if NCCL.fullmatch(name)}


def flags(text: str) -> Iterator[str]:
    """Yield the flags of a help text: each option begins a line, two columns in."""
    for line in text.splitlines():
        head = re.match(r"  (-\S.*?)(?:\s{2,}|$)", line)
        if head:
            yield from re.findall(r"(?<![\w-])--[a-z0-9][\w.-]*", head[1])


def main(arguments: Sequence[str]) -> int:
    """Print the document; return the exit status."""
    parser = argparse.ArgumentParser(prog="check.py")
    parser.add_argument("--gpu-arch", default="")
    image = Image(parser.parse_args(arguments).gpu_arch)
    image.look()
    document = {"versions": image.versions, "flags": image.flags, "checks": image.checks}
    print(json.dumps(document))
    return int(any(check["ok"] is False for check in image.checks))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
