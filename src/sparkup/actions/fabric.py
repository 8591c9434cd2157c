"""Show the fabric of some hosts: their facts in one round trip each, then a packet over every cable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkup.actions.context import Context, done
from sparkup.actions.launch import crossed
from sparkup.domain.event import Answered
from sparkup.domain.fabric import Fabric, Interface
from sparkup.domain.host import Host
from sparkup.domain.network import FabricShown
from sparkup.errors import Problem, WorkFailed
from sparkup.facts.dgx import DGX
from sparkup.facts.links import LINKS
from sparkup.planning.fabric import plan_fabric
from sparkup.run.phases import Phase, Runner


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file for a drawing, and what makes one."""

    file: Path
    drawn: Callable[[Fabric], str]

    def write(self, fabric: Fabric) -> None:
        """Draw; raises WorkFailed where the file cannot be written."""
        try:
            self.file.write_text(self.drawn(fabric), encoding="utf-8")
        except OSError as error:
            message = f"cannot be written: {error.strerror or error}"
            raise WorkFailed(Problem("file-not-written", message, str(self.file))) from error


async def show(hosts: Sequence[Host], drawing: Drawing | None, context: Context) -> int:
    """Show what joins hosts; hosts that cannot be asked are said beside it."""
    async with context.reached(hosts) as (connections, lost):
        runner = context.runner(connections)
        names = [host.name for host in hosts if host.name in connections]
        await runner.run([Phase("Look at the hosts", facts=dict.fromkeys(names, (LINKS, DGX)))])
        found = await joined(names, runner)
    if drawing is not None:
        drawing.write(found)
    context.emit(Answered(FabricShown(tuple(names), found, str(drawing.file) if drawing else "", lost)))
    return done(lost)


async def joined(names: Sequence[str], runner: Runner) -> Fabric:
    """Return what joins hosts whose LINKS and DGX were seen, after a packet over every cable."""
    interfaces: dict[str, tuple[Interface, ...]] = {name: runner.seen[name][LINKS] for name in names}
    sparks = [name for name in names if runner.seen[name][DGX].gb10]
    proved = await crossed(names, runner) if len(names) > 1 else None
    return plan_fabric(interfaces, proved, sparks=sparks)
