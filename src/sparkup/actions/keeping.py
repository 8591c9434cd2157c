"""Let the ranks of a launch go on without who started them, and hear on that occasion who of them is deaf."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from sparkup.actions.context import Connections
from sparkup.domain.event import Warned
from sparkup.domain.fact import Observed
from sparkup.domain.launch import ENGINE_START, Launch, Node
from sparkup.domain.plan import Plan
from sparkup.errors import Problem, SparkupError
from sparkup.planning.hearing import deaf
from sparkup.planning.launch import keep_step
from sparkup.run.executor import Emit, execute
from sparkup.run.program import program_name

HINT = "it is not noticed there when a rank is lost: sparkup status says how they are"


async def keep(launch: Launch, seen: Observed, connections: Connections, emit: Emit) -> tuple[Problem, ...]:
    """Let the ranks of a launch on several hosts go on; return what kept them from it. Warns of deaf ones."""
    if len(launch.nodes) < 2:
        return ()
    kept = await asyncio.gather(*(_kept(launch, node, seen, connections, emit) for node in launch.nodes))
    return tuple(problem for each in kept for problem in each)


async def _kept(
    launch: Launch, node: Node, seen: Observed, connections: Connections, emit: Emit
) -> Sequence[Problem]:
    step = keep_step(launch, node, seen, program_name())
    try:
        results = await execute(Plan((step,)), connections, emit)
    except SparkupError as error:
        return [_not_let_go(launch, node, problem) for problem in error.problems]
    if why := json.loads(results[step.id].stdout.splitlines()[-1])["problem"]:
        emit(Warned(deaf(node.rank, node.host, why), HINT))
    return ()


def _not_let_go(launch: Launch, node: Node, problem: Problem) -> Problem:
    """Say what becomes of a rank that holds its lease (node/lease.py)."""
    seconds = launch.lease + (ENGINE_START if launch.container else 0.0)
    what = "it hears that the head is ready" if node.rank else "it is ready"
    message = (
        f"rank {node.rank} could not be let go: {problem.message}; unless {what}, it ends within"
        f" {seconds:.0f} s, and {launch.name} with it"
    )
    return replace(problem, message=message, where=node.host)
