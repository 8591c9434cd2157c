"""A program that the tests run: a host over SSH, whose logins have this program's own environment.

Prints the folder of its ssh_config; then takes words on standard input, one a line: `freeze` (it
answers no more), `break` (all connections end), `leave` (and it takes no others), `forget` (its key
is no longer known). Ends with it.
"""

import asyncio
import sys

from tests.connect.served import Served, serve


def obey(served: Served, word: str) -> None:
    """Do what a test says."""
    match word:
        case "freeze":
            served.freeze()
        case "break":
            served.break_off()
        case "leave":
            served.leave()
        case "forget":
            served.known_hosts.write_text("")
        case _:
            raise ValueError(word)


async def main() -> None:
    """Serve until standard input ends."""
    async with serve() as served:
        print(served.folder, flush=True)  # noqa: T201 (the test reads it)
        while word := await asyncio.to_thread(sys.stdin.readline):
            obey(served, word.strip())
            print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
