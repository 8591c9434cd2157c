"""Images: which there are on hosts, what is known of their builds, what differs between two. Never writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sparkup.actions.context import Context, done
from sparkup.domain.answer import Answer
from sparkup.domain.event import Answered
from sparkup.domain.host import Host
from sparkup.domain.image import Images, ImageShown
from sparkup.errors import GateRefused, InputRefused, Problem
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

    def each(self, words: Sequence[str]) -> list[tuple[Held, ...]]:
        """Return the images that are meant; InputRefused also says which hosts were not asked."""
        images, wrong = [], list[Problem]()
        for word in words:
            try:
                images.append(find(word, self.images, self.hosts))
            except InputRefused as error:
                wrong += error.problems
        if wrong:
            raise InputRefused(*wrong, *self.problems)
        return images


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

    def shown(found: Found) -> Answer:
        (images,) = found.each([word])
        return _shown(images, found.problems)

    return await _answered(hosts, context, shown)


async def diff(words: tuple[str, str], hosts: Sequence[Host], context: Context) -> int:
    """Show what differs between two images. Raises InputRefused with what is wrong with either name."""

    def differ(found: Found) -> Answer:
        before, after = (_best(each) for each in found.each(words))
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
        there = [each for each in hosts if each.name in connections]
        found = await look(context.runner(connections), there, lost)
    context.emit(Answered(answer(found)))
    return done(found.problems)


async def look(runner: Runner, hosts: Sequence[Host], lost: Sequence[Problem], more: Facts = ()) -> Found:
    """Look at the images of hosts, and `more`; one that does not answer keeps no other. `lost`: of others.

    Raises what is wrong with all hosts where no engine of any told.
    """
    failed = await runner.look("Look at the images", {host.name: (*FACTS, *more) for host in hosts})
    seen = [runner.seen[host.name] for host in hosts if host.name not in failed]
    problems = (
        *lost,
        *(problem for each in failed.values() for problem in each.problems),
        *(problem for each in seen for problem in silent(each)),
    )
    told = tuple(each.host for each in seen if answering(each))
    if not told:
        kind = GateRefused if seen else type(next(iter(failed.values())))
        raise kind(*problems)
    return Found(told, tuple(image for each in seen for image in held(each)), problems)
