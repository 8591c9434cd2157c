"""Copy what a program on a host prints, as lines of the answer."""

from sparkup.connect.base import Connection
from sparkup.domain.command import Command, Result
from sparkup.domain.event import Printed
from sparkup.run.executor import Emit


async def copy_log(argv: tuple[str, ...], connection: Connection, emit: Emit) -> Result:
    """Run a program to its end and emit what it prints."""
    async with connection.stream(Command(argv)) as stream:
        async for batch in stream.batches():
            emit(Printed("\n".join(batch)))
        return await stream.status()
