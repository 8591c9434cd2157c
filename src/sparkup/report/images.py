"""Images as text for people: lists of them, one, what differs between two, a way back, what may go."""

import time
from collections.abc import Iterator, Sequence

from sparkup.domain.build import Record
from sparkup.domain.duration import age
from sparkup.domain.image import (
    Change,
    ImageRow,
    Images,
    ImagesDiffer,
    ImageShown,
    NameRow,
    Pruned,
    PruneRow,
    RolledBack,
)
from sparkup.report.table import table
from sparkup.report.view import printable

SHORT = 12  # digits of a fingerprint
NAMELESS = "(no name)"


def text(answer: Images | ImageShown | ImagesDiffer | RolledBack | Pruned, width: int | None) -> str:
    """Return an answer for people; `width` is that of a terminal."""
    match answer:
        case Images():
            return _images(answer, width)
        case ImageShown():
            return _image(answer)
        case ImagesDiffer():
            return _difference(answer)
        case RolledBack():
            return _rolled_back(answer)
        case Pruned():
            return _pruned(answer)


def _images(answer: Images, width: int | None) -> str:
    """Return a line for each name and each content that it has."""
    if not answer.images:
        return f"no images on {', '.join(answer.hosts)}\n"
    title = ("NAME", "VARIANT", "VLLM", "TORCH", "CUDA", "SIZE", "AGE", "FINGERPRINT", "ON")
    lines = [(name, *_line(found, answer.hosts)) for name, found in _by_name(answer.images)]
    notes = [_note(each, answer.images) for each in answer.names if not each.same]
    return table([title, *lines], width) + "".join(f"{printable(note)}\n" for note in notes)


def _by_name(rows: Sequence[ImageRow]) -> Iterator[tuple[str, list[ImageRow]]]:
    """Yield each name with the images of one content; those without a name last."""
    found: dict[tuple[str, str], list[ImageRow]] = {}
    for each in rows:
        for name in each.names or ("",):
            found.setdefault((name, each.content), []).append(each)
    for name, content in sorted(found, key=lambda key: (not key[0], key)):
        yield name or NAMELESS, found[name, content]


def _line(rows: Sequence[ImageRow], hosts: Sequence[str]) -> tuple[str, ...]:
    first = max(rows, key=lambda each: len(each.versions))
    versions = first.versions
    everywhere = len(hosts) > 1 and {each.host for each in rows} == {*hosts}
    podman = " (podman)" if {each.engine for each in rows} == {"podman"} else ""
    return (
        first.variant or "-",
        versions.get("vllm") or first.vllm or "-",
        versions.get("torch") or "-",
        versions.get("cuda") or "-",
        _size(first.size),
        _age(first.created),
        first.fingerprint[:SHORT] or "-",
        f"all hosts{podman}" if everywhere else ", ".join(dict.fromkeys(each.place for each in rows)),
    )


def _note(name: NameRow, rows: Sequence[ImageRow]) -> str:
    contents = dict.fromkeys(each.fingerprint[:SHORT] for each in rows if name.name in each.names)
    known = [content for content in contents if content][:2]
    compare = f": sparkup images diff {' '.join(known)}" if len(known) == 2 else ""
    return f"{name.name} is not the same image everywhere{compare}"


def _size(count: int) -> str:
    """Return bytes as docker counts them, in thousands."""
    for unit, many in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= many:
            return f"{count / many:.1f} {unit}"
    return f"{count} B"


def _age(created: float | None) -> str:
    seconds = time.time() - created if created is not None else -1
    return age(seconds) if seconds >= 0 else "-"


def _image(answer: ImageShown) -> str:
    """Return all that is known of one image."""
    first = answer.images[0]
    lines = [
        ", ".join(dict.fromkeys(name for each in answer.images for name in each.names)) or NAMELESS,
        f"  fingerprint   {first.fingerprint or 'unknown'}",
        *(f"  on            {each.place}, as {each.id}" for each in answer.images),
        *(
            f"  used by       {', '.join(each.used_by)} on {each.place}"
            for each in answer.images
            if each.used_by
        ),
        f"  content       {first.platform}, {_size(first.size)} in {answer.layers} layers, {_made(first)}",
        *(f"  {name.lower():<13} {_words(value)}" for name, value in answer.config.items()),
        *(_build(answer.record) if answer.record else ["  build         not by sparkup"]),
    ]
    return "".join(f"{printable(line)}\n" for line in lines)


