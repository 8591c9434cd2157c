"""Write what was found out into a cluster.yaml: what its owner wrote stays, comments included."""

import hashlib
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from sparkup.config.inventory import CODE, read
from sparkup.config.yaml_as_written import yaml_as_written
from sparkup.domain.fabric import Link
from sparkup.domain.inventory import Defaults, Inventory, KnownHost
from sparkup.errors import InputRefused, Problem, WorkFailed

HEADER = "# Hosts of sparkup and clusters of them. What you write here stays, comments too.\n"
# What stands before the document: ruamel would lose it.
BEGINNING = re.compile(r"\A(?:(?:[#%].*|[ \t]*)\n)*---[ \t]*(?:#.*)?\n")
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it was when it was read; `text` is None where there is none yet."""

    path: Path
    text: str | None

    @property
    def inventory(self) -> Inventory:
        """Return what it says; raises InputRefused."""
        return read(self.text or "", str(self.path))


def opened(path: Path) -> Draft:
    """Return a file as it is now. Raises InputRefused for one that cannot be read."""
    try:
        return Draft(path, path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Draft(path, None)
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(Problem(CODE, f"cannot be read: {error}", where=str(path))) from None


def written(draft: Draft, new: Inventory) -> str:
    """Return the text of a file with what a new inventory says.

    What is blank in the new one stays as it was, and so do hosts and clusters that it does not have: that
    nothing was found is no reason to forget. Only the way to an address goes where the host has another one.
    Secrets stay where their owner wrote them; a new one is only named. Raises InputRefused when the file is
    wrong, or what would be written is.
    """
    old, said = plain(draft.inventory), plain(new)
    if not new.links and "links" in old.get("detected", {}):
        said.pop("detected", None)  # its date would be that of links which were not found
    if draft.text is not None and _merged(old, said) == old:
        return draft.text
    moved = _moved(old.get("hosts", {}), said["hosts"])
    text = HEADER if draft.text is None else draft.text
    head = BEGINNING.match(text)
    try:
        result = (head[0] if head else "") + _edited(text[head.end() if head else 0 :], old, said, moved)
    except (YAMLError, ValueError):
        result = ""
    for name in moved:
        del old["hosts"][name]["via"]
    if plain(read(result, str(draft.path))) != _merged(old, said):
        raise _not_kept(draft)
    return result


def _not_kept(draft: Draft) -> InputRefused:
    message = "it is written in a way that could not be kept if something were added: its tags, perhaps (!!)"
    return InputRefused(
        Problem(CODE, message, where=str(draft.path), hint="write it without, then try again")
    )


def _moved(old: Plain, new: Plain) -> list[str]:
    """Return the hosts that have another address, to which no way leads through others."""
    both = [name for name in old if name in new and "via" in old[name] and "via" not in new[name]]
    return [name for name in both if new[name].get("address") not in (None, old[name].get("address"))]


def _edited(text: str, old: Plain, said: Plain, moved: Sequence[str]) -> str:
    yaml = yaml_as_written()
    document = yaml.load(text)
    mapping, dash = (next(_indents(document, kind), 2) for kind in (CommentedMap, CommentedSeq))
    yaml.indent(mapping=mapping, sequence=dash + 2, offset=dash)
    before = ""
    if document is None:  # nothing but comments, which ruamel drops
        document, before = CommentedMap(), text and text.rstrip("\n") + "\n"
    _update(document, old, said)
    for name in moved:
        del document["hosts"][name]["via"]
    stream = io.StringIO()
    yaml.dump(document, stream)
    return before + stream.getvalue()


def _indents(part: object, kind: type[CommentedMap | CommentedSeq]) -> Iterator[int]:
    """Return how far blocks of a kind stand to the right of the keys that they belong to."""
    if not isinstance(part, CommentedMap):
        return
    for value in part.values():
        if isinstance(value, kind) and not value.fa.flow_style():
            yield value.lc.col - part.lc.col
        yield from _indents(value, kind)


def _merged(old: Plain, new: Plain) -> Plain:
    both = {key: _merged(old[key], new[key]) for key in old if isinstance(old[key], dict) and key in new}
    return {**old, **new, **both}


def save(draft: Draft, new: Inventory) -> Path | None:
    """Write a file, whole or not at all; return where the one before it is kept, None if there was none.

    Raises InputRefused for a file that has changed since it was read and for an inventory without hosts,
    WorkFailed where it cannot be written.
    """
    path = draft.path.resolve()  # the file behind a link, not the link
    if not new.hosts:
        raise InputRefused(Problem(CODE, "there are no hosts to write", where=str(path)))
    text = written(draft, new)
    if opened(path).text != draft.text:
        hint = "do it again: it then begins with the file as it is now"
        raise InputRefused(
            Problem("inventory-changed", "it was changed meanwhile", where=str(path), hint=hint)
        )
    if text == draft.text:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        backup = None
        if draft.text is not None:
            backup = path.with_name(path.name + ".before")
            _replace(backup, draft.text, path)
        _replace(path, text, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkFailed(Problem("file-not-written", f"cannot be written: {reason}", str(path))) from None
    return backup


def _replace(path: Path, text: str, like: Path) -> None:
    """Write a file under another name and rename it; it may be read by those who may read `like`."""
    mode = like.stat().st_mode & 0o777 if like.exists() else 0o600  # there may be secrets in it
    digest = hashlib.sha256(os.urandom(16)).hexdigest()[:8]
    new = path.with_name(f".{path.name}.{digest}")
    try:
        with open(new, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)  # whatever the umask says
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _update(document: CommentedMap, old: Plain, new: Plain) -> None:
    """Set what differs; a part that is the same is not touched, so it keeps how it was written."""
    for key, value in new.items():
        if key in old and value == old[key]:
            continue
        if isinstance(value, dict) and isinstance(document.get(key), CommentedMap):
            _update(document[key], old.get(key) or {}, value)
        else:
            document[key] = value


def plain(inventory: Inventory) -> Plain:
    """Return an inventory as cluster.yaml has it, without what is blank."""
    at = inventory.detected_at
    detected = {"at": at.isoformat() if at else None, "links": [_link(each) for each in inventory.links]}
    return _filled(
        {
            "defaults": _defaults(inventory.defaults),
            "hosts": {name: _host(host) for name, host in inventory.hosts.items()},
            "clusters": {name: list(members) for name, members in inventory.clusters.items()},
            "detected": _filled(detected),
        }
    )


def _filled(values: Mapping[str, Any]) -> Plain:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def _host(host: KnownHost) -> Plain:
    values = {
        "address": "" if host.address == host.name else host.address,
        "via": host.via,
        "eth_if": host.eth_if,
        "ib_if": list(host.ib_if),
        "host_key": host.host_key,
        "verified": host.verified,
        "fabric": [str(each) for each in host.fabric],
    }
    return _filled(values)


def _defaults(defaults: Defaults) -> Plain:
    named = dict.fromkeys((*(each.name for each in defaults.environment.secret), *defaults.inherited))
    return _filled(
        {
            "eth_if": defaults.eth_if,
            "ib_if": list(defaults.ib_if),
            "master_port": defaults.master_port,
            "name": defaults.name,
            "image": defaults.image,
            "env": {**defaults.environment.plain, **named},
        }
    )


def _link(link: Link) -> Plain:
    ends = [f"{end.host}:{end.netdev}" for end in link.ends]
    subnet = str(link.subnet) if link.subnet else None
    return {"ends": ends, **_filled({"subnet": subnet, "proved": link.proved or None})}
