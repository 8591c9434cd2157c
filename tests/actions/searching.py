"""What a search for hosts has around it: who is asked, and one host that answers on loopback."""

from collections.abc import Sequence
from pathlib import Path

from tests.connect.served import Served

from sparkup.actions.context import Context
from sparkup.connect.host_keys import HostKey
from sparkup.connect.master import DEFAULTS, Options
from sparkup.domain.event import Event
from sparkup.run.interrupts import Interrupts


class Owner:
    """Who is asked for keys, and says yes or no."""

    def __init__(self, *, trusts: bool = False) -> None:
        self.trusts = trusts
        self.asked: list[str] = []

    async def answer(self, keys: Sequence[HostKey]) -> bool:
        """Take note of the hosts whose keys are asked about."""
        self.asked += [key.host.name for key in keys]
        return self.trusts


def ignored(_: Event) -> None:
    """Show nothing."""


def context(options: Options = DEFAULTS, owner: Owner | None = None) -> Context:
    """Return the surroundings of a search."""
    return Context(ignored, Interrupts(), Path("/nowhere"), options, owner.answer if owner else None)


def public(served: Served) -> str:
    """Return the host's key, as it shows it."""
    return " ".join((served.folder / "host_key.pub").read_text().split()[:2])


def also_called(served: Served, name: str) -> None:
    """Let the host be reached by another address too."""
    config = served.folder / "config"
    own = config.read_text()
    config.write_text(own + own.replace("Host spark1", f"Host {name}"))
