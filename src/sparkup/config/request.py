"""What was typed for a launch, turned into a LaunchRequest; all that is wrong with it is said at once."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sparkup.commands.vllm import SECRETS, exposed_secret
from sparkup.config.containers import TypedContainer, container_request
from sparkup.config.problems import Problems, number
from sparkup.domain.backend import Backend
from sparkup.domain.command import Environment, Secret
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import NAME_RULE, Engine, Guard, LaunchRequest, Limits, Readiness
from sparkup.domain.secret_names import is_secret
from sparkup.errors import InputRefused

API_KEY = "VLLM_API_KEY"
# To work in: what a container does, and what an environment must have, whose ranks are Ray's own.
IDLE, RAY = ("sleep", "infinity"), ("ray",)
ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NCCL_LEVELS = ("VERSION", "WARN", "INFO", "TRACE")  # NCCL_DEBUG, NCCL user guide
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Typed:
    """The words of a launch as they were typed, none of them checked yet."""

    command: Sequence[str] = ()
    hosts: tuple[Host, ...] = (LOCAL,)
    name: str | None = None
    engine: str | None = None
    env: Sequence[str] = ()
    venv: str = ""
    jobs: str | None = None
    nccl_debug: str | None = None
    ready: str = "auto"
    stall_timeout: str = "600"
    ready_timeout: str | None = None
    mem_limit_gb: str | None = None
    pids_limit: str | None = None
    earlyoom: bool = False
    backend: str | None = None
    master_port: str | None = None
    eth_if: Sequence[str] = ()
    ib_if: Sequence[str] = ()
    container: TypedContainer = field(default_factory=TypedContainer)
    idle: bool = False
    outlives: bool = True
    surroundings: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def parse(typed: Typed, problems: Problems | None = None) -> LaunchRequest:
    """Return the request; raises InputRefused with every problem, those found before included."""
    found = Problems() if problems is None else problems
    limits, engine = _limits(typed, found), _engine(typed.engine, found)
    needed = typed.idle and engine is not Engine.HOST
    idle = IDLE if needed else RAY
    request = LaunchRequest(
        argv=idle if typed.idle else _command(typed.command, found),
        hosts=typed.hosts,
        name=_name(typed.name, found),
        engine=engine,
        environment=_environment(typed, found),
        python_environment=typed.venv,
        limits=limits,
        readiness=_readiness(typed, found),
        cwd=_here(found) if typed.hosts[0].is_local else "",
        outlives=typed.outlives,
        guard=Guard() if typed.earlyoom else None,
        container=container_request(typed.container, limits, typed.surroundings, found, needed=needed),
        backend=_backend(typed.backend, found),
        meets=_port(typed.master_port, found),
        eth=tuple(typed.eth_if),
        ib=tuple(typed.ib_if),
        idle=typed.idle,
    )
    if found:
        raise InputRefused(*found)
    return request


def _here(problems: Problems) -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        problems.add("the folder that you are in was removed", "go to one that is there: cd")
        return ""


def _command(words: Sequence[str], problems: Problems) -> tuple[str, ...]:
    if not words or not words[0]:
        problems.add(
            "there is no command to launch",
            "put it after --, as in: sparkup launch -- vllm serve MODEL",
            "no-command",
        )
        return ("",)
    if exposed := exposed_secret(words):
        name = SECRETS.get(exposed, exposed)
        problems.add(
            f"{exposed} of a vllm inside another command could not be hidden: all users see arguments",
            f"leave it out, and give it so instead: -e {name}=...",
        )
    return tuple(words)


def _name(name: str | None, problems: Problems) -> str | None:
    if name is not None and not NAME_RULE.fullmatch(name):
        problems.add(
            f"{name!r} cannot be the name of a launch",
            "letters, digits, dots, dashes and underscores; at most 63; a letter or digit first",
            "bad-name",
        )
    return name


def _engine(name: str | None, problems: Problems) -> Engine | None:
    if name is None:
        return None
    try:
        return Engine(name)
    except ValueError:
        problems.add(f"unknown engine {name!r}", _meant(name, [*Engine]))
        return None


def _backend(name: str | None, problems: Problems) -> Backend | None:
    if name is None:
        return None
    try:
        return Backend(name)
    except ValueError:
        problems.add(f"unknown backend {name!r}", _meant(name, [*Backend]))
        return None


def _port(word: str | None, problems: Problems) -> int | None:
    port = number(word, "--master-port", problems)
    if port is not None and port > 65535:
        problems.add(f"--master-port {port} is no port", "use a number from 1 to 65535")
        return None
    return port


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"


def _environment(typed: Typed, problems: Problems) -> Environment:
    plain: dict[str, str] = {}
    secret: dict[str, Secret] = {}
    for word in typed.env:
        name, equals, value = word.partition("=")
        if not ENV_NAME.fullmatch(name):
            shown = f"{name}=..." if equals else word  # the value may be a secret with a mistyped name
            problems.add(
                f"-e {shown!r} has no variable name",
                "write -e NAME=VALUE, or -e NAME to take it from here",
                "bad-environment-variable",
            )
            continue
        if not equals and name not in typed.surroundings:
            problems.add(
                f"-e {name}: {name} is not set here",
                f"write -e {name}=VALUE, or export it first",
                "bad-environment-variable",
            )
            continue
        value = value if equals else typed.surroundings[name]
        plain.pop(name, None)
        secret.pop(name, None)
        if name == API_KEY and not all(each.isprintable() and ord(each) < 256 for each in value):
            problems.add(
                f"-e {API_KEY}: the key has characters that no request can carry",
                "use letters, digits and signs, no ends of lines",
                "bad-environment-variable",
            )
        if is_secret(name, value):
            secret[name] = Secret(name, value)
        else:
            plain[name] = value
    return Environment({**_asked_for(typed, problems), **plain}, tuple(secret.values()))


def _asked_for(typed: Typed, problems: Problems) -> dict[str, str]:
    """Return the variables that other options stand for; -e wins over them."""
    variables: dict[str, str] = {}
    jobs = number(typed.jobs, "-j", problems)
    if jobs:
        # Limits what compiles at the first start: a source of out-of-memory (users.md F27).
        variables |= {
            "MAX_JOBS": str(jobs),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(jobs),
            "NINJAFLAGS": f"-j{jobs}",
            "MAKEFLAGS": f"-j{jobs}",
        }
    if typed.nccl_debug is not None:
        level = typed.nccl_debug.upper()
        if level not in NCCL_LEVELS:
            problems.add(
                f"--nccl-debug {typed.nccl_debug!r} is no level",
                f"there are: {', '.join(NCCL_LEVELS)}",
            )
        variables["NCCL_DEBUG"] = level
    return variables


def _limits(typed: Typed, problems: Problems) -> Limits:
    memory = number(typed.mem_limit_gb, "--mem-limit-gb", problems)
    tasks = number(typed.pids_limit, "--pids-limit", problems)
    return Limits(memory * GIB if memory else None, tasks)


def _readiness(typed: Typed, problems: Problems) -> Readiness:
    kind, _, target = typed.ready.partition(":")
    if (kind in ("auto", "none") and not target) or (
        kind == "port" and target.isascii() and target.isdigit() and 0 < int(target) < 65536
    ):
        pass
    elif kind in ("http", "https") and target.startswith("//"):
        kind, target = "http", typed.ready
    elif kind == "http" and re.match(r"https?://", target):
        pass
    else:
        problems.add(f"--ready {typed.ready!r} is unknown", "use auto, none, port:NUMBER or http:URL")
    stall = number(typed.stall_timeout, "--stall-timeout", problems)
    total = number(typed.ready_timeout, "--ready-timeout", problems)
    return Readiness(kind, target, float(stall or 600), float(total) if total else None)
