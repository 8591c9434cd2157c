"""Whether a launch for which no hosts were named wants more than this machine, before anything is seen."""

from collections.abc import Sequence
from dataclasses import replace

from sparkup.commands.vllm import parse_serve
from sparkup.domain.discovery import Found, Left
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import HostUnreachable, Problem
from sparkup.planning.cluster import RING
from sparkup.planning.parallel import not_needed, read_parallel

MANY = 1 << 20  # GPUs: as many as there are
KEYS = {"host-key-unknown", "host-key-changed"}
LOCKED = {*KEYS, "login-refused"}  # it may be a peer, and keeps us out


def gpus_wanted(request: LaunchRequest, config: str) -> int:
    """Return how many GPUs a launch asks for; as many as there are for a cluster that is asked for as such.

    What is only there to be worked in stands on all hosts. A command that is no server runs here alone,
    unless a backend is named. `config`: what the file of `vllm serve --config` says; the command line wins
    over it (vLLM's docs, Server Arguments).
    """
    serve = parse_serve(request.argv)
    if serve is None:
        return MANY if request.idle or request.backend is not None else 1
    return read_parallel(serve, config, []).gpus


def enough(request: LaunchRequest) -> tuple[LaunchRequest, tuple[str, ...]]:
    """Leave out hosts of an inventory that a server cannot need, however few GPUs each has; say which.

    So one that is off keeps nobody from serving on the others. More than one of a ring is chosen by its
    cables, which nobody has seen yet, and sizes in a file were not read yet: then all are left in.
    """
    serve, there = parse_serve(request.argv), len(request.hosts)
    if serve is None or serve.config:
        return request, ()
    wanted = read_parallel(serve, "", []).gpus
    if wanted >= there or (wanted > 1 and there >= RING):
        return request, ()
    note = not_needed(wanted, there, request.hosts[wanted:])
    return request.only(request.hosts[:wanted]), (note,)


def without(error: HostUnreachable, request: LaunchRequest) -> HostUnreachable:
    """Return the failure with what to do about a host that is off, where the others may be enough."""
    serve, there = parse_serve(request.argv), len(request.hosts)
    if there < 2 or (serve and read_parallel(serve, "", []).gpus >= there):
        return error
    way = "to launch without it, name the others with -n, or say --solo"
    told = (
        replace(each, hint=f"{each.hint}; {way}" if each.hint else way)
        if each.code == "host-unreachable"
        else each
        for each in error.problems
    )
    return HostUnreachable(*told)


def notes(found: Found) -> tuple[str, ...]:
    """Return what to say of a search: who was found, or that nobody was, and who was left."""
    here, *others = found.hosts
    told = [f"found {each.name} at {each.address}: a Spark ({'; '.join(each.told)})" for each in others]
    if others:
        told.append("to keep them: sparkup detect --write; without them: --solo")
    elif found.scanned:
        told.append(f"no other Spark was found in {', '.join(found.scanned)}: {here.name} is alone")
    told += [f"not taken: {each.address}: {each.message}" for each in found.left]
    return (*told, *found.notes)


def locked(left: Sequence[Left], wanted: int) -> tuple[Problem, ...]:
    """Return as problems what keeps us out of hosts that may be those which are missing.

    A launch on as many as there are goes without a host that lets nobody in, for want of a key of ours there.
    """
    hint = "name hosts with -n, or say --solo"
    return tuple(
        Problem(each.code, each.message, each.address, f"{each.hint}; {hint}" if each.hint else hint)
        for each in left
        if each.code in (LOCKED if wanted < MANY else KEYS)
    )
