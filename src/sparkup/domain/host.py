"""A host is a machine we reach: this one, or another over SSH."""

import shlex
from dataclasses import dataclass

LOCAL_NAMES = frozenset({"local", "localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Host:
    """A name for plans and messages, and what the SSH client is given to reach it ("" = this machine).

    `via`: hosts to go through, as ssh -J takes them, where the user's ssh_config does not say. `cabled` says
    that the address is known to be one of a port for RDMA, which goes with the cable.
    """

    name: str
    address: str = ""
    via: str = ""
    cabled: bool = False

    @property
    def target(self) -> tuple[str, ...]:
        """Return what `ssh` is given to get there."""
        return (*(("-J", self.via) if self.via else ()), self.address)

    @property
    def is_local(self) -> bool:
        """Say whether the host is this machine."""
        return not self.address


LOCAL = Host("local")


def parse_host(text: str) -> Host:
    """Turn a user's word (`spark1`, `user@10.0.0.2`, `local`) into a host."""
    return LOCAL if text in LOCAL_NAMES else Host(text, text)


def follow_up(verb: str, name: str, host: str) -> str:
    """Return the command line that does something further to a launch ("": to all) on a host."""
    what = f" {shlex.quote(name)}" if name else ""
    there = "" if host == LOCAL.name else f" --host {shlex.quote(host)}"
    return f"sparkup {verb}{what}{there}"
