"""Ask on the terminal whether keys that SSH does not know are those of the hosts: once for all of them."""

import asyncio
import os
import sys
import termios
from collections.abc import Sequence

import click

from sparkup.connect.host_keys import HostKey, Trusts
from sparkup.domain.event import Asked, Noted
from sparkup.run.executor import Emit

YES = {"y", "yes"}
HOW = "to compare, on each host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"


def asking(emit: Emit) -> Trusts:
    """Return how the user is asked."""

    async def trusts(keys: Sequence[HostKey]) -> bool:
        files = ", ".join(dict.fromkeys(str(key.file) for key in keys))
        called: dict[str, list[str]] = {}
        for key in keys:  # one host may be there at several addresses
            called.setdefault(f"{key.kind} {key.fingerprint}", []).append(_called(key))
        hosts = "this host" if len(called) == 1 else f"these {len(called)} hosts"
        text = "\n".join(
            (
                f"SSH does not know {hosts} yet:",
                *(f"  {', '.join(names)}  {shown}" for shown, names in called.items()),
                HOW,
                f"Trust what is shown from now on ({files})? [y/N] ",
            )
        )
        termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before is no answer
        emit(Asked(text))
        click.echo(text, err=True, nl=False)
        trusted = (await _typed()).strip().lower() in YES
        if not trusted:
            emit(Noted("not trusted: no key was written down"))
        return trusted

    return trusts


def _called(key: HostKey) -> str:
    name, address = key.host.name, key.host.address.removeprefix("ssh://")
    return name if name == address else f"{name} ({address})"


async def _typed() -> str:
    """Return a line from standard input, "" at its end; a signal that comes meanwhile is heard."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return os.read(sys.stdin.fileno(), 1024).decode(errors="replace")
