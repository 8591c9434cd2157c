"""What a launch would be, told before it starts: outcomes of checks, and what each rank would get."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from sparkup.commands import containers as engines
from sparkup.commands.vllm import parse_serve
from sparkup.domain.check import Finding, Level
from sparkup.domain.checked import Checked, CheckedRank, CheckRow, ExplainedRank, Reasoned
from sparkup.domain.fabric import Fabric, Variable
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Engine, Launch, LaunchRequest, Node
from sparkup.errors import Problem
from sparkup.facts.dgx import DGX
from sparkup.facts.gpus import GPU
from sparkup.planning import gates
from sparkup.planning.cluster import transport
from sparkup.planning.containers import ALWAYS, image_fact
from sparkup.planning.fabric_environment import environment as of_fabric
from sparkup.planning.launch import program_on
from sparkup.planning.ranks import ADDRESS, variables
from sparkup.planning.resolve import Resolved

LEVELS: tuple[str, ...] = (*get_args(Level), "ok")
NATURE = "NCCL places its threads by the GPU, not by the engine's mask"
YOURS = "you set it"
OF_GPUS = ("net.verbs", "sys.driver")
OF_PROCESSES = ("run.program", "run.environment", "sys.linger")


def checked(
    request: LaunchRequest,
    resolved: Resolved,
    problems: Sequence[Problem],
    seen: Observed,
    file_name: str,
) -> Checked:
    """Return what `--check` answers. `file_name`: of the program for hosts."""
    launch = resolved.launch
    ranks = (
        () if problems else tuple(_rank(node, request, resolved, seen, file_name) for node in launch.nodes)
    )
    return Checked(
        name=launch.name,
        hosts=tuple(host.name for host in request.hosts),
        fabric=fabric_line(resolved.fabric),
        checks=tuple(rows(resolved.findings, problems, _ids(request, resolved, seen))),
        ranks=ranks,
        problems=tuple(problems),
    )


def fabric_line(fabric: Fabric | None) -> str:
    """Return a fabric in one line."""
    if fabric is None:
        return "one host: nothing between hosts is needed"
    control = ", ".join(f"{host} {each.address}" for host, each in fabric.control.items()) or "nowhere"
    return f"{fabric.topology}: {transport(fabric)}; ranks meet on {control}"


def _ids(request: LaunchRequest, resolved: Resolved, seen: Observed) -> Iterator[str]:
    """Yield the checks that say something about this launch: what was not looked at is not well."""
    launch, several = resolved.launch, resolved.fabric is not None
    serve = parse_serve(request.argv)
    sparks = any(seen[host.name][DGX].gb10 for host in request.hosts)
    for name in gates.ids(several=several):
        kind = name.partition(".")[0]
        if kind in ("docker", "img") and launch.engine is Engine.HOST:
            continue
        if name in OF_PROCESSES and launch.engine is not Engine.HOST:
            continue
        if kind == "mem" and not (sparks and serve):
            continue
        if name == "model.there" and serve is None:
            continue
        if name in OF_GPUS and not any(seen[node.host][GPU].cards for node in launch.nodes):
            continue
        yield name


def rows(found: Sequence[Finding], problems: Sequence[Problem], ids: Iterable[str]) -> list[CheckRow]:
    """Return the outcomes of checks, the gravest first; of `ids` those that found nothing are well."""
    failed = {(each.message, each.where) for each in found if each.level == "fail"}
    told = [CheckRow(each.code, each.level, each.where, each.message, each.hint) for each in found]
    told += [
        CheckRow(gates.BY_PROBLEM.get(each.code, gates.OPTIONS), "fail", each.where, each.message, each.hint)
        for each in problems
        if (each.message, each.where) not in failed
    ]
    spoken = {row.id for row in told}
    told += [CheckRow(id_, "ok") for id_ in ids if id_ not in spoken]
    return sorted(told, key=lambda row: LEVELS.index(row.outcome))


def _rank(
    node: Node, request: LaunchRequest, resolved: Resolved, seen: Observed, file_name: str
) -> CheckedRank:
    mine, fabric, host = resolved.launch.on(node), resolved.fabric, seen[node.host]
    control = fabric.control.get(node.host) if fabric else None
    rails = fabric.rails.get(node.host, ()) if fabric else ()
    network = f"{control.netdev} {control.address}" if control else ""
    devices = tuple(each.rdma.name for each in rails if each.rdma)
    if mine.container is None:
        return CheckedRank(node.rank, node.host, str(mine.engine), network=network, devices=devices)
    image = host[image_fact(request)].get(mine.engine)
    program = program_on(host, file_name)
    return CheckedRank(
        rank=node.rank,
        host=node.host,
        engine=str(mine.engine),
        image=mine.container.image,
        fingerprint=image.fingerprint if image else "",
        network=network,
        devices=devices,
        caches={mount.source: mount.target for mount in mine.container.mounts if mount.cache},
        argv=engines.run(mine, node, str(program.file), str(program.root)),
    )


def explained(request: LaunchRequest, resolved: Resolved) -> tuple[ExplainedRank, ...]:
    """Return the variables of each rank with their reasons, and where the user's own win."""
    launch, given = resolved.launch, request.environment
    found = []
    for node in launch.nodes:
        ours = {each.name: each for each in _ours(launch, node, resolved.fabric, given.plain)}
        theirs = {*given.plain, *(secret.name for secret in given.secret)}
        environment = launch.on(node).environment
        told = [
            *(_reasoned(name, value, ours, theirs) for name, value in environment.plain.items()),
            *(_reasoned(each.name, None, ours, theirs) for each in environment.secret),
        ]
        found.append(ExplainedRank(node.rank, node.host, tuple(told)))
    return tuple(found)


def _ours(launch: Launch, node: Node, fabric: Fabric | None, given: Mapping[str, str]) -> Iterator[Variable]:
    if launch.on(node).container is not None:
        yield from (Variable(name, value, NATURE) for name, value in ALWAYS.items())
    if fabric is not None:
        yield from variables(of_fabric(fabric, node.host), fabric, given, launch.backend)
        head = f"{launch.head.address}:{launch.meets}"
        yield Variable(ADDRESS, head, "where the head's own commands find the cluster")


def _reasoned(name: str, value: str | None, ours: Mapping[str, Variable], theirs: set[str]) -> Reasoned:
    own = ours.get(name)
    if name in theirs or own is None:
        where = YOURS if name in theirs else "the command says it as an option, where everybody could read it"
        wins = f"{YOURS}, and it wins: {own.reason}" if own else where
        return Reasoned(name, value, wins, yours=True, instead=own.value if own else None)
    return Reasoned(name, value, own.reason)
