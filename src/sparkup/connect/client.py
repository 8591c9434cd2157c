"""Starting the OpenSSH client."""

from collections.abc import Sequence

from sparkup.connect.child import TIMED_OUT, Child, complete, start
from sparkup.connect.output import Kept, Sink
from sparkup.domain.command import Result
from sparkup.errors import GateRefused, Problem


async def start_client(argv: Sequence[str], out: Sink, err: Sink, *, pipe_input: bool = True) -> Child:
    """Start it out of reach of Ctrl-C; raises GateRefused where it is not installed, OSError."""
    try:
        return await start(argv, out, err, pipe_input=pipe_input)
    except FileNotFoundError:
        raise no_client() from None


async def call(argv: Sequence[str], limit: float) -> Result:
    """Run it to its end without input; status -15 after `limit` seconds."""
    out, err = Kept(), Kept()
    child = await start_client(argv, out, err, pipe_input=False)
    status = await complete(child, limit, child.end)
    return Result(TIMED_OUT if status is None else status, out.text(), err.text(), child.seconds)


def no_client() -> GateRefused:
    """Say that there is no OpenSSH client here."""
    return GateRefused(
        Problem("no-ssh", "the program `ssh` is not installed on this machine", "local",
                "install the OpenSSH client (apt-get install openssh-client)")
    )  # fmt: skip
