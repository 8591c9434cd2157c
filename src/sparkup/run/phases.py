"""An action is a list of phases: each observes, plans, and lets its plan be carried out."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sparkup.domain.event import PhaseFinished, PhaseStarted, Planned
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.plan import Plan, document, what
from sparkup.errors import SparkupError
from sparkup.run.executor import Emit, Results
from sparkup.run.gather import Facts, Observer
from sparkup.run.together import together

CarryOut = Callable[[Plan], Awaitable[Results]]


def nothing(_: Observed) -> Plan:
    """Plan nothing: the phase only looks."""
    return Plan()


@dataclass(frozen=True, slots=True)
class Phase:
    """A titled stage. `facts` are asked of hosts before it; `plan` decides from all seen so far."""

    title: str
    plan: Callable[[Observed], Plan] = nothing
    facts: Mapping[str, Facts] | None = None


class Runner:
    """Runs phases one after another, and knows whether plans are carried out or only shown."""

    def __init__(self, observer: Observer, carry_out: CarryOut | None, emit: Emit) -> None:
        self.observer, self.carry_out, self.emit = observer, carry_out, emit
        self.seen: Observed = {}
        self.plans: list[tuple[str, Plan]] = []

    async def run(self, phases: Sequence[Phase]) -> Results:
        """Run phases; return what the steps of the last one printed."""
        results: Results = {}
        for phase in phases:
            results = await self._one(phase)
        return results

    def shown(self) -> tuple[Mapping[str, object], ...]:
        """Return all that was planned, as JSON."""
        return tuple(
            {"title": title, "steps": document(plan), "notes": list(plan.notes)}
            for title, plan in self.plans
            if plan
        )

    async def look(self, title: str, facts: Mapping[str, Facts]) -> Mapping[str, SparkupError]:
        """Look at hosts at once, each on its own; return what was wrong with those that did not answer."""

        async def one(host: str) -> Seen | SparkupError:
            try:
                return (await self.observer.look({host: facts[host]}))[host]
            except SparkupError as error:
                return error

        begun = time.monotonic()
        self.emit(PhaseStarted(title))
        told = await together({host: one(host) for host in facts})
        self.seen = _merged(self.seen, {host: each for host, each in told.items() if isinstance(each, Seen)})
        self.emit(PhaseFinished(title, time.monotonic() - begun))
        return {host: each for host, each in told.items() if isinstance(each, SparkupError)}

    async def _one(self, phase: Phase) -> Results:
        begun = time.monotonic()
        self.emit(PhaseStarted(phase.title))
        if phase.facts:
            self.seen = _merged(self.seen, await self.observer.look(phase.facts))
        plan = phase.plan(self.seen)
        self.plans.append((phase.title, plan))
        if self.carry_out is None:  # the only place that knows of dry runs
            self.emit(Planned(phase.title, tuple(what(step) for step in plan.steps)))
            return {}
        results = await self.carry_out(plan) if plan else {}
        self.emit(PhaseFinished(phase.title, time.monotonic() - begun))
        return results


def _merged(old: Observed, new: Observed) -> Observed:
    return {
        host: new[host].after(old[host]) if host in old and host in new else (new.get(host) or old[host])
        for host in {**old, **new}
    }
