"""The steps of a build: put its context there, build, check, and let the name mean the new image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from sparkup.commands import docker_build
from sparkup.commands.docker_build import DockerBuild
from sparkup.commands.node import Program
from sparkup.domain.build import (
    IN_IMAGE,
    LABEL_INPUTS,
    LABEL_VARIANT,
    Inputs,
    Record,
    Source,
)
from sparkup.domain.command import Command
from sparkup.domain.dockerfile import arguments
from sparkup.domain.image import candidate_name, previous_name, whole_name
from sparkup.domain.plan import Plan, Put, Run, Step
from sparkup.facts.build_records import FOLDER as RECORDS
from sparkup.planning.build_check import unfit
from sparkup.planning.build_inputs import Files
from sparkup.planning.build_progress import BuildProgress

CHECK = "check.py"  # beside the context: it is no part of the image
WHEELS = "wheels"
CHECK_TIMEOUT = 900.0  # seconds; the first import of torch on a slow disk takes minutes
OCI = "org.opencontainers.image"


@dataclass(frozen=True, slots=True)
class Building:
    """A decision: build this, on this host, in a folder of its own until it has passed its checks.

    `wheels`: a folder of the host with those of the cpu variant, "" for none. `buildx`: docker takes further
    build contexts. `gpus`: how the engine gives a container the GPU, "" for none.
    """

    id: str
    host: str
    tag: str
    inputs: Inputs
    files: Files
    check: bytes
    root: PurePosixPath  # of the state
    program: Program
    network: str = ""
    proxies: tuple[str, ...] = ()
    wheels: str = ""
    buildx: bool = False
    gpus: str = ""
    every: bool = False  # each line of the build is shown

    @property
    def folder(self) -> PurePosixPath:
        """Return where the build has its files."""
        return self.root / "builds" / self.id

    @property
    def candidate(self) -> str:
        """Return what the image is called until it has passed its checks."""
        return candidate_name(self.tag, self.id)

    @property
    def container(self) -> str:
        """Return the name of the container of the check."""
        return f"sparkup-check-{self.id}"


def _vllm(inputs: Inputs) -> Source | None:
    return next((source for source in inputs.sources if source.name == "vllm"), None)


def labels(inputs: Inputs) -> Mapping[str, str]:
    """Return what the image says of itself."""
    vllm = _vllm(inputs)
    oci = {f"{OCI}.source": vllm.repository, f"{OCI}.revision": vllm.commit} if vllm else {}
    return {
        **oci,
        f"{OCI}.base.name": inputs.base,
        LABEL_VARIANT: str(inputs.variant),
        LABEL_INPUTS: inputs.text,
    }


def make_plan(making: Building, progress: BuildProgress) -> Plan:
    """Return the steps up to the finished image under its candidate name."""
    context = making.folder / "context"
    files = {**making.files, IN_IMAGE: (making.inputs.text + "\n").encode()}
    clear = Run(
        "clear",
        making.host,
        Command(("rm", "-rf", "--", str(making.folder.parent))),
        "remove what builds that were broken off have left",
    )
    puts = [
        Put(
            f"put {path}",
            making.host,
            content,
            context / path,
            f"what is built from: {path}",
            after=("clear",),
        )
        for path, content in files.items()
    ]
    check = Put("put check", making.host, making.check, making.folder / CHECK, "the checks", after=("clear",))
    linked, after = _wheels(making, tuple(put.id for put in puts))
    return Plan((clear, *puts, check, *linked, _build(making, progress, after)))


def _wheels(making: Building, after: tuple[str, ...]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Return the step that puts wheels where the Dockerfile looks for them, and what the build waits for."""
    if not making.wheels or making.buildx:
        return (), after
    target = str(making.folder / "context" / WHEELS)
    # Links, where it is the same file system; times are kept, by which docker sees what it has already.
    links = 'mkdir -p "$2" && { cp -rlp "$1/." "$2" 2>/dev/null || cp -rp "$1/." "$2"; }'
    copy = ("sh", "-c", links, "sh", making.wheels, target)
    link = Run("wheels", making.host, Command(copy), "the wheels, where docker takes one folder only", after)
    return (link,), (link.id,)


def _build(making: Building, progress: BuildProgress, after: tuple[str, ...]) -> Run:
    inputs = making.inputs
    known = arguments(making.files["Dockerfile"].decode())
    what = DockerBuild(
        folder=str(making.folder / "context"),
        tag=making.candidate,
        arguments={name: value for name, value in inputs.arguments.items() if known.get(name) != value},
        labels=labels(inputs),
        contexts={WHEELS: making.wheels} if making.wheels and making.buildx else {},
        proxies=making.proxies,
        network=making.network,
    )
    return Run(
        "build",
        making.host,
        Command(making.program.guard(docker_build.build(what))),
        f"build the image {making.tag} ({inputs.variant})",
        after,
        explain=progress.explain,
        shown=progress.shown,
    )


def check_plan(making: Building) -> Plan:
    """Return the step that looks at the finished image from inside."""
    arches = making.inputs.arguments.get("TORCH_CUDA_ARCH_LIST", "")
    words = ("--gpu-arch", arches) if arches else ()
    program = str(making.folder / CHECK)
    argv = docker_build.check(making.candidate, program, making.container, words, making.gpus)
    step = Run(
        "check",
        making.host,
        Command(making.program.guard(argv), timeout=CHECK_TIMEOUT),
        "look at the image from inside, before it gets its name",
        explain=partial(unfit, host=making.host),
        shown=lambda _: "",  # what it prints is read at its end
    )
    return Plan((step,))


def name_plan(making: Building, record: Record, new_id: str) -> Plan:
    """Return the steps that keep the record and give the image its name; the one before keeps another.

    The step "name" prints the ID of the one before, nothing if there is none or it did not change.
    """
    text = json.dumps(record.document(), sort_keys=True, indent=1) + "\n"
    path = making.root / RECORDS / f"{record.fingerprint}.json"
    keep = Put("record", making.host, text.encode(), path, "what was built, and what came out")
    previous = previous_name(making.tag)
    command = Command(docker_build.name(new_id, making.tag, previous))
    reason = f"{whole_name(making.tag)} is the new image; one before it is {previous}"
    named = Run("name", making.host, command, reason, (keep.id,), unbroken=True)
    return Plan((keep, named, *_needless(making, (named.id,))))


def undo_plan(making: Building) -> Plan:
    """Return the steps that take away what only the build needed, the image's candidate name too."""
    return Plan(_needless(making))


def _needless(making: Building, after: tuple[str, ...] = ()) -> tuple[Run, ...]:
    host, name = making.host, making.candidate
    ended = Command(docker_build.remove_container(making.container))
    untag = Command(docker_build.untag(name))
    remove = Command(("rm", "-rf", "--", str(making.folder)))
    return (
        Run("end check", host, ended, "end the check", after, unbroken=True),
        Run("untag", host, untag, f"take the name {name} away", ("end check",), unbroken=True),
        Run("remove", host, remove, "remove the files of the build", after, unbroken=True),
    )
