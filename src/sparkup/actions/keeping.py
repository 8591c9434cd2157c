"""Let the ranks of a launch go on without who started them, and hear on that occasion who of them is deaf."""

import asyncio
import json

from sparkup.actions.context import Connections
from sparkup.domain.event import Warned
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Launch, Node
from sparkup.domain.plan import Plan, Run
from sparkup.errors import SparkupError
from sparkup.planning.hearing import deaf
from sparkup.planning.launch import keep_step
from sparkup.run.executor import Emit, execute
from sparkup.run.program import program_name

HINT = "it is not noticed there when a rank is lost: sparkup status says how they are"


async def keep(launch: Launch, seen: Observed, connections: Connections, emit: Emit) -> None:
    """Let the ranks of a launch on several hosts go on; warn of what kept one from it, and of deaf ones."""
    if len(launch.nodes) > 1:
        steps = [(node, keep_step(launch, node, seen, program_name())) for node in launch.nodes]
        await asyncio.gather(*(_kept(node, step, connections, emit) for node, step in steps))


async def _kept(node: Node, step: Run, connections: Connections, emit: Emit) -> None:
    try:
        results = await execute(Plan((step,)), connections, emit)
    except SparkupError as error:
        for problem in error.problems:
            emit(Warned(str(problem.message), problem.hint))
        return
    if why := json.loads(results[step.id].stdout.splitlines()[-1])["problem"]:
        emit(Warned(deaf(node.rank, node.host, why), HINT))
