"""From what the user asked and what the hosts are to one Launch; finds all problems at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparkup.commands.vllm import SECRETS, Serve, parse_serve, without_secrets
from sparkup.domain.check import Finding
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import Fabric
from sparkup.domain.fact import Fact, Observed, Seen
from sparkup.domain.launch import (
    FIRST_NAME,
    Engine,
    Launch,
    LaunchRequest,
    Node,
)
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.dgx import DGX
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.facts.gpus import GPU
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.listeners import HOLDERS, LISTENERS
from sparkup.facts.machine import MACHINE
from sparkup.facts.memory import MEMORY
from sparkup.facts.programs import Lookup
from sparkup.facts.systemd import SYSTEMD
from sparkup.planning import cluster, containers, gates, serving
from sparkup.planning.fabric_links import Proved
from sparkup.planning.gates_memory import with_share
from sparkup.planning.host_paths import config_lookup, inside_lookup, reach
from sparkup.planning.host_state import name_problems, place_problems
from sparkup.planning.processes import as_process, command_lookup, ray_lookup
from sparkup.planning.published import publish
from sparkup.planning.serving import mine

REFUSES_INPUT = frozenset(
    {
        "bad-name",
        "bad-option",
        "command-not-found",
        "image-not-found",
        "model-not-found",
        "mount-not-found",
        "too-few-hosts",
        "unknown-environment",
    }
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A launch that can start, and what the user should be told about how it came out."""

    launch: Launch
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()  # of all checks
    fabric: Fabric | None = None  # of several hosts


def wanted(request: LaunchRequest) -> tuple[Fact[Any], ...]:
    """Return the facts that deciding on a launch needs, of every host."""
    engines = (ENGINES, CONTAINERS, containers.image_fact(request), containers.mounts_fact(request))
    own, within = command_lookup(request), inside_lookup(request)
    inside = () if request.engine is Engine.HOST else (*engines, within)
    several = (*cluster.FACTS, ray_lookup(request)) if len(request.hosts) > 1 else ()
    machine = (MACHINE, MEMORY, DGX, GPU, SYSTEMD)
    found = (*machine, LAUNCHES, LISTENERS, HOLDERS, ENVIRONMENTS, own, *inside, *several)
    return tuple({fact.name: fact for fact in found}.values())


def resolve(request: LaunchRequest, seen: Observed, attempt: str, proved: Proved | None = None) -> Resolved:
    """Decide everything about a launch. Raises InputRefused or GateRefused with all problems.

    `proved`: between which interfaces of several hosts packets went, None if nobody has tried.
    """
    resolved, problems = examine(request, seen, attempt, proved)
    if problems:
        raise refusal(problems)
    return resolved


def examine(
    request: LaunchRequest, seen: Observed, attempt: str, proved: Proved | None = None
) -> tuple[Resolved, Sequence[Problem]]:
    """Return what was decided about a launch, and all that refuses it: with that it is not whole."""
    problems: list[Problem] = []
    known = cluster.Known(_config(request, seen[request.hosts[0].name]), proved)
    notes: tuple[str, ...] = ()
    if len(request.hosts) > 1:
        request, notes = cluster.trimmed(request, known, seen, problems)
    drafts = [
        _on_host(request, seen[host.name], problems, head=not place)
        for place, host in enumerate(request.hosts)
    ]
    launches = [draft.launch for draft in drafts]
    launches, more = with_share(gates.Subject(request, seen, launches, known.config))
    found = cluster.Cluster(launches[0])
    if len(drafts) > 1:
        found = cluster.cluster(request, launches, seen, known, problems)
    checked = gates.findings(gates.Subject(request, seen, launches, known.config, found.fabric))
    problems += gates.refusals(checked)
    notes = (*notes, *_all_notes(request, drafts), *more, *found.notes, *gates.told(checked))
    launch = found.launch
    if len(drafts) == 1:
        host = request.hosts[0].name
        launch = replace(launch, nodes=(Node(host, 0, seen[host][MACHINE].uid),))
    resolved = Resolved(replace(launch, attempt=attempt), notes, (*found.findings, *checked), found.fabric)
    return resolved, _once(problems)


def _config(request: LaunchRequest, seen: Seen) -> str:
    """Return what the command's configuration file says, as the head has it."""
    return seen[config_lookup(request)].config


def _all_notes(request: LaunchRequest, drafts: Sequence[Resolved]) -> tuple[str, ...]:
    """Return the notes of all hosts, those that all have once."""
    common = [note for note in drafts[0].notes if all(note in draft.notes for draft in drafts)]
    own = [
        f"{host.name}: {note}" if len(drafts) > 1 else note
        for host, draft in zip(request.hosts, drafts, strict=True)
        for note in draft.notes
        if note not in common
    ]
    return (*common, *own)


def _once(problems: Sequence[Problem]) -> list[Problem]:
    return list({(each.code, each.message, each.where): each for each in problems}.values())


def refusal(problems: Sequence[Problem]) -> SparkupError:
    """Return the error for problems: a gate refuses only what was put in rightly, else it is the input."""
    if any(problem.code in REFUSES_INPUT for problem in problems):
        return InputRefused(*problems)
    return GateRefused(*problems)


