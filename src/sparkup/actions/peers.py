"""The hosts of a launch for which none were named: this machine, and the Sparks on its cables if needed."""

from dataclasses import replace

from sparkup.actions.context import Context
from sparkup.actions.discovery import discovered
from sparkup.commands.vllm import parse_serve
from sparkup.domain.discovery import Search
from sparkup.domain.event import Noted
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import HostUnreachable
from sparkup.planning.host_paths import config_lookup
from sparkup.planning.parallel import SIZES
from sparkup.planning.wanting import gpus_wanted, locked, notes
from sparkup.run.cabled import cabled
from sparkup.run.gather import Live


async def with_peers(request: LaunchRequest, context: Context) -> LaunchRequest:
    """Return a request with the hosts that were found, this machine first.

    Nobody is asked for a password, nor which hosts are taken; only for keys that SSH does not know. Nothing
    is done where one GPU is enough, or no cable for RDMA is plugged in. Raises HostUnreachable for a launch
    that needs others when all that answer keep us out.
    """
    if not cabled():
        return request
    wanted = gpus_wanted(request, await _configuration(request, context))
    if wanted < 2:
        return request
    quiet = replace(context, options=replace(context.options, ask=False))
    async with discovered(LOCAL, (), Search(enough=wanted), quiet) as (found, _):
        others = tuple(Host(each.address, each.address, each.via) for each in found.hosts[1:])
    if not others and (problems := locked(found.left, wanted)):
        raise HostUnreachable(*problems)
    for note in notes(found):
        context.emit(Noted(note))
    return request.only((LOCAL, *others))


async def _configuration(request: LaunchRequest, context: Context) -> str:
    """Return what the file of `vllm serve --config` says: of this machine, as it will be the head."""
    serve = parse_serve(request.argv)
    if serve is None or not serve.config:
        return ""
    fact = config_lookup(request)
    async with context.connected([LOCAL]) as connections:
        found = (await Live(connections).look({LOCAL.name: [fact]}))[LOCAL.name][fact]
    if not found.config_path and all(serve.value(size) is None for size in SIZES):
        message = f"{serve.config} is not on this machine, so sizes in it (-tp, -pp, -dp) are not known"
        context.emit(Noted(f"{message}: say them on the command line, or name hosts with -n"))
    return found.config