def _made(first: ImageRow) -> str:
    if first.created is None:
        return "made at an unknown time"
    return f"made {time.strftime('%Y-%m-%d %H:%M', time.localtime(first.created))}"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _build(record: Record) -> Iterator[str]:
    inputs, measured = record.inputs, record.measured
    yield f"  build         {inputs.variant} by sparkup {inputs.sparkup or 'unknown'}, from {inputs.base}"
    for source in inputs.sources:
        yield f"  source        {source.name}: {source.repository} {source.ref} {source.commit}"
    for each in inputs.pull_requests:
        yield f"  pull request  #{each.number} of {each.repository} {each.commit}"
    for name, value in inputs.arguments.items():
        yield f"  argument      {name}={value}"
    for name, value in inputs.files.items():
        yield f"  file          {name} {value[:SHORT]}"
    if measured is None:
        yield "  measured      nothing: no host that was asked has that part of its record"
        return
    yield f"  measured      on {measured.host}, {measured.engine}, built in {measured.seconds:.0f} s"
    for name, value in measured.versions.items():
        yield f"  version       {name} {value}"
    for check in measured.checks:
        verdict = {True: "passed", False: "FAILED", None: "not judged"}[check.ok]
        yield f"  check         {check.name}: {verdict}{f' ({check.message})' if check.message else ''}"
    for step in measured.steps:
        yield f"  step          {step.name}: {'cached' if step.cached else f'{step.seconds:.1f} s'}"
    if measured.flags:
        yield f"  flags         {len(measured.flags)} of vllm serve (--json lists them)"


def _difference(answer: ImagesDiffer) -> str:
    """Return what differs between two images."""
    lines = [f"A  {_one(answer.before)}", f"B  {_one(answer.after)}"]
    if answer.same:
        lines.append("they are the same: no more than names, labels and times differ")
    lines += [_change(each) for each in answer.changes]
    for sign, flags in (("+", answer.flags_added), ("-", answer.flags_removed)):
        lines += [f"  flag {sign} {flag}" for flag in flags or ()]
    if not answer.same:
        lines.append(f"  the first {answer.layers} layers are the same")
    return "".join(f"{printable(line)}\n" for line in [*lines, *answer.notes])


def _one(each: ImageRow) -> str:
    return f"{', '.join(each.names) or NAMELESS}  {each.fingerprint[:SHORT]}  on {each.place}"


def _change(each: Change) -> str:
    sides = (each.before, each.after)
    before, after = (side and _size(int(side)) for side in sides) if each.kind == "size" else sides
    what = f"  {' '.join(filter(None, (each.kind, each.name)))}"
    if before is None:
        return f"{what}: only in B: {after}"
    return (
        f"{what}: only in A: {before}"
        if after is None
        else f"{what}: {before or '(none)'} -> {after or '(none)'}"
    )


def _rolled_back(answer: RolledBack) -> str:
    """Return what two names mean now."""
    pairs = ((answer.name, answer.images, "again"), (answer.previous, answer.before, "now"))
    lines = [
        f"{name} is {_version(each)} {word} on {each.place}" for name, rows, word in pairs for each in rows
    ]
    lines += [*answer.notes, "what runs goes on with the image that it was started from"]
    return "".join(f"{printable(line)}\n" for line in lines)


def _version(each: ImageRow) -> str:
    version = f" (vLLM {each.versions['vllm']})" if "vllm" in each.versions else ""
    return f"{each.fingerprint[:SHORT]}{version}"


def _pruned(answer: Pruned) -> str:
    """Return what may go or has gone, what stays and why, and what takes the disk."""
    went = answer.freed is not None
    rows: list[Sequence[str]] = [("REMOVED" if went else "MAY GO", "SIZE", "ON", "BECAUSE")]
    rows += [_prune_row(each) for each in answer.images if each.gone or not went]
    old = f"not used for {age(answer.until)}" if answer.until else "all of it that no image needs"
    rows += [("build cache", "-", host, old) for host in answer.cache]
    kept = [("STAYS", *rows[0][1:]), *map(_prune_row, answer.kept)]
    texts = [
        table(rows) if len(rows) > 1 else "there is nothing to prune\n",
        table(kept) if answer.kept else "",
        _disk(answer),
        "".join(f"freed {_size(count)} on {host}\n" for host, count in (answer.freed or {}).items()),
    ]
    return "\n".join(filter(None, texts))


def _prune_row(each: PruneRow) -> tuple[str, ...]:
    row = each.image
    name = ", ".join(row.names) or f"image {row.id.removeprefix('sha256:')[:SHORT]}"
    return (name, _size(row.size), row.place, each.because)


def _disk(answer: Pruned) -> str:
    rows = [
        (host, use.engine, use.kind, str(use.count), _size(use.size), _size(use.reclaimable))
        for host, uses in answer.disk.items()
        for use in uses
        if use.count
    ]
    return table([("DISK", "ENGINE", "TYPE", "COUNT", "SIZE", "RECLAIMABLE"), *rows]) if rows else ""