def _on_host(request: LaunchRequest, seen: Seen, problems: list[Problem], *, head: bool) -> Resolved:
    name = request.name or FIRST_NAME
    problems += name_problems(name, seen)
    problems += place_problems(seen)
    found = seen[command_lookup(request)]
    launch = Launch(
        name=name,
        attempt="",
        engine=containers.engine_of(request, seen),
        nodes=(),
        argv=request.argv,
        environment=request.environment,
        limits=request.limits,
        readiness=request.readiness,
        guard=request.guard,
        cwd=request.cwd,
    )
    if launch.engine is Engine.HOST:
        launch, notes = as_process(launch, request, seen, problems)
        notes = (*containers.why_none(request, seen), *notes)
    else:
        launch, notes = _in_container(launch, request, seen, problems)
        # The program is the image's, and of the model all is said.
        found = Lookup(config=seen[inside_lookup(request)].config, known=False)
    launch = _placed(launch, seen, found, problems) if head else _of_worker(launch)
    if launch.attached and any(word.endswith("vllm") for word in " ".join(launch.argv).split()):
        notes = (*notes, "vllm inside another command: it is not known when it is ready; see --ready")
    problems += _held_ports(launch, seen)
    return Resolved(launch, notes)


def _held_ports(launch: Launch, seen: Seen) -> list[Problem]:
    """Find the ports of the host that somebody has: where the launch listens, and all that it publishes."""
    published = launch.container.ports if launch.container else ()
    wanted = dict.fromkeys(port.outside for port in published if port.protocol == "tcp")
    wanted |= {} if launch.port is None else {launch.port: None}
    found = (serving.port_problem(port, seen, published=bool(published)) for port in wanted)
    return [problem for problem in found if problem]


def _in_container(
    launch: Launch, request: LaunchRequest, seen: Seen, problems: list[Problem]
) -> tuple[Launch, tuple[str, ...]]:
    """Complete a launch that runs in one."""
    chosen = containers.container(request, launch.engine, seen, problems)
    if problem := containers.name_problem(launch.name, launch.engine, seen):
        problems.append(problem)
    plain = {**containers.ALWAYS, **launch.environment.plain}
    environment = replace(launch.environment, plain=plain)
    launch = replace(launch, environment=environment, cwd=chosen.working_dir, container=chosen)
    launch, found = reach(launch, request, seen, problems)
    said = f"engine {launch.engine}, image {chosen.image}"
    return launch, (said, *containers.notes(chosen, request, seen), *found)


def _placed(launch: Launch, seen: Seen, found: Lookup, problems: list[Problem]) -> Launch:
    """Complete a launch with what its command line says it is and where it listens."""
    serve = parse_serve(launch.argv)
    if serve is None:
        return _other(launch)
    if serve.elsewhere:
        kind = "none" if launch.readiness.kind == "auto" else launch.readiness.kind
        return _secretive(replace(launch, readiness=replace(launch.readiness, kind=kind)), serve)
    if serve.model and found.known and (problem := serving.model_problem(serve.model, found, seen.host)):
        problems.append(problem)
    reserved = [rank.port for rank in mine(seen) if rank.port is not None]
    taken = [*reserved, *(listener.port for listener in seen[LISTENERS])]
    ports = launch.container.ports if launch.container else ()
    if ports:
        placed = publish(launch.argv, serve, found.config, ports)
    else:
        placed = serving.place(launch.argv, serve, found.config, taken)
    if isinstance(placed, Problem):
        problems.append(replace(placed, where=seen.host))
        return launch
    if len(serve.api_keys) > 1:
        problems.append(_several_keys(seen.host))
    return _server(launch, placed, serve)


def _of_worker(launch: Launch) -> Launch:
    """Complete a rank that is not the head: it serves nobody, and only its host can tell that it lives."""
    serve = parse_serve(launch.argv)
    launch = replace(launch, readiness=replace(launch.readiness, kind="none"))
    return _secretive(launch, serve) if serve else launch


def _several_keys(host: str) -> Problem:
    return Problem(
        "bad-option",
        "several words follow --api-key; vLLM takes each as a key, and a launch can hide only one",
        where=host,
        hint="give one key, with the model before it",
    )


def _server(launch: Launch, placed: serving.Serving, serve: Serve) -> Launch:
    """Complete a launch that serves."""
    kind = "server" if launch.readiness.kind == "auto" else launch.readiness.kind
    launch = replace(
        launch,
        argv=placed.argv,
        port=placed.port,
        api_host=placed.api_host,
        bound=placed.bound,
        tls=serve.tls,
        readiness=replace(launch.readiness, kind=kind),
        container=launch.container and replace(launch.container, serves=placed.inside),
    )
    return _secretive(launch, serve)


def _secretive(launch: Launch, serve: Serve) -> Launch:
    """Let keys travel as variables, never in arguments (design §4.9)."""
    key = serve.api_keys[0] if serve.api_keys else None
    said = {SECRETS["--api-key"]: key, SECRETS["--hf-token"]: serve.hf_token}
    new = tuple(Secret(name, value) for name, value in said.items() if value)
    if not new:
        return launch
    others = (secret for secret in launch.environment.secret if not said.get(secret.name))
    environment = Environment(launch.environment.plain, (*others, *new))
    return replace(launch, argv=without_secrets(launch.argv), environment=environment)


def _other(launch: Launch) -> Launch:
    """Complete a launch that is no vLLM server: followed to its end unless told when it is ready."""
    attached = launch.readiness.kind in ("auto", "none")
    kind = "none" if attached else launch.readiness.kind
    port = int(launch.readiness.target) if kind == "port" else None
    if port is not None and launch.container and launch.container.ports:
        leading = (each.outside for each in launch.container.ports if each.inside == port)
        port = next(leading, None)  # it is waited for inside, whether or not it is published
    return replace(launch, attached=attached, port=port, readiness=replace(launch.readiness, kind=kind))
