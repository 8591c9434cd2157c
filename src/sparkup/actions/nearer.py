"""A host that was found through another, at an address of its own that this machine reaches itself."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from sparkup.actions.context import Context
from sparkup.connect.base import Connection
from sparkup.connect.host_keys import HostKey
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, SparkupError
from sparkup.facts.identity import IDENTITY, fingerprint
from sparkup.run.gather import Live


async def nearer(
    stack: AsyncExitStack, context: Context, seen: Mapping[str, Seen], near: Mapping[str, Sequence[str]]
) -> Mapping[str, tuple[Host, Connection]]:
    """Return which hosts, by their keys, are reached at which of their addresses; the stack closes them.

    Nobody is asked. A key that SSH does not know at such an address is written down where it is one that the
    host itself told over a connection that SSH had verified.
    """
    hosts = {address: Host(address, address) for addresses in near.values() for address in addresses}
    if not hosts:
        return {}
    own = {
        address: {fingerprint(each) for each in seen[key][IDENTITY].keys}
        for key, addresses in near.items()
        for address in addresses
    }

    async def vouched(keys: Sequence[HostKey]) -> bool:
        return all(key.fingerprint in own.get(key.host.name, ()) for key in keys)

    options = replace(context.options, ask=False, accept_new_host_keys=False)
    quiet = replace(context, options=options, trusts=vouched)
    try:
        connections, _ = await stack.enter_async_context(quiet.reached(hosts.values()))
        identities = await Live(connections).look(dict.fromkeys(connections, (IDENTITY,)))
    except HostUnreachable:
        return {}
    except SparkupError:  # one cannot tell who it is
        return {}
    return {
        key: (hosts[address], connections[address])
        for key, addresses in near.items()
        for address in addresses[::-1]
        if address in identities and identities[address][IDENTITY].key == key
    }
