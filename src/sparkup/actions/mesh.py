"""Let hosts log in to each other: keys where there are none, trust both ways, every pair tried."""

import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from sparkup.actions.context import Connections, Context, done
from sparkup.connect.refusals import refusal
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.network import Meshed, Pair
from sparkup.errors import GateRefused, Problem
from sparkup.planning.mesh import (
    FACTS,
    KEYS,
    TRUST,
    TRY,
    Member,
    Programs,
    key_plan,
    member,
    problems,
    targets,
    trust_plan,
    try_plan,
)
from sparkup.run.executor import Results
from sparkup.run.gather import LOADER
from sparkup.run.phases import Phase, Runner
from sparkup.run.program import source

Answers = Mapping[str, dict[str, Any]]  # by host


async def mesh(hosts: Sequence[Host], context: Context, *, check: bool) -> int:
    """Let hosts log in to each other, or only try whether they can.

    Raises GateRefused where a host has no key that can be used, PartlyDone with the pairs that do not work.
    """
    async with context.connected(hosts) as connections:
        runner = context.runner(connections)
        facts = dict.fromkeys((host.name for host in hosts), FACTS)
        await runner.run([Phase("Look at the hosts", facts=facts)])
        members = [member(host, runner.seen[host.name]) for host in hosts]
        if found := tuple(problems(members)):
            raise GateRefused(*found)
        programs = _programs(connections)
        changed = () if check else await _change(members, runner, programs)
        plan = try_plan(members, programs)
        results = await runner.run([Phase("Log in from each to each", lambda _: plan)])
    answer = _judged(members, _answers(TRY, results), changed)
    context.emit(Answered(answer))
    return done(answer.problems)


async def _change(
    members: Sequence[Member], runner: Runner, programs: Programs
) -> tuple[tuple[str, str], ...]:
    """Make keys and trust them; return what was changed on which host."""
    keys = key_plan(programs)
    told = _answers(KEYS, await runner.run([Phase("See to keys", lambda _: keys)]))
    trust = trust_plan(members, {host: each["key"] for host, each in told.items()}, programs)
    results = await runner.run([Phase("Make the hosts known to each other", lambda _: trust)])
    changed = [(host, "a key was made") for host, each in told.items() if each["made"]]
    for host, each in _answers(TRUST, results).items():
        changed += [
            (host, f"{number} line{'s' * (number > 1)} added to {file}")
            for file, number in each["added"].items()
            if number
        ]
    return tuple(changed)


def _programs(connections: Connections) -> Programs:
    program = source("mesh.py")
    size = str(len(program))
    return Programs(
        program, {name: (each.python, "-I", "-c", LOADER, size) for name, each in connections.items()}
    )


def _answers(verb: str, results: Results) -> Answers:
    """Return what hosts answered to a step; raises GateRefused for those that could not do it."""
    found = {
        step.partition(" ")[2]: json.loads(result.stdout.splitlines()[-1]) for step, result in results.items()
    }
    if wrong := {host: each["error"] for host, each in found.items() if "error" in each}:
        hint = "see ~/.ssh of that user there; a key with a passphrase needs an agent that no host has"
        raise GateRefused(*(Problem("no-mesh", f"{verb}: {why}", host, hint) for host, why in wrong.items()))
    return found


def _judged(members: Sequence[Member], tried: Answers, changed: tuple[tuple[str, str], ...]) -> Meshed:
    told = {each.name: iter(tried[each.name]["tried"]) for each in members}
    pairs, wrong = [], []
    for one, other in permutations(members, 2):
        addresses, refused = targets(one, other), []
        for address in addresses:
            status, words = next(told[one.name])
            if status != 0:
                refused.append((address, refusal(Host(other.name, f"{other.user}@{address}"), words)))
        shown = tuple((address, why.message) for address, why in refused)
        pairs.append(Pair(one.name, other.name, addresses, shown))
        if refused:
            where = f"{one.name} to {other.name} ({', '.join(address for address, _ in refused)})"
            wrong.append(_problem(refused[0][1], where))
    return Meshed(tuple(each.name for each in members), tuple(pairs), changed, tuple(wrong))


def _problem(why: Problem, where: str) -> Problem:
    mends = why.code in {"login-refused", "host-key-unknown"}
    return Problem(why.code, why.message, where, "sparkup net ssh lets them in" if mends else why.hint)
