"""Copy the log of a launch, as it is, to the answer."""

from sparkup.commands.node import NOT_PERMITTED, NOT_RUNNING
from sparkup.connect.base import Connection
from sparkup.domain.command import Command
from sparkup.domain.event import Printed
from sparkup.errors import GateRefused, Problem, WorkFailed
from sparkup.run.executor import Emit
from sparkup.run.reader import somebody_reads


async def copy_log(argv: tuple[str, ...], connection: Connection, emit: Emit) -> bool:
    """Emit what the program that reads a log prints; say whether there was such a log.

    Raises WorkFailed when the program fails: a log that ends in the middle must not look whole.
    """
    async with somebody_reads(), connection.stream(Command(argv)) as stream:
        async for data in stream.chunks():
            emit(Printed(data))
        result = await stream.status()
    if result.status == NOT_PERMITTED:
        raise GateRefused(Problem("not-yours", result.stderr.strip(), where=connection.host.name))
    if result.status not in (0, NOT_RUNNING):
        problem = Problem(
            "step-failed",
            f"reading the log ended with status {result.status}",
            where=connection.host.name,
            details=tuple(result.stderr.splitlines()[-5:]),
        )
        raise WorkFailed(problem)
    return result.status == 0
