"""Somebody who builds images on a simulated host: the real docker, small repositories for what it fetches."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.data.docker.upstream import Upstream
from tests.e2e.dockerfile_bed import SITE, STANDIN, WORKSTATION, Bed, booted_bed, repository
from tests.e2e.way_out import way_out
from tests.simhosts.hosts import CONTROL
from tests.user import Done, Running, User

TAG, FIT = "mine:1", "fit:1"
# Hosts of Debian 13 come without; the proxy is in what logins there have.
GIT = (
    "command -v git || { . /root/.bashrc; apt-get update && apt-get install -y --no-install-recommends git; }"
)
# What a check of the finished image looks for in a base, beside what builds need of it.
NCCL = "int ncclGetVersion(int *version) { *version = 22903; return 0; }\n"
INSIDE = {
    "transformers/__init__.py": "\n",
    "torch/cuda.py": "def is_available():\n    return False\n",
}


@dataclass(frozen=True, slots=True)
class Builder:
    """The command line at the control workstation, and the host that builds."""

    bed: Bed
    user: User

    @property
    def vllm(self) -> Upstream:
        """Return the repository of vLLM."""
        return self.bed.repositories["vllm"]

    def words(self, *words: str, tag: str = TAG) -> tuple[str, ...]:
        """Return a command line that builds the source variant from the stand-ins."""
        given = {name: value for name, value in self.bed.arguments.items() if name != "VLLM_REPO"}
        given.pop("BASE_IMAGE")
        named = (word for name, value in given.items() for word in ("--build-arg", f"{name}={value}"))
        where = ("--on", "spark1", "--vllm-repo", repository("vllm"), "--base-image", FIT)
        return ("build", *where, "-t", tag, *named, *words)

    def build(self, *words: str, tag: str = TAG) -> Done:
        """Build the source variant with further words, to its end."""
        with self.user.running(*self.words(*words, tag=tag)) as command:
            return command.done(900)

    @contextmanager
    def building(self, *words: str) -> Iterator[Running]:
        """Begin a build, for the time of a `with`."""
        with self.user.running(*self.words(*words)) as command:
            yield command

    def image(self, name: str = TAG) -> str:
        """Return the ID of an image, "" if there is none."""
        return self.bed.run("docker", "image", "inspect", "--format", "{{.Id}}", name, check=False).strip()

    def label(self, name: str, image: str = TAG) -> str:
        """Return a label of an image."""
        form = f'{{{{index .Config.Labels "{name}"}}}}'
        return self.bed.run("docker", "image", "inspect", "--format", form, image).strip()

    def record(self, image: str = TAG) -> dict[str, object]:
        """Return what the image itself has of its record."""
        found: dict[str, object] = json.loads(self.bed.inside(image, "cat", "/workspace/sparkup-build.json"))
        return found

    def nothing_is_left(self) -> None:
        """AssertionError if something of a build is still there that only it needed."""
        listed = self.bed.run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
        assert "candidate" not in listed
        assert self.bed.run("ls", "/var/lib/sparkup/builds", check=False) == ""
        assert self.bed.run("docker", "ps", "-aq") == ""
        assert self.bed.run("pgrep", "-af", "[d]ocker build|[d]ocker-buildx|[s]ource.py", check=False) == ""


def make_fit(bed: Bed) -> None:
    """Make a base whose images pass their checks; what is compiled for it has no dependency."""
    here = bed.folder / "fit"
    for name, text in INSIDE.items():
        (here / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "site" / name).write_text(text)
    (here / "nccl.c").write_text(NCCL)
    words = ["cc", "-shared", "-fPIC", "-nostdlib", "-o", str(here / "libnccl.so.2"), str(here / "nccl.c")]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    lines = (
        f"FROM {STANDIN}",
        f"COPY site/ {SITE}/",
        f"RUN echo 'from . import cuda' >> {SITE}/torch/__init__.py",
        "COPY libnccl.so.2 /usr/local/lib/",
    )
    (here / "Dockerfile").write_text("\n".join(lines))
    bed.put(here, "/root/fit")
    bed.run("env", "DOCKER_BUILDKIT=1", "docker", "build", "-t", FIT, "/root/fit")


@contextmanager
def booted_builder(folder: Path, base: str = "") -> Iterator[Builder]:
    """Boot a host with the Docker of a Debian tree; packages come to builds through a proxy."""
    with booted_bed(folder, base, nat=False) as bed, way_out(bed.hosts, 1, WORKSTATION):
        make_fit(bed)
        bed.run("sh", "-c", GIT)
        home = folder / "home"
        home.mkdir()
        user = User(home, before=tuple(bed.hosts.argv(CONTROL, [])))
        try:
            yield Builder(bed, user)
        finally:
            user.close()
