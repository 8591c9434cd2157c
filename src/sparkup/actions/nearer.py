"""Hosts that were found through another, at an address of their own that this machine reaches itself."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from sparkup.actions.asked import shown
from sparkup.actions.context import Context
from sparkup.connect.base import Connection
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable


async def nearer(
    stack: AsyncExitStack, context: Context, near: Mapping[str, Sequence[str]]
) -> Mapping[str, tuple[Host, Connection]]:
    """Return which hosts, by their keys, are reached at which of their addresses; the stack closes them.

    A host is logged in to at the first address where its own key is shown. Where SSH does not know that key
    there, it is asked about like any other; without a yes the host stays where it is.
    """
    hosts = {address: Host(address, address) for addresses in near.values() for address in addresses}
    keys = await shown(hosts.values(), context.options)
    own = {
        key: hosts[address]
        for key, addresses in near.items()
        for address in reversed(addresses)
        if keys.get(address) == key
    }
    if not own:
        return {}
    quiet = replace(context, options=replace(context.options, ask=False))
    try:
        connections, _ = await stack.enter_async_context(quiet.reached(own.values()))
    except HostUnreachable:
        return {}
    return {key: (host, connections[host.name]) for key, host in own.items() if host.name in connections}
