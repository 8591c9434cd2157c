"""Phases: each observes, plans on all that was seen, and is carried out, or only shown."""

from pathlib import Path

import pytest
from tests.run.untouchable import Untouchable

from sparkup.connect.base import Connection
from sparkup.connect.local import Local
from sparkup.domain.command import Command, Result
from sparkup.domain.event import Event, PhaseFinished, PhaseStarted, Planned
from sparkup.domain.fact import Answers, Fact, Observed, run, whole
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan, Run
from sparkup.errors import HostUnreachable, Problem, WorkFailed
from sparkup.run.executor import Results, execute
from sparkup.run.gather import Live, Recorded
from sparkup.run.phases import Phase, Runner

pytestmark = pytest.mark.anyio


def said(answers: Answers) -> str:
    """Read what a program printed."""
    text: str = answers["it"]["out"]
    return text.strip()


FIRST = Fact("first", {"it": run("echo", "one")}, said, recorded=whole)
SECOND = Fact("second", {"it": run("echo", "two")}, said, recorded=whole)


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return list(folder.iterdir())


def step(script: str) -> Run:
    """Return a step."""
    return Run(script, "local", Command(("sh", "-c", script)), f"do {script}")


def phases(folder: Path) -> list[Phase]:
    """Return phases of which the second plans on what both have seen."""

    def both(seen: Observed) -> Plan:
        local = seen["local"]
        return Plan((step(f"echo {local[FIRST]} {local[SECOND]} | tee {folder}/said"),))

    return [
        Phase("First", lambda _: Plan((step(f"touch {folder}/done"),)), {"local": [FIRST]}),
        Phase("Second", both, {"local": [SECOND]}),
    ]


def runner(connection: Connection, events: list[Event]) -> Runner:
    """Return a runner that carries plans out."""
    connections = {"local": connection}

    async def carry_out(plan: Plan) -> Results:
        return await execute(plan, connections, events.append)

    return Runner(Live(connections), carry_out, events.append)


async def test_they_are_carried_out_in_turn(tmp_path: Path) -> None:
    events: list[Event] = []
    working = runner(Local(), events)
    results = await working.run(phases(tmp_path))
    assert [result.stdout for result in results.values()] == ["one two\n"]
    assert (tmp_path / "said").read_text() == "one two\n"
    titles = [event.title for event in events if isinstance(event, PhaseStarted | PhaseFinished)]
    assert titles == ["First", "First", "Second", "Second"]
    assert [title for title, _ in working.plans] == ["First", "Second"]


@pytest.mark.parametrize("live", [True, False])
async def test_a_dry_run_carries_nothing_out(tmp_path: Path, live: bool) -> None:
    """It plans as far as any other, from the hosts or from memory; the hosts are only read, if at all."""
    memory, events = tmp_path / "facts", list[Event]()
    await Live({"local": Local()}, memory).look({"local": [FIRST, SECOND]})
    observer = Live({"local": Untouchable(readable=True)}) if live else Recorded(memory)
    shown = Runner(observer, None, events.append)
    assert await shown.run(phases(tmp_path)) == {}
    assert [event.title for event in events if isinstance(event, Planned)] == ["First", "Second"]
    assert f"echo one two | tee {tmp_path}/said" in str(events[-1])
    assert listed(tmp_path) == [memory]


async def test_a_failure_ends_them(tmp_path: Path) -> None:
    events: list[Event] = []
    failing = Phase("Fails", lambda _: Plan((step("exit 1"),)))
    with pytest.raises(WorkFailed):
        await runner(Local(), events).run([failing, *phases(tmp_path)])
    assert not [event for event in events if isinstance(event, PhaseFinished)]
    assert listed(tmp_path) == []


async def test_a_phase_that_only_looks_touches_nothing() -> None:
    events: list[Event] = []
    looking = runner(Untouchable(readable=True), events)
    assert await looking.run([Phase("Look", lambda _: Plan(), {"local": [FIRST]})]) == {}
    assert looking.seen["local"][FIRST] == "one"


async def test_a_phase_without_facts_asks_nothing() -> None:
    await runner(Untouchable(), []).run([Phase("Nothing", lambda _: Plan())])


class Gone(Local):
    """A host that breaks off as soon as it is asked anything."""

    async def run(self, command: Command) -> Result:
        raise HostUnreachable(Problem("host-unreachable", "the host cannot be reached", self.host.name))


async def test_hosts_are_looked_at_each_on_its_own() -> None:
    events: list[Event] = []
    looking = Runner(Live({"a": Local(), "b": Gone(Host("b"))}), None, events.append)
    silent = await looking.look("Look", {"a": [FIRST], "b": [FIRST]})
    assert {host: error.problems[0].where for host, error in silent.items()} == {"b": "b"}
    assert {host: each[FIRST] for host, each in looking.seen.items()} == {"a": "one"}
    assert await looking.look("Look again", {"a": [SECOND]}) == {}
    assert (looking.seen["a"][FIRST], looking.seen["a"][SECOND]) == ("one", "two")
