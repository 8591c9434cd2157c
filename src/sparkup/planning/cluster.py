"""A launch on several hosts: how many it needs, what joins them, and what each rank gets of that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparkup.commands.vllm import parse_serve
from sparkup.domain.check import Finding
from sparkup.domain.fabric import Fabric, Interface
from sparkup.domain.fact import Fact, Observed, Seen
from sparkup.domain.host import Host
from sparkup.domain.launch import Launch, LaunchRequest, Node
from sparkup.errors import InputRefused, Problem
from sparkup.facts.clock import CLOCK
from sparkup.facts.dgx import DGX
from sparkup.facts.gpus import GPU
from sparkup.facts.identity import IDENTITY
from sparkup.facts.links import LINKS
from sparkup.facts.listeners import DATAGRAMS
from sparkup.facts.machine import MACHINE
from sparkup.facts.verbs import VERBS
from sparkup.planning.fabric import plan_fabric
from sparkup.planning.fabric_choice import parse_choice
from sparkup.planning.fabric_environment import user_findings
from sparkup.planning.fabric_links import Proved
from sparkup.planning.fabric_topology import chain
from sparkup.planning.gates import refusals, told
from sparkup.planning.meeting import meeting_port
from sparkup.planning.parallel import (
    Parallel,
    backend_of,
    contradictions,
    nodes_needed,
    not_needed,
    read_parallel,
    too_few,
)
from sparkup.planning.ranks import Meeting, together

FACTS: tuple[Fact[Any], ...] = (LINKS, IDENTITY, VERBS, CLOCK, DATAGRAMS)
RING = 4  # hosts from which on not all of a ring are neighbours


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out beside the facts: the command's configuration file, and which cables work."""

    config: str = ""
    proved: Proved | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """What was decided for all hosts together."""

    launch: Launch
    notes: tuple[str, ...] = ()
    fabric: Fabric | None = None
    findings: tuple[Finding, ...] = ()


def trimmed(
    request: LaunchRequest, known: Known, seen: Observed, problems: list[Problem]
) -> tuple[LaunchRequest, tuple[str, ...]]:
    """Leave the hosts out that the command does not need, and put those of a ring in the order of its cables.

    Notes it when there are too few.
    """
    serve, hosts = parse_serve(request.argv), request.hosts
    parallel = read_parallel(serve, known.config, problems) if serve else None
    each = min(gpus(seen[host.name]) for host in hosts)
    needed = nodes_needed(parallel, each) if parallel else len(hosts)
    if parallel and needed > len(hosts):
        problems.append(too_few(parallel.gpus, each * len(hosts), " ".join(host.name for host in hosts)))
        return request, ()
    ordered = _along_cables(request, known, seen) if needed > 1 else hosts
    if ordered is not None and 2 < needed < len(hosts):
        problems.append(_part_of_ring(needed, len(hosts)))
    ordered = ordered or hosts
    notes = () if ordered == hosts else (f"ranks follow the cables: {_names(ordered[:needed])}",)
    if needed < len(hosts):
        left = (host for host in hosts if host not in ordered[:needed])
        notes = (not_needed(needed, len(hosts), left), *notes)
    return request.only(ordered[:needed]), notes


def _along_cables(request: LaunchRequest, known: Known, seen: Observed) -> tuple[Host, ...] | None:
    """Return the hosts as the cables of a ring join them, from the head on; None without such a ring."""
    if len(request.hosts) < RING:
        return None
    fabric = fabric_of(request, seen, known.proved, [])
    if fabric.topology != "ring":
        return None
    by_name = {host.name: host for host in request.hosts}
    return tuple(by_name[name] for name in chain(fabric, request.hosts[0].name))


def _part_of_ring(needed: int, there: int) -> Problem:
    message = f"the command needs {needed} of the {there} hosts of a ring, and without the others it is none"
    hint = f"let it need two hosts or all {there} (-tp, -pp), or join the hosts by a switch"
    return Problem("no-fabric", message, hint=hint)


def _names(hosts: Iterable[Host]) -> str:
    return ", ".join(host.name for host in hosts)


