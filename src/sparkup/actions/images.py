"""Images: which there are on hosts, what is known of their builds, what differs between two. Never writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sparkup.actions.context import Context, done
from sparkup.domain.answer import Answer
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.image import Images, ImageShown
from sparkup.errors import GateRefused, Problem, SparkupError
from sparkup.planning.image_differences import differences
from sparkup.planning.images import FACTS, Held, answering, find, held, names, row, silent
from sparkup.run.gather import Facts
from sparkup.run.phases import Runner

SHOWN = ("Entrypoint", "Cmd", "User", "WorkingDir")  # not Env, in which there may be secrets


@dataclass(frozen=True, slots=True)
class Found:
    """The images of hosts; `hosts`: those of which an engine told; `problems`: why others did not."""

    hosts: tuple[str, ...]
    images: tuple[Held, ...]
    problems: tuple[Problem, ...]

    def one(self, word: str) -> tuple[Held, ...]:
        """Return the image that is meant; InputRefused also says which hosts were not asked."""
        try:
            return find(word, self.images, self.hosts)
        except SparkupError as error:
            raise error.with_problems(*self.problems) from None


async def list_all(hosts: Sequence[Host], context: Context) -> int:
    """List all images."""
    return await _answered(
        hosts,
        context,
        lambda found: Images(
            found.hosts, tuple(map(row, found.images)), names(found.images, found.hosts), found.problems
        ),
    )


async def show(word: str, hosts: Sequence[Host], context: Context) -> int:
    """Show one image with the record of its build."""
    return await _answered(hosts, context, lambda found: _shown(found.one(word), found.problems))


async def diff(words: tuple[str, str], hosts: Sequence[Host], context: Context) -> int:
    """Show what differs between two images."""

    def differ(found: Found) -> Answer:
        before, after = (_best(found.one(word)) for word in words)
        return differences(before, after, found.problems)

    return await _answered(hosts, context, differ)


def _shown(images: Sequence[Held], problems: tuple[Problem, ...]) -> ImageShown:
    best = _best(images)
    config: Mapping[str, object] = best.image.config
    kept = {name: config[name] for name in SHOWN if name in config}
    return ImageShown(tuple(map(row, images)), len(best.image.layers), kept, best.record, problems)


def _best(images: Sequence[Held]) -> Held:
    """Return of one content on several hosts the image of whose build most is known."""
    return max(images, key=lambda each: (each.record is not None, bool(each.record and each.record.measured)))


async def _answered(hosts: Sequence[Host], context: Context, answer: Callable[[Found], Answer]) -> int:
    """Look at the images of all hosts and answer what is to be made of them."""
    async with context.reached(hosts) as (connections, lost):
        found = await look(context.runner(connections), [each for each in hosts if each.name in connections])
    found = Found(found.hosts, found.images, (*lost, *found.problems))
    if not found.hosts:
        raise GateRefused(*found.problems)
    context.emit(Answered(answer(found)))
    return done(found.problems)


async def look(runner: Runner, hosts: Sequence[Host], more: Facts = ()) -> Found:
    """Look at the images of hosts, and `more`; one that does not answer keeps no other."""
    failed = await runner.look("Look at the images", {host.name: (*FACTS, *more) for host in hosts})
    if len(failed) == len(hosts):
        first, *others = failed.values()
        raise first.with_problems(*(problem for each in others for problem in each.problems))
    seen = [runner.seen[host.name] for host in hosts if host.name not in failed]
    problems = (problem for each in failed.values() for problem in each.problems)
    return Found(
        hosts=tuple(each.host for each in seen if answering(each)),
        images=tuple(image for each in seen for image in held(each)),
        problems=(*problems, *(problem for each in seen for problem in silent(each))),
    )
