"""Check and explain a launch: everything up to the start; nothing on any host is changed."""

from collections.abc import Sequence

from sparkup.actions.context import Context
from sparkup.actions.dryrun import only_looking
from sparkup.actions.launch import crossed, new_attempt
from sparkup.domain.checked import Explained
from sparkup.domain.event import Answered
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import Problem
from sparkup.planning.checked import checked, explained
from sparkup.planning.resolve import Resolved, examine, refusal, wanted
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import program_name


async def check(request: LaunchRequest, context: Context, *, offline: bool) -> int:
    """Show the outcome of all checks; return 0, or the exit status with which the launch would be refused."""
    async with only_looking(request, context, offline=offline) as runner:
        resolved, problems = await _examined(request, runner, offline=offline)
        context.emit(Answered(checked(request, resolved, problems, runner.seen, program_name())))
        return refusal(problems).exit_status if problems else 0


async def explain(request: LaunchRequest, context: Context, *, offline: bool) -> int:
    """Show the variables of each rank with their reasons. Raises what the launch would be refused with."""
    async with only_looking(request, context, offline=offline) as runner:
        resolved, problems = await _examined(request, runner, offline=offline)
        if problems:
            raise refusal(problems)
        context.emit(Answered(Explained(resolved.launch.name, explained(request, resolved))))
        return 0


async def _examined(
    request: LaunchRequest, runner: Runner, *, offline: bool
) -> tuple[Resolved, Sequence[Problem]]:
    """Look at the hosts and between them, and decide, whatever refuses it."""
    names = [host.name for host in request.hosts]
    await runner.run([Phase("Look at the hosts", facts=dict.fromkeys(names, wanted(request)))])
    found = None if len(names) == 1 or offline else await crossed(names, runner)
    return examine(request, runner.seen, new_attempt(), found)
