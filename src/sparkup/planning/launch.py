"""The steps of a launch: put the program there, start its ranks, wait until it is ready."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from sparkup.commands import containers, systemd
from sparkup.commands.node import NOT_PERMITTED, Program
from sparkup.domain.command import Command, Result
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import ENGINE_START, Launch, Node, RankState
from sparkup.domain.plan import Plan, Put, Run, Step, Wait
from sparkup.errors import GateRefused, Problem, SparkupError, WorkFailed
from sparkup.facts.identity import IDENTITY
from sparkup.facts.machine import MACHINE
from sparkup.facts.systemd import SYSTEMD
from sparkup.planning.readiness import Readying
from sparkup.planning.start_failures import not_started

UNDO_PATIENCE = 3.0  # seconds; vLLM loses a SIGTERM while it starts, and nobody waits for an answer yet
START_TIMEOUT = 60.0  # seconds for a host to fork a process
CONTAINER_TIMEOUT = ENGINE_START  # longer than node/container.py waits for it


def program_on(seen: Seen, file_name: str) -> Program:
    """Return the program for launches of this user on a host."""
    machine = seen[MACHINE]
    return Program(machine.python, machine.state_root / "bin" / file_name, machine.state_root)


def put_program(seen: Seen, file_name: str, content: bytes, *, always: bool = False) -> tuple[Put, ...]:
    """Return the step that puts the program on a host, none where it is: its name is its content's.

    Raises GateRefused where others could change what we put there, and so choose what we run.
    """
    if foreign := seen[MACHINE].foreign:
        hint = "name a folder of your own with SPARKUP_STATE_DIR, or mend who owns it and who may write it"
        message = f"{foreign}, where state is kept, belongs to another user, or everybody may write it"
        raise GateRefused(Problem("unsafe-folder", message, seen.host, hint))
    path = program_on(seen, file_name).file
    if path in seen[MACHINE].programs and not always:
        return ()
    return (
        Put(
            id=f"program {seen.host}",
            host=seen.host,
            content=content,
            path=path,
            mode=0o755,
            reason="the program that looks after launches",
        ),
    )


def start_plan(
    launch: Launch, seen: Observed, file_name: str, content: bytes, *, put_always: bool = False
) -> Plan:
    """Return the steps that start all ranks of a launch; `put_always`: also where the program is already."""
    steps: list[Step] = []
    programs = {node.host: program_on(seen[node.host], file_name) for node in launch.nodes}
    for node in launch.nodes:
        steps += put_program(seen[node.host], file_name, content, always=put_always)
    put = tuple(step.id for step in steps)
    taken = _take(launch, seen, programs, put) if len(launch.nodes) > 1 else []
    after = tuple(step.id for step in taken) or put
    steps += [
        *taken,
        *(_start(launch, node, seen[node.host], programs[node.host], after) for node in launch.nodes),
    ]
    return Plan(tuple(steps), tuple(_what_runs(launch, programs)))


def _take(
    launch: Launch, seen: Observed, programs: Mapping[str, Program], after: tuple[str, ...]
) -> list[Run]:
    """Return the steps that take the name on all hosts: on the first of them alone, then on the others.

    Whoever launches the same name on the same hosts begins with the same one, so that one wins everywhere.
    """
    nodes = sorted(launch.nodes, key=lambda node: (seen[node.host][IDENTITY].key, node.host))
    steps: list[Run] = []
    for node in nodes:
        spec = json.dumps({**launch.spec(node), "secrets": []}).encode() + b"\n"
        steps.append(
            Run(
                id=take_id(launch, node),
                host=node.host,
                command=Command(programs[node.host].take(), stdin=spec, timeout=START_TIMEOUT),
                reason=f"take the name {launch.name} there, before anything is started",
                after=(steps[0].id,) if steps else after,
                explain=partial(not_started, launch=launch, host=node.host),
                unbroken=True,
            )
        )
    return steps


def _what_runs(launch: Launch, programs: Mapping[str, Program]) -> Iterator[str]:
    """Say what each rank is, whole: secrets are only named."""
    for node in launch.nodes:
        mine = launch.on(node)
        which = f"rank {node.rank} on {node.host} " if len(launch.nodes) > 1 else ""
        for argv in node.part.first if node.part else ():
            yield f"{which}first runs {Command(argv).shell()}"
        yield f"{which}runs {Command(mine.argv).shell()}"
        yield from (f"with {name}={value}" for name, value in mine.environment.plain.items())
        yield from (f"with {each.name}, which is not shown" for each in mine.environment.secret)
        if mine.container is not None:
            yield f"by {Command(_in_engine(mine, node, programs[node.host])).shell()}"


def start_id(node: Node) -> str:
    """Return the id of the step that starts a rank."""
    return f"start rank {node.rank}"


def take_id(launch: Launch, node: Node) -> str:
    """Return the id of the step that takes the name on a host."""
    return f"take {launch.name} on {node.host}"


def _in_engine(launch: Launch, node: Node, program: Program) -> tuple[str, ...]:
    return containers.run(launch, node, str(program.file), str(program.root))


def _start(launch: Launch, node: Node, seen: Seen, program: Program, after: tuple[str, ...]) -> Run:
    mine = launch.on(node)
    spec = json.dumps({**launch.spec(node), **_container(mine, node, program)}).encode() + b"\n"
    return Run(
        id=start_id(node),
        host=node.host,
        command=Command(
            _in_scope(program.start(), mine, seen),
            stdin=spec,
            secrets=mine.environment.secret,
            timeout=CONTAINER_TIMEOUT if mine.container else START_TIMEOUT,
        ),
        reason=f"start rank {node.rank} of {launch.name}: {' '.join(mine.argv[:3])} …",
        after=after,
        explain=partial(not_started, launch=mine, host=node.host),
        unbroken=True,
    )


def _container(launch: Launch, node: Node, program: Program) -> dict[str, object]:
    """Return what of a spec the program needs to start a container, nothing for a process."""
    if launch.container is None:
        return {}
    argv = [*launch.container.entrypoint, *launch.argv]
    words = {
        "folders": [mount.source for mount in launch.container.mounts if mount.cache],
        "run": _in_engine(launch, node, program),
        "entrypoint": bool(launch.container.entrypoint),
        "create": containers.create(launch, node, str(program.root)),
    }
    return {"argv": argv, "container": words, **_within(launch)}


def _within(launch: Launch) -> dict[str, object]:
    """Return where its server is for who is in the container, if that is not where its host has it."""
    port = launch.container.serves if launch.container else None
    if port is None:
        return {}
    scheme = "https" if launch.tls else "http"
    return {"within": {"port": port, "url": f"{scheme}://127.0.0.1:{port}"}}


def _in_scope(argv: tuple[str, ...], launch: Launch, seen: Seen) -> tuple[str, ...]:
    """Return argv in a systemd scope where there can be one: it carries the limits and outlives sessions."""
    if launch.container is not None or not seen[SYSTEMD].scope:
        return argv
    limits = [("MemoryMax", launch.limits.memory), ("TasksMax", launch.limits.tasks)]
    properties = [(name, str(value)) for name, value in limits if value is not None]
    unit = f"sparkup-{launch.name}-{launch.attempt}"
    return systemd.scope(argv, unit, properties, seen[SYSTEMD].user_manager)


def ready_plan(launch: Launch, seen: Observed, file_name: str) -> Plan:
    """Return the wait until a launch is ready."""
    programs = {node.host: program_on(seen[node.host], file_name) for node in launch.nodes}
    watches = {
        host: Command(program.watch(launch.name, launch.attempt)) for host, program in programs.items()
    }
    program, command = programs[launch.head.host], watches.pop(launch.head.host)
    return Plan(
        (
            Wait(
                id="ready",
                host=launch.head.host,
                command=command,
                others=watches,
                reason=readiness_text(launch),
                fold=lambda: Readying(launch),
                stall=launch.readiness.stall,
                total=launch.readiness.total,
                script=program.ready(launch.name),
            ),
        )
    )


def keep_step(launch: Launch, node: Node, seen: Observed, file_name: str) -> Run:
    """Return the step that lets a rank of several go on without who started it."""
    return Run(
        id=f"keep {launch.name} on {node.host}",
        host=node.host,
        command=Command(program_on(seen[node.host], file_name).keep(launch.name, launch.attempt), timeout=30),
        reason="it goes on without this command",
    )


def log_path(program: Program, name: str, *, past: bool = False) -> PurePosixPath:
    """Return where a launch's log is on its host."""
    return program.root / ("past" if past else "launches") / name / "log"


