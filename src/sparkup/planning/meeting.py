"""The port where ranks meet, and on whose number of UDP they hear each other: free on all hosts."""

from collections.abc import Sequence

from sparkup.domain.backend import Backend
from sparkup.domain.fact import Seen
from sparkup.domain.host import follow_up
from sparkup.errors import Problem
from sparkup.facts.listeners import DATAGRAMS, HOLDERS, LISTENERS
from sparkup.planning.ranks import free_port
from sparkup.planning.serving import mine, port_problem

OPTION = "--master-port"


def meeting_port(
    backend: Backend, asked: int | None, api: int | None, hosts: Sequence[Seen], problems: list[Problem]
) -> int:
    """Return where ranks meet; notes who has the port that was asked for. `api`: where the head serves."""
    taken = [port for seen in hosts for port in _taken(seen)]
    port = free_port(backend, asked, [*taken, *([] if api is None else [api])])
    if port == api:
        hint = f"choose another with {OPTION}, or another for the API with --port"
        problems.append(Problem("bad-option", f"{OPTION} {port} is the port of the API", hint=hint))
    problems += [problem for seen in hosts if (problem := _held(port, seen))]
    return port


def _taken(seen: Seen) -> list[int]:
    """Return the ports of a host that somebody has, or is to have."""
    launches = [port for rank in mine(seen) for port in (rank.port, rank.spec.get("beats", {}).get("port"))]
    held = [each.port for each in (*seen[LISTENERS], *seen[DATAGRAMS])]
    return [*(port for port in launches if port), *held]


def _held(port: int, seen: Seen) -> Problem | None:
    """Say who has a port of a host, by TCP or UDP, if somebody does."""
    ours = next((rank for rank in mine(seen) if rank.spec.get("beats", {}).get("port") == port), None)
    if ours is not None:
        hint = f"choose another with {OPTION}, or {follow_up('stop', ours.launch, seen.host)}"
        message = f"at port {port} the ranks of the launch {ours.launch} meet"
        return Problem("port-taken", message, seen.host, hint)
    if problem := port_problem(port, seen, option=OPTION):
        return problem
    holding = [each for each in seen[DATAGRAMS] if each.port == port]
    if not holding:
        return None
    who = next((seen[HOLDERS][each.inode] for each in holding if each.inode in seen[HOLDERS]), "")
    hint = f"choose another with {OPTION}, or end that process"
    message = f"port {port} of UDP is held by {who or 'a process of another user'}"
    return Problem("port-taken", message, seen.host, hint)
