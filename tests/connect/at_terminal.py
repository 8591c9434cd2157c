"""A program that the tests start on a terminal of its own: connections as a user meets them.

Arguments: a verb (open, run, interact, interact-tty), hosts (`local`, or folders of served ones)
joined by commas, and a command.
"""

import asyncio
import signal
import sys
from pathlib import Path

from tests.connect.served import NAME

from sparkup.connect.base import Connection
from sparkup.connect.local import Local
from sparkup.connect.master import Options
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.command import Command
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 (a terminal is what this is about)


def reach(name: str) -> Connection:
    if name == "local":
        return Local()
    folder = Path(name)
    return OpenSSH(Host(NAME, NAME), Options(config=str(folder / "config"), folder=folder / "s", persist=1))


async def work(verb: str, host: str, *argv: str) -> None:
    async with reach(host) as connection:
        match verb:
            case "open":
                say("opened")
            case "run":
                say("result", (await connection.run(Command(argv))).stdout.strip())
            case _:
                say("status", await connection.interact(Command(argv), tty=verb == "interact-tty"))
                signal.raise_signal(signal.SIGINT)  # which we hear again


async def work_or_say_why(verb: str, host: str, *argv: str) -> None:
    try:
        await work(verb, host, *argv)
    except HostUnreachable as refusal:
        say(refusal.problems[0].code)


async def main() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, say, "interrupted")
    verb, hosts, *argv = sys.argv[1:]
    async with asyncio.TaskGroup() as group:
        for host in hosts.split(","):
            group.create_task(work_or_say_why(verb, host, *argv))


if __name__ == "__main__":
    asyncio.run(main())
