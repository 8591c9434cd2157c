"""Exec: run a command where a launch runs, with its environment, on this terminal."""

from sparkup.actions.chosen import chosen
from sparkup.actions.context import Context
from sparkup.commands import containers
from sparkup.domain.command import Command
from sparkup.domain.host import Host
from sparkup.domain.plan import Plan
from sparkup.errors import CommandNotExecutable, CommandNotFound
from sparkup.facts.container_engines import ENGINES
from sparkup.facts.containers import CONTAINERS, image
from sparkup.planning.containers import container_of, user_of
from sparkup.planning.entering import not_run
from sparkup.planning.launch import put_program
from sparkup.planning.stop import program_for
from sparkup.run.executor import execute
from sparkup.run.phases import Phase
from sparkup.run.program import program, program_name

LOOKING = 10.0  # seconds for an engine to say whether a command is there


async def enter(name: str | None, host: Host, argv: tuple[str, ...], context: Context, *, tty: bool) -> int:
    """Run a command in a launch's environment and return its exit status."""
    async with context.connected([host]) as connections:
        runner = context.runner(connections)
        _, rank = (await chosen(name, (host.name,), "exec", runner))[0]
        if rank.contained:  # only then: an engine that hangs takes its time to say so
            its_image = image(str(rank.spec.get("image", "")))
            engines = {host.name: (CONTAINERS, ENGINES, *((its_image,) if rank.orphaned else ()))}
            await runner.run([Phase("Look at its container", facts=engines)])
            inside = container_of(rank, runner.seen[host.name])
            user = str(rank.spec.get("user", ""))
            if rank.orphaned:
                user = user_of(runner.seen[host.name][its_image].get(inside.engine))
            words = containers.enter(inside.engine, inside.id, argv, tty=tty, user=user)
            status = _status(await connections[host.name].interact(Command(words), tty=tty))
            if status in (CommandNotFound.exit_status, CommandNotExecutable.exit_status):
                # Its own, or the engine's, which is 126 for docker whatever the reason was.
                asked = containers.lookup(inside.engine, inside.id, argv[0], user)
                said = await connections[host.name].run(Command(asked, timeout=LOOKING))
                if refused := not_run(said, argv[0], host.name):
                    raise refused
            return status
        seen = runner.seen[host.name]
        put = put_program(seen, program_name(), program())
        await execute(Plan(put), connections, context.emit)
        helper = program_for(rank, seen, program_name())
        words = helper.enter(rank.launch, argv)
        return _status(await connections[host.name].interact(Command(words), tty=tty))


def _status(status: int) -> int:
    """Return a status as a shell counts it."""
    return 128 - status if status < 0 else status
