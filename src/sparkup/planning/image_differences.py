"""What differs between two images: what went into their builds, what came out, and how they run."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from sparkup.domain.build import Inputs, Measured, Record
from sparkup.domain.image import Change, ImagesDiffer
from sparkup.domain.secret_names import is_secret
from sparkup.errors import Problem
from sparkup.planning.images import SHORT, Held, row

HIDDEN = "(not shown)"


def differences(before: Held, after: Held, problems: tuple[Problem, ...] = ()) -> ImagesDiffer:
    """Hold two images against each other; `problems`: of hosts that may know more of them."""
    old, new = before.record, after.record
    same = before.content == after.content
    flags, other = _flags(old), _flags(new)
    known = flags is not None and other is not None
    changes = () if same else (*_built(old, new), *_runs(before, after))
    return ImagesDiffer(
        before=row(before),
        after=row(after),
        same=same,
        layers=_shared(before.image.layers, after.image.layers),
        changes=changes,
        flags_added=tuple(sorted({*(other or ())} - {*(flags or ())})) if known else None,
        flags_removed=tuple(sorted({*(flags or ())} - {*(other or ())})) if known else None,
        notes=() if same else tuple(_notes(before, after)),
        problems=problems,
    )


def _flags(record: Record | None) -> tuple[str, ...] | None:
    measured = record.measured if record else None
    return measured.flags if measured and measured.flags else None


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    return len([*takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))])


def _notes(before: Held, after: Held) -> Iterator[str]:
    old, new = before.record, after.record
    for each, record in ((before, old), (after, new)):
        name = row(each).names[0] if each.image.names else each.content[:SHORT]
        if record is None:
            yield f"{name} says nothing of its build: sparkup did not build it"
        elif record.measured is None:
            yield f"what was measured of {name} is on none of these hosts"
    if old and new and old.inputs == new.inputs:
        yield "both were built from the same: what their builds fetched without a version may differ"


def _built(old: Record | None, new: Record | None) -> Iterator[Change]:
    """Yield what differs between two builds as far as both are known."""
    if old is None or new is None:
        return
    first, second = _input_words(old.inputs), _input_words(new.inputs)
    yield from _changes(first, second)
    if _order(old.inputs, new.inputs):
        orders = (", ".join(f"#{each.number}" for each in side.inputs.pull_requests) for side in (old, new))
        yield Change("pull-request", "order", *orders)
    if old.measured and new.measured:
        yield from _changes(_measured_words(old.measured), _measured_words(new.measured))


def _order(old: Inputs, new: Inputs) -> bool:
    """Say whether pull requests that both have were applied in another order."""
    numbers = [[(each.repository, each.number) for each in side.pull_requests] for side in (old, new)]
    first, second = ([each for each in side if each in numbers[0] and each in numbers[1]] for side in numbers)
    return first != second


def _input_words(inputs: Inputs) -> dict[tuple[str, str], str]:
    return {
        ("variant", ""): str(inputs.variant),
        ("platform", ""): inputs.platform,
        ("base", ""): inputs.base,
        **{
            ("source", f"{each.name} {what}"): value
            for each in inputs.sources
            for what, value in (("repository", each.repository), ("ref", each.ref), ("commit", each.commit))
        },
        **{
            ("pull-request", f"#{each.number} of {each.repository}"): each.commit
            for each in inputs.pull_requests
        },
        **{("argument", name): value for name, value in inputs.arguments.items()},
        **{("file", name): value for name, value in inputs.files.items()},
        ("sparkup", ""): inputs.sparkup,
    }


def _measured_words(measured: Measured) -> dict[tuple[str, str], str]:
    verdicts = {True: "passed", False: "failed", None: "not judged"}
    return {
        **{("version", name): value for name, value in measured.versions.items()},
        **{("check", each.name): verdicts[each.ok] for each in measured.checks},
    }


def _runs(before: Held, after: Held) -> Iterator[Change]:
    """Yield what differs in how two images run, which each of them says, whoever built it."""
    yield from _changes(_config_words(before.image.config), _config_words(after.image.config))
    if before.image.size != after.image.size:
        yield Change("size", "", str(before.image.size), str(after.image.size))


def _config_words(config: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    variables = (str(each).partition("=") for each in config.get("Env") or ())
    lists = {name: config.get(name) or [] for name in ("Entrypoint", "Cmd")}
    return {
        **{("config", name): " ".join(map(str, words)) for name, words in lists.items()},
        ("config", "User"): str(config.get("User") or ""),
        ("config", "WorkingDir"): str(config.get("WorkingDir") or "/"),
        **{("environment", name): value for name, _, value in variables},
    }


def _changes(old: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], str]) -> Iterator[Change]:
    """Yield what differs between two sets of words by kind and name, kind by kind."""
    keys = [*{**old, **new}]
    kinds = [*dict.fromkeys(kind for kind, _ in keys)]
    for key in sorted(keys, key=lambda each: kinds.index(each[0])):
        if old.get(key) != new.get(key):
            yield Change(*key, *(_shown(key[1], side.get(key)) for side in (old, new)))


def _shown(name: str, value: str | None) -> str | None:
    return HIDDEN if value is not None and is_secret(name, value) else value