def gpus(seen: Seen) -> int:
    """Return how many ranks a host takes: one a GPU, and one where there is none, on the CPU."""
    return max(1, len(seen[GPU].cards))


def cluster(
    request: LaunchRequest, drafts: Sequence[Launch], seen: Observed, known: Known, problems: list[Problem]
) -> Cluster:
    """Return one launch of what was decided for each host; notes what speaks against it."""
    names = [host.name for host in request.hosts]
    serve = parse_serve(request.argv)
    backend = backend_of(request.backend, serve, known.config)
    parallel = read_parallel(serve, known.config, []) if serve else Parallel(1)
    problems += (same := twice(names, seen))
    problems += contradictions(backend, serve, parallel, known.config)
    problems += _of_containers(request, drafts)
    fabric = fabric_of(request, seen, known.proved, problems)
    joined = () if same else fabric.findings  # a host that is there twice has no cable to itself
    found = (*joined, *user_findings(request.environment.plain))
    problems += refusals(found)
    port = meeting_port(backend, request.meets, drafts[0].port, [seen[name] for name in names], problems)
    if problems:
        return Cluster(drafts[0], fabric=fabric, findings=found)
    nodes = [Node(name, rank, seen[name][MACHINE].uid) for rank, name in enumerate(names)]
    meeting = Meeting(
        backend,
        port,
        tuple(str(fabric.control[name].address) for name in names),
        tuple(gpus(seen[name]) for name in names),
    )
    if request.idle:
        drafts = [_idle(draft, len(names)) for draft in drafts]
    launch = together(drafts, nodes, serve, meeting, fabric)
    said = f"{len(names)} ranks through {backend}: {fabric.topology}, " + transport(fabric)
    return Cluster(launch, (said, *told(found)), fabric, found)


def _idle(draft: Launch, hosts: int) -> Launch:
    """Return what is to work in as one of a Ray cluster: it is ready when all hosts have joined."""
    readiness = replace(draft.readiness, kind="ray", target=str(hosts))
    return replace(draft, argv=(), attached=False, readiness=readiness)


def twice(names: Sequence[str], seen: Observed) -> list[Problem]:
    """Refuse hosts that are one, by whatever names: a host's key is its identity (design §4.9a)."""
    first: dict[str, str] = {}
    problems = []
    for name in names:
        key = seen[name][IDENTITY].key or name
        if first.setdefault(key, name) != name:
            message = f"{first[key]} and {name} are one host: they have the same SSH host key"
            problems.append(Problem("bad-option", message, hint="name each host once"))
    return problems


def fabric_of(
    request: LaunchRequest, seen: Observed, proved: Proved | None, problems: list[Problem]
) -> Fabric:
    """Return the fabric of the hosts of a request."""
    names = [host.name for host in request.hosts]
    try:
        choice = parse_choice(request.eth, request.ib, names)
    except InputRefused as error:
        problems += error.problems
        choice = parse_choice((), (), names)
    sparks = [name for name in names if seen[name][DGX].gb10]
    interfaces: dict[str, tuple[Interface, ...]] = {name: seen[name][LINKS] for name in names}
    return plan_fabric(interfaces, proved, choice, sparks)


def transport(fabric: Fabric) -> str:
    """Say what the bulk goes over."""
    if not fabric.rdma:
        return "TCP sockets"
    most = max(map(len, fabric.rails.values()))
    return f"RDMA (RoCE) on {most} device{'s' if most > 1 else ''} a host"


def _of_containers(request: LaunchRequest, drafts: Sequence[Launch]) -> list[Problem]:
    """Refuse what keeps ranks in containers from finding each other, and engines that differ."""
    problems = []
    if request.container.ports:
        hint = "leave -p out: ranks on several hosts are on the hosts' network"
        problems.append(Problem("bad-option", "-p gives a container a network of its own", hint=hint))
    engines = {draft.engine for draft in drafts}
    if len(engines) > 1:
        told = ", ".join(sorted(engines))
        hint = "say which with --engine, and see that all hosts have it and the image"
        problems.append(Problem("no-engine", f"the hosts would run it by {told}", hint=hint))
    return problems
