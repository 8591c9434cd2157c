"""From what the user asked and what the hosts are to one Launch; finds all problems at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparkup.commands.vllm import SECRETS, Serve, parse_serve, without_secrets
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fact import Fact, Observed, Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import (
    FIRST_NAME,
    Engine,
    Launch,
    LaunchRequest,
    Node,
)
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError
from sparkup.facts.environments import ENVIRONMENTS, PythonEnvironment
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.listeners import HOLDERS, LISTENERS
from sparkup.facts.machine import MACHINE
from sparkup.facts.programs import Lookup, lookup
from sparkup.facts.systemd import SYSTEMD
from sparkup.planning import serving
from sparkup.planning.serving import mine

REFUSES_INPUT = frozenset({"bad-option", "command-not-found", "model-not-found", "unknown-environment"})
PROVIDED = frozenset({"vllm", "python", "python3", "torchrun", "hf"})  # what every managed environment has
AUTO, NONE = "", "none"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A launch that can start, and what the user should be told about how it came out."""

    launch: Launch
    notes: tuple[str, ...] = ()


def wanted(request: LaunchRequest) -> tuple[Fact[Any], ...]:
    """Return the facts that deciding on a launch needs, of every host."""
    return (MACHINE, LAUNCHES, LISTENERS, HOLDERS, SYSTEMD, ENVIRONMENTS, command_lookup(request))


def command_lookup(request: LaunchRequest) -> Fact[Lookup]:
    """Return the fact about a request's own command line."""
    serve = parse_serve(request.argv)
    model, config = (serve.model, serve.config or "") if serve else ("", "")
    return lookup(request.argv[0], model, config, request.environment.plain.get("PATH", ""))


def resolve(request: LaunchRequest, seen: Observed, attempt: str) -> Resolved:
    """Decide everything about a launch. Raises InputRefused or GateRefused with all problems."""
    problems: list[Problem] = []
    name = request.name or FIRST_NAME
    drafts = [_on_host(request, seen[host.name], name, problems) for host in request.hosts]
    if problems:
        raise _refusal(problems)
    head = drafts[0]
    nodes = tuple(Node(host.name, rank) for rank, host in enumerate(request.hosts))
    return Resolved(replace(head.launch, nodes=nodes, attempt=attempt), head.notes)


def _refusal(problems: Sequence[Problem]) -> SparkupError:
    """A gate refuses only what was put in rightly: any wrong input makes it an input error."""
    if any(problem.code in REFUSES_INPUT for problem in problems):
        return InputRefused(*problems)
    return GateRefused(*problems)


def _on_host(request: LaunchRequest, seen: Seen, name: str, problems: list[Problem]) -> Resolved:
    problems += _name_problems(name, seen)
    problems += _place_problems(seen)
    problems += _session_problems(request, seen)
    environment, notes = _environment(request, seen, problems)
    found = seen[command_lookup(request)]
    if not found.known:
        notes = (*notes, f"not recorded of {seen.host}, so not checked: the program and the model")
    problems += _program_problems(request, seen, environment, found)
    launch = Launch(
        name=name,
        attempt="",
        engine=request.engine or Engine.HOST,
        nodes=(),
        argv=request.argv,
        environment=request.environment,
        python_environment=str(environment.folder) if environment else "",
        limits=request.limits,
        readiness=request.readiness,
        cwd=request.cwd,
    )
    launch = _placed(launch, seen, found, problems)
    if launch.attached and any(word.endswith("vllm") for word in " ".join(launch.argv).split()):
        notes = (*notes, "vllm inside another command: it is not known when it is ready; see --ready")
    if launch.port is not None:
        held = serving.port_problem(launch.port, seen)
        problems += [held] if held else []
    return Resolved(launch, notes)


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
    placed = serving.place(launch.argv, serve, found.config, taken)
    if isinstance(placed, Problem):
        problems.append(replace(placed, where=seen.host))
        return launch
    if len(serve.api_keys) > 1:
        problems.append(_several_keys(seen.host))
    return _server(launch, placed, serve)


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
    return replace(launch, attached=attached, port=port, readiness=replace(launch.readiness, kind=kind))


def _name_problems(name: str, seen: Seen) -> list[Problem]:
    holder = next((rank for rank in mine(seen) if rank.launch == name), None)
    if holder is None:
        return []
    what = " ".join(holder.argv[:3])
    return [
        Problem(
            "name-taken",
            f"{name} is already the name of a launch: {what} … (pid {holder.pid})",
            where=seen.host,
            hint=f"choose another with --name, or: {follow_up('stop', name, seen.host)}",
        )
    ]


def _place_problems(seen: Seen) -> list[Problem]:
    """Find folders of ours whose place depends on where one is: what we start is elsewhere."""
    places = {
        "SPARKUP_STATE_DIR": seen[MACHINE].state_root,
        "SPARKUP_DATA_DIR": seen[MACHINE].environments,
    }
    return [
        Problem(
            "unsafe-folder",
            f"{folder}, where sparkup keeps things, is no absolute path",
            where=seen.host,
            hint=f"let the login there set {name} to one, or HOME if that is missing",
        )
        for name, folder in places.items()
        if not folder.is_absolute()
    ]


def _session_problems(request: LaunchRequest, seen: Seen) -> list[Problem]:
    systemd, problems = seen[SYSTEMD], []
    if request.limits and not systemd.scope:
        problems.append(
            Problem(
                "no-limits",
                "memory and task limits need systemd, which cannot be used here",
                where=seen.host,
                hint="leave the limits out",
            )
        )
    if request.outlives and (setting := systemd.ends_at_logout):
        user = seen[MACHINE].user
        problems.append(
            Problem(
                "linger-off",
                f"{setting} in logind.conf harms what {user} leaves running at logout",
                where=seen.host,
                hint=f"once: sudo loginctl enable-linger {user}; or use --stop-on-exit",
            )
        )
    return problems


def _environment(
    request: LaunchRequest, seen: Seen, problems: list[Problem]
) -> tuple[PythonEnvironment | None, tuple[str, ...]]:
    """Choose the managed environment: as asked; else a cuda one, the user's own program, a cpu one."""
    asked, known = request.python_environment, seen[ENVIRONMENTS]
    if asked == NONE or "/" in request.argv[0]:
        return None, ()
    if asked != AUTO:
        chosen = next((env for env in known if asked in (env.variant, env.name)), None)
        if chosen is None:
            names = ", ".join(env.name for env in known) or "none"
            problems.append(
                Problem(
                    "unknown-environment",
                    f"no managed environment {asked!r} (there: {names})",
                    where=seen.host,
                    hint=f"make it: sparkup env create {asked}",
                )
            )
        return chosen, ()
    cuda = next((env for env in known if env.variant == "cuda"), None)
    if cuda is not None:
        return cuda, (f"environment {cuda.name} (the user's PATH: --venv none)",)
    if seen[command_lookup(request)].program:
        return None, ()
    cpu = next((env for env in known if env.variant == "cpu"), None)
    return cpu, ((f"environment {cpu.name}",) if cpu else ())


def _program_problems(
    request: LaunchRequest, seen: Seen, environment: PythonEnvironment | None, found: Lookup
) -> list[Problem]:
    program = request.argv[0]
    if found.program or not found.known or (environment and environment.folder in found.provided):
        return []
    hint = "check the spelling; the program must be on the host's PATH, or give its whole path"
    if program in PROVIDED:
        hint = "make an environment with vLLM: sparkup env create cpu (or cuda, on a GPU)"
    return [Problem("command-not-found", f"{program}: command not found", where=seen.host, hint=hint)]
