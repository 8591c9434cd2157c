"""What hosts that were found answer, each with the key that it shows to SSH: what it tells may be a lie."""

import asyncio
from collections.abc import Iterable, Mapping

from sparkup.actions.context import Connections
from sparkup.connect.host_keys import known_keys, unknown_key
from sparkup.connect.master import Options
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.errors import Problem, SparkupError
from sparkup.facts.identity import IDENTITY
from sparkup.planning.discovery import PEER, as_shown
from sparkup.run.gather import Facts, Live
from sparkup.run.together import together

AGAIN = "see what its SSH server logs, and run this again"


async def shown(hosts: Iterable[Host], options: Options) -> Mapping[str, str]:
    """Return the keys ("TYPE BASE64") that hosts show, by their names; nothing is logged in to."""
    there = {host.name: host for host in hosts}
    keys = await together({name: unknown_key(host, options) for name, host in there.items()})
    return {
        name: " ".join(key.lines.split()[1:3])
        for name, key in keys.items()
        if key is not None and key.host == there[name]  # else it is one on the way
    }


async def peers(
    hosts: Mapping[str, Host], connections: Connections, options: Options
) -> tuple[Mapping[str, Seen | Problem], list[str]]:
    """Return what hosts answered as PEER, or what was wrong, and what is to be said of their keys."""
    told, known = await asyncio.gather(
        looked(dict.fromkeys(hosts, PEER), connections),
        together({name: known_keys(host, options) for name, host in hosts.items()}),
    )
    keys = {name: there[IDENTITY].key for name, there in told.items() if isinstance(there, Seen)}
    # The only keys with which SSH lets a host be need not be shown again.
    unsure = [name for name, key in keys.items() if key not in known[name]]
    keys |= {**dict.fromkeys(unsure, ""), **await shown((hosts[name] for name in unsure), options)}
    answers, notes = dict(told), []
    for name, there in told.items():
        if isinstance(there, Problem):
            continue
        if keys[name]:
            answers[name], note = as_shown(there, keys[name], hosts[name].address)
            notes += [note] if note else []
        else:
            message = "it let us in, and did not show its SSH host key again"
            answers[name] = Problem("bad-answer", message, name, AGAIN)
    return answers, notes


async def looked(
    wanted: Mapping[str, Facts], connections: Connections, longer: float = 0.0
) -> Mapping[str, Seen | Problem]:
    """Return what hosts answered, or what was wrong: one that cannot tell does not spoil the others.

    `longer`: seconds, as of Live.
    """

    async def one(name: str) -> Seen | Problem:
        try:
            return (await Live(connections, longer=longer).look({name: wanted[name]}))[name]
        except SparkupError as error:
            return error.problems[0]

    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))