def readiness_text(launch: Launch) -> str:
    """Say in words what ready means for a launch."""
    match launch.readiness.kind:
        case "server":
            return f"the process lives, {launch.url}/health is 200, one real request is answered"
        case "port":
            return f"port {launch.readiness.target} takes connections"
        case "http":
            return f"{launch.readiness.target} answers"
        case "ray":
            return f"{launch.readiness.target} hosts have joined the Ray cluster"
        case _:
            return "the process lives"


def undo_plan(launch: Launch, seen: Observed, file_name: str) -> Plan:
    """Return the steps that take back a launch's own attempt, whatever of it there is."""
    return Plan(
        tuple(
            stop_step(launch, node.host, program_on(seen[node.host], file_name), UNDO_PATIENCE)
            for node in reversed(launch.nodes)
        )
    )


def not_undone(name: str, host: str, problem: Problem) -> Problem:
    """Return what kept a start from being taken back, and how to make up for it."""
    hint = f"when that is mended: {follow_up('stop', name, host)}"
    message = f"{name} may still run there: {problem.message}"
    return Problem("not-undone", message, host, hint, problem.details)


def stop_step(target: Launch | RankState, host: str, program: Program, patience: float | None = None) -> Run:
    """Return the step that stops an attempt; `patience`: seconds before all of it is told to end."""
    name = target.name if isinstance(target, Launch) else target.launch
    engine = str(target.spec["engine"]) if isinstance(target, RankState) and target.orphaned else ""
    return Run(
        id=f"stop {name} on {host}",
        host=host,
        command=Command(program.stop(name, target.attempt, patience, engine), timeout=120),
        reason=f"stop {name}: SIGTERM first, then the rest of its tree",
        explain=lambda result: _stop_incomplete(result, name, host),
        unbroken=True,
    )


def _stop_incomplete(result: Result, name: str, host: str) -> SparkupError | None:
    if result.status == NOT_PERMITTED:
        hint = "only the user who owns a launch's state can stop it"
        return GateRefused(Problem("not-yours", result.stderr.strip(), where=host, hint=hint))
    try:
        answer = json.loads(result.stdout.splitlines()[-1])
        left: Sequence[int] = answer["left"]
    except (ValueError, LookupError, TypeError):
        return None
    if unanswered := answer.get("problem"):
        hint = "see that the container engine works there and lets you in, then stop it again"
        is_left = (
            f"{name} has ended, its container is still there" if answer.get("ended") else f"{name} runs on"
        )
        return WorkFailed(Problem("stop-incomplete", f"{is_left}: {unanswered}", host, hint))
    pids = " ".join(map(str, left))
    return WorkFailed(
        Problem(
            "stop-incomplete",
            f"processes of {name} would not end: {pids}",
            where=host,
            hint=f"they may hang in the driver or belong to another user: sudo kill -9 {pids}",
        )
    )
