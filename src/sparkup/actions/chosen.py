"""Which launch a user means, by what its host's state says and, where that does not tell, its containers."""

from sparkup.errors import GateRefused, InputRefused
from sparkup.facts.containers import CONTAINERS
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.machine import MACHINE
from sparkup.planning.stop import Found, choose
from sparkup.run.phases import Phase, Runner


async def chosen(name: str | None, hosts: tuple[str, ...], verb: str, runner: Runner) -> list[Found]:
    """Look at hosts and return the launch that is meant; raises as `choose` does.

    Engines are asked only when there seems to be none: one that hangs takes its time to say so.
    """
    await runner.run([Phase("Look at the host", facts=dict.fromkeys(hosts, (MACHINE, LAUNCHES)))])
    try:
        return choose(name, runner.seen, verb)
    except (InputRefused, GateRefused):
        await runner.run([Phase("Look at its containers", facts=dict.fromkeys(hosts, (CONTAINERS,)))])
        return choose(name, runner.seen, verb)
