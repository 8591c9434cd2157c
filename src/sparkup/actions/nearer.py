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

    An address is logged in to only where the host's own key is shown. Where SSH does not know that one, it
    is asked about like any other; without a yes the host stays where it is.
    """
    hosts = {address: Host(address, address) for addresses in near.values() for address in addresses}
    keys = await shown(hosts.values(), context.options)
    own = {key: [each for each in addresses if keys.get(each) == key] for key, addresses in near.items()}
    quiet = replace(context, options=replace(context.options, ask=False))
    wanted = [hosts[address] for addresses in own.values() for address in addresses]
    if not wanted:
        return {}
    try:
        connections, _ = await stack.enter_async_context(quiet.reached(wanted))
    except HostUnreachable:
        return {}
    return {
        key: (hosts[address], connections[address])
        for key, addresses in own.items()
        for address in reversed(addresses)
        if address in connections
    }
