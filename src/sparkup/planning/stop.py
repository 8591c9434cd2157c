"""Which launches a user means, and the steps that stop them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from sparkup.commands.node import Program
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import RankState
from sparkup.domain.plan import Plan, Step
from sparkup.errors import GateRefused, InputRefused, Problem
from sparkup.planning.launch import program_on, put_program, stop_step
from sparkup.planning.orphans import adopted, there

Found = tuple[str, RankState]  # host and what is there


def found(seen: Observed) -> list[Found]:
    """Return this user's launches of all hosts, those that live first."""
    mine = adopted([(host, rank) for host, each in seen.items() for rank in there(each) if rank.mine])
    return sorted(mine, key=lambda each: not each[1].alive)


def choose(name: str | None, seen: Observed, verb: str) -> list[Found]:
    """Return the launch that is meant: the named one, or the only one.

    Raises InputRefused where there is none, GateRefused where it is another user's: what we would
    do to it follows what its state says, and that is for its owner to say.
    """
    mine = found(seen)
    names = sorted({rank.launch for _, rank in mine})
    if name is None and len(names) == 1:
        return mine
    chosen = [each for each in mine if each[1].launch == name]
    if chosen:
        return chosen
    if strangers := _strangers(name, seen):
        raise GateRefused(*(_not_yours(host, rank, verb) for host, rank in strangers))
    raise InputRefused(unknown(name, names, tuple(seen), verb))


def unknown(name: str | None, names: Sequence[str], hosts: Sequence[str], verb: str) -> Problem:
    """Say that no launch of some hosts, or more than one, is meant; `names` are there."""
    where, listed = ", ".join(hosts), ", ".join(names)
    if not names:
        start = "" if verb == "stop" else "; start one: sparkup launch"
        hint = f"on another machine? name it with --host{start}"
        message = "nothing is launched" if name is None else f"no launch {name}"
        return Problem("unknown-launch", message, where, hint)
    if name is None:
        hint = f"name one: {follow_up(verb, names[0], hosts[0])}"
        return Problem("unknown-launch", f"there are several launches: {listed}", where, hint)
    hint = "sparkup status shows what runs"
    return Problem("unknown-launch", f"no launch {name} (there: {listed})", where, hint)


def _strangers(name: str | None, seen: Observed) -> list[Found]:
    """Return other users' launches of a name; without a name, none is meant."""
    return [(host, rank) for host, each in seen.items() for rank in there(each) if rank.launch == name]


def _not_yours(host: str, rank: RankState, verb: str) -> Problem:
    return Problem(
        "not-yours",
        f"the launch {rank.launch} belongs to another user (uid {rank.owner})",
        where=host,
        hint=f"as that user: sudo -u '#{rank.owner}' -H sparkup {verb} {rank.launch}",
    )


def program_for(rank: RankState, seen: Seen, file_name: str) -> Program:
    """Return our program, looking after a launch that may be under another user's root."""
    mine = program_on(seen, file_name)
    return Program(mine.python, mine.file, PurePosixPath(rank.folder).parent.parent)


def step_ids(targets: Sequence[Found]) -> list[str]:
    """Return the ids of the steps that stop launches; two roots of a host may hold one of one name."""
    ids: list[str] = []
    for host, rank in targets:
        plain = f"stop {rank.launch} on {host}"
        ids.append(f"{plain} ({rank.attempt})" if plain in ids else plain)
    return ids


def stop_plan(targets: Sequence[Found], seen: Observed, file_name: str, content: bytes) -> Plan:
    """Return the steps that stop launches."""
    steps: list[Step] = []
    named = list(zip(step_ids(targets), targets, strict=True))
    for host in sorted({host for host, _ in targets}):
        puts = put_program(seen[host], file_name, content)
        after = tuple(put.id for put in puts)
        steps += puts
        for step_id, (_, rank) in (each for each in named if each[1][0] == host):
            program = program_for(rank, seen[host], file_name)
            step = stop_step(rank, host, program)
            steps.append(replace(step, id=step_id, after=after))
    return Plan(tuple(steps))
