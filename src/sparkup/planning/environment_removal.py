"""When a managed environment may be removed, and how: it is out of use before the first file goes."""

import json
import re
from pathlib import PurePosixPath

from sparkup.domain.command import Command
from sparkup.domain.host import follow_up
from sparkup.domain.launch import RankState
from sparkup.domain.plan import Plan, Run
from sparkup.errors import Problem
from sparkup.facts.environment_users import named
from sparkup.facts.environments import PythonEnvironment

SHOWN = 3  # processes that are named


def in_use(
    environment: PythonEnvironment,
    real: PurePosixPath,
    ranks: tuple[RankState, ...],
    processes: dict[int, str],
    host: str,
) -> list[Problem]:
    """Return what still uses an environment: launches, or where there are none, processes."""
    folder = re.compile(named((environment.folder, real)))
    living = [rank for rank in ranks if rank.alive]
    launches = [
        rank
        for rank in living
        if rank.pid in processes or folder.search(json.dumps(dict(rank.spec), ensure_ascii=False))
    ]
    if launches:
        return [_launch(environment, rank, host) for rank in launches]
    return [_processes(environment, processes, host)] if processes else []


def _launch(environment: PythonEnvironment, rank: RankState, host: str) -> Problem:
    message = f"{environment.name} is used by the launch {rank.launch} (pid {rank.pid})"
    return Problem("in-use", message, where=host, hint=follow_up("stop", rank.launch, host))


def _processes(environment: PythonEnvironment, processes: dict[int, str], host: str) -> Problem:
    words = [f"{name} (pid {pid})" for pid, name in processes.items()]
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    message = f"{environment.name} is used by {', '.join(words[:SHOWN])}{more}"
    return Problem("in-use", message, where=host, hint="end what uses it, or wait for its end")


def aside(environments: PurePosixPath, variant: str) -> PurePosixPath:
    """Return where an environment of a variant lies while it is deleted; one at a time, under its lock."""
    return environments / f".{variant}.removed"


def removal_plan(environment: PythonEnvironment, host: str) -> Plan:
    """Return the steps that remove an environment. Half deleted, it must not look like one."""
    away, name = aside(environment.folder.parent, environment.variant), environment.name
    (clear,) = clear_plan(away, host).steps
    move = ("mv", "-T", "--", str(environment.folder), str(away))
    reason = f"take {name} out of use"
    return Plan(
        (
            clear,
            Run(f"move {name}", host, Command(move), reason, after=(clear.id,), unbroken=True),
            Run(
                f"remove {name}",
                host,
                Command(("rm", "-rf", "--", str(away))),
                f"remove {name}",
                after=(f"move {name}",),
                unbroken=True,
            ),
        )
    )


def clear_plan(away: PurePosixPath, host: str) -> Plan:
    """Return the step that deletes what a removal that was broken off has left."""
    command = Command(("rm", "-rf", "--", str(away)))
    return Plan((Run("clear", host, command, "delete what an earlier removal left", unbroken=True),))
