"""The hosts of a launch for which none were named: this machine, and the Sparks on its cables if needed."""

from dataclasses import replace

from sparkup.actions.context import Context
from sparkup.actions.discovery import discovered
from sparkup.domain.discovery import Search
from sparkup.domain.event import Noted
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import HostUnreachable
from sparkup.planning.wanting import MANY, gpus_wanted, locked, notes
from sparkup.run.cabled import cabled


async def with_peers(request: LaunchRequest, context: Context, *, idle: bool) -> LaunchRequest:
    """Return a request with the hosts that were found, this machine first; asks nobody anything.

    Nothing is done where one GPU is enough, or no cable for RDMA is plugged in. Raises HostUnreachable for a
    launch that needs others when all that answer keep us out.
    """
    wanted = gpus_wanted(request, idle=idle)
    if wanted < 2 or not cabled():
        return request
    quiet = replace(context, options=replace(context.options, ask=False))
    async with discovered(LOCAL, (), Search(enough=wanted), quiet) as (found, _):
        others = tuple(Host(each.address, each.address) for each in found.hosts[1:])
    if not others and wanted < MANY and (problems := locked(found.left)):
        raise HostUnreachable(*problems)
    for note in notes(found):
        context.emit(Noted(note))
    return request.only((LOCAL, *others))
