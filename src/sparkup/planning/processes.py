"""A launch that runs in no container: the session it must outlive, its environment, its program."""

from dataclasses import replace

from sparkup.commands.vllm import parse_serve
from sparkup.domain.fact import Fact, Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Launch, LaunchRequest
from sparkup.errors import Problem
from sparkup.facts.environments import ENVIRONMENTS, PythonEnvironment
from sparkup.facts.machine import MACHINE
from sparkup.facts.programs import Lookup, lookup
from sparkup.facts.systemd import SYSTEMD

PROVIDED = frozenset({"vllm", "python", "python3", "torchrun", "hf"})  # what every managed environment has
AUTO, NONE = "", "none"


def command_lookup(request: LaunchRequest) -> Fact[Lookup]:
    """Return the fact about a request's own command line."""
    serve = parse_serve(request.argv)
    model, config = (serve.model, serve.config or "") if serve else ("", "")
    return lookup(request.argv[0], model, config, request.environment.plain.get("PATH", ""))


def ray_lookup(request: LaunchRequest) -> Fact[Lookup]:
    """Return the fact about the Ray that ranks of a request would have outside a container."""
    return lookup("ray", "", "", request.environment.plain.get("PATH", ""))


def as_process(
    launch: Launch, request: LaunchRequest, seen: Seen, problems: list[Problem]
) -> tuple[Launch, tuple[str, ...]]:
    """Complete a launch that runs in no container."""
    problems += _session_problems(request, seen)
    if request.container.asked:
        said = "--venv" if request.engine is None else "--engine host"
        hint = f"leave the options of containers out, or {said}"
        problems.append(Problem("bad-option", "the engine host has no containers", seen.host, hint))
    if request.idle and len(request.hosts) == 1:
        hint = "name several hosts with -n: there it is a Ray cluster; or leave --engine out for a container"
        message = "start makes a container to work in, and the engine host has none"
        problems.append(Problem("bad-option", message, seen.host, hint))
    environment, notes = _environment(request, seen, problems)
    found = seen[command_lookup(request)]
    if not found.known:
        notes = (*notes, f"not recorded of {seen.host}, so not checked: the program and the model")
    if not request.idle:  # of Ray there is a check (planning/gates_hosts.py)
        problems += _program_problems(request, seen, environment, found)
    return replace(launch, python_environment=str(environment.folder) if environment else ""), notes


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
                    hint=f"make it: {follow_up('env create', asked, seen.host)}",
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
        make = follow_up("env create", "cpu", seen.host)
        hint = f"make an environment with vLLM: {make} (or cuda, on a GPU)"
    return [Problem("command-not-found", f"{program}: command not found", where=seen.host, hint=hint)]
