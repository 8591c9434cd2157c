"""Checks of what the hosts of a launch must have alike, and of what each needs for RDMA."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from sparkup.domain.backend import Backend
from sparkup.domain.check import Check, Finding
from sparkup.domain.launch import Engine
from sparkup.facts.clock import CLOCK, UNKNOWN
from sparkup.facts.dgx import DGX
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.facts.gpus import GPU
from sparkup.facts.machine import MACHINE
from sparkup.facts.programs import Lookup
from sparkup.facts.verbs import DEVICES, VERBS
from sparkup.planning.containers import image_fact
from sparkup.planning.gates_memory import gib
from sparkup.planning.gates_subject import Gate, Subject, differences, on_cpu
from sparkup.planning.parallel import backend_of, no_ray
from sparkup.planning.processes import ray_lookup

SHOWN = 12  # digits of a fingerprint
SKEW = 2.0  # seconds


def _same_image(subject: Subject) -> Iterator[Finding]:
    """Compare images by their content: what an engine calls them differs between stores."""
    engine = subject.drafts[0].engine
    name = image_fact(subject.request)
    if engine is Engine.HOST or any(draft.engine is not engine for draft in subject.drafts):
        return  # engines that differ are refused for that
    found = {seen.host: seen[name].get(engine) for seen in subject.hosts}
    prints = {host: image.fingerprint for host, image in found.items() if image is not None}
    for host, content in prints.items():
        if not content:
            yield Finding("unknown", "img.same", f"{engine} does not tell the layers of the image", host)
    if told := differences({host: content[:SHOWN] for host, content in prints.items()}):
        image = subject.drafts[0].container.image if subject.drafts[0].container else ""
        hint = f"copy one to the others: {engine} save {image} | ssh HOST {engine} load"
        yield Finding("fail", "img.same", f"{image} is not the same on all hosts: {told}", hint=hint)


def _same_system(subject: Subject) -> Iterator[Finding]:
    kernels = {seen.host: seen[DGX].kernel for seen in subject.hosts}
    systems = {seen.host: seen[DGX].release for seen in subject.hosts}
    releases = {host: release.version if release else None for host, release in systems.items()}
    hint = "update the older one: sudo apt full-upgrade, firmware with it, then reboot"
    for what, values in (("kernels", kernels), ("releases of DGX OS", releases)):
        if told := differences(values):
            yield Finding("warn", "sys.release", f"{what} differ: {told}", hint=hint)


def _same_driver(subject: Subject) -> Iterator[Finding]:
    if told := differences({seen.host: seen[GPU].driver for seen in subject.hosts}):
        hint = "install the same one on all hosts, and reboot them"
        yield Finding("warn", "sys.driver", f"versions of NVIDIA's driver differ: {told}", hint=hint)


def _same_time(subject: Subject) -> Iterator[Finding]:
    """Compare the clocks, roughly: how long each took to answer is not known (users.md F85)."""
    times = {seen.host: seen[CLOCK] for seen in subject.hosts if seen[CLOCK] != UNKNOWN}
    spread = max(times.values(), default=0.0) - min(times.values(), default=0.0)
    if spread > SKEW:
        late, early = min(times, key=times.__getitem__), max(times, key=times.__getitem__)
        message = f"the clock of {late} is about {spread:.0f} s behind that of {early}"
        yield Finding("warn", "sys.time", message, late, "sudo timedatectl set-ntp true")


def _same_machines(subject: Subject) -> Iterator[Finding]:
    kinds = {seen.host: "a GB10" if seen[DGX].gb10 else "no GB10" for seen in subject.hosts}
    if told := differences(kinds):
        message = f"machines differ: {told}; the slowest sets the pace"
        yield Finding("warn", "sys.gb10", message)


def _verbs(subject: Subject) -> Iterator[Finding]:
    """Find what keeps ranks from RDMA on a host that has it: NCCL would fail, or use TCP (users.md F01)."""
    if not subject.rdma:
        return
    for seen, draft in zip(subject.hosts, subject.drafts, strict=True):
        verbs = seen[VERBS]
        if not seen[GPU].cards or on_cpu(draft, seen):
            continue  # what runs on the CPU talks over sockets
        if not verbs.devices:
            message = f"there is no {DEVICES}: no process can open an RDMA device"
            yield Finding("fail", "net.verbs", message, seen.host, "sudo modprobe ib_uverbs; or reboot")
        elif draft.engine is Engine.HOST and verbs.locked is not None and seen[MACHINE].uid:
            message = f"a process may lock {gib(verbs.locked)} of memory: RDMA may get too little"
            hint = "set memlock to unlimited in /etc/security/limits.d, and log in again; or use a container"
            yield Finding("warn", "net.verbs", message, seen.host, hint)


def _ray(subject: Subject) -> Iterator[Finding]:
    """Find the host whose rank would have no Ray; what an image has is seen in it (node/processes.py)."""
    if backend_of(subject.request.backend, subject.serve, subject.config) is not Backend.RAY:
        return
    fact = ray_lookup(subject.request)
    for seen, draft in zip(subject.hosts, subject.drafts, strict=True):
        found, mine = seen.values.get(fact.name), draft.python_environment
        if draft.engine is not Engine.HOST:
            continue
        if not isinstance(found, Lookup) or not found.known:
            yield Finding("unknown", "ray.there", f"not known of it: {fact.name}", seen.host)
        elif not (PurePosixPath(mine) in found.provided if mine else found.program):
            where = f"the environment {mine}" if mine else "the PATH"
            problem = no_ray(where, seen.host)
            yield Finding("fail", "ray.there", problem.message, seen.host, problem.hint)


CHECKS: tuple[Gate, ...] = (
    Check("img.same", (), _same_image, refuses="images-differ"),
    Check("net.verbs", (VERBS, GPU, MACHINE, ENVIRONMENTS), _verbs, refuses="no-fabric"),
    Check("ray.there", (), _ray, refuses="ray-not-found"),
    Check("sys.gb10", (DGX,), _same_machines, refuses="no-fabric"),
    Check("sys.release", (DGX,), _same_system, refuses="no-fabric"),
    Check("sys.time", (CLOCK,), _same_time, refuses="no-fabric"),
    Check("sys.driver", (GPU,), _same_driver, refuses="no-fabric"),
)
