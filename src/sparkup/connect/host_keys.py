"""Keys of hosts that SSH does not know yet: what they are, and writing down those that are trusted."""

import os
import stat
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkup.commands.ssh import known
from sparkup.connect.client import call
from sparkup.connect.master import LOGIN, QUICK, Options, client_for
from sparkup.connect.refusals import accepting, refusal
from sparkup.domain.host import Host
from sparkup.errors import Problem
from sparkup.facts.identity import fingerprint

LAX = {"false", "no", "off"}  # StrictHostKeyChecking: a key that is not known will do as well
STRICT = {"true", "yes"}  # StrictHostKeyChecking: nothing is added but by the user


@dataclass(frozen=True, slots=True)
class HostKey:
    """The key of a host that SSH does not know: `lines` are what SSH would write down of it, in `file`."""

    host: Host  # it, or one on the way there (ProxyJump)
    kind: str
    fingerprint: str
    lines: str
    file: Path
    may_be_added: bool  # else the user's configuration forbids it, or names no such file

    def problem(self, of: Host, config: str) -> Problem:
        """Return what is wrong with a host that cannot be reached for it, and how the key is taken."""
        whose = "the host's key" if of == self.host else f"the key of {self.host.name}, on the way there,"
        message = f"{whose} is not known yet: {self.kind} {self.fingerprint}"
        return Problem("host-key-unknown", message, of.name, accepting(self.host, config))


Trusts = Callable[[Sequence[HostKey]], Awaitable[bool]]


async def unknown_key(host: Host, options: Options) -> HostKey | None:
    """Ask a host for its key, offering no login; where a host on the way is not known, that one.

    None for one that tells no key now.
    """
    client, config = await client_for(host, options)
    with tempfile.TemporaryDirectory(prefix="key-", dir=Path(client.socket).parent) as folder:
        file = Path(folder, "known")
        await call(client.hail(str(file)), options.connect_timeout + LOGIN)
        if key := _told(host, file, config):
            return key
    for jump in _jumps(config.get("proxyjump", "none")):
        client, _ = await client_for(jump, options)
        words = (await call(client.hail(), options.connect_timeout + LOGIN)).stderr
        if refusal(jump, words).code == "host-key-unknown":
            return await unknown_key(jump, options)
    return None


async def known_keys(host: Host, options: Options) -> frozenset[str]:
    """Return the keys ("TYPE BASE64") of a host that SSH knows; none where it would take others as well."""
    _, config = await client_for(host, options)
    if config.get("stricthostkeychecking") in LAX:
        return frozenset()
    name, port = config.get("hostname", host.address), config.get("port", "22")
    called = config.get("hostkeyalias") or (name if port == "22" else f"[{name}]:{port}")
    files = f"{config.get('userknownhostsfile', '')} {config.get('globalknownhostsfile', '')}"
    lines = [
        line.split()
        for file in _files(files)
        for line in (await call(known(called, str(file)), QUICK)).stdout.splitlines()
    ]
    return frozenset(" ".join(words[1:3]) for words in lines if len(words) > 2 and words[0][0] not in "#@")


def _told(host: Host, file: Path, config: Mapping[str, str]) -> HostKey | None:
    lines = file.read_text(encoding="utf-8") if file.exists() else ""
    if not lines:
        return None
    _, kind, key = lines.split()[:3]
    target = _file(config.get("userknownhostsfile", ""))
    may = config.get("stricthostkeychecking") not in STRICT and _keeps(target)
    shown = kind.removeprefix("ssh-").removeprefix("ecdsa-sha2-").upper()
    return HostKey(host, shown, fingerprint(f"{kind} {key}"), lines, target, may)


def _files(words: str) -> list[Path]:
    return [Path(word).expanduser() for word in words.split()]


def _file(words: str) -> Path:
    """Return the first of the files that `ssh -G` names; Path() where it is unclear: it leaves quotes out."""
    files = _files(words)
    return files[0] if files and all(file.is_absolute() for file in files) else Path()


def _keeps(file: Path) -> bool:
    """Say whether a file keeps what is added to it: /dev/null does not."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        return isinstance(error, FileNotFoundError)


def _jumps(words: str) -> list[Host]:
    """Return the hosts of a ProxyJump, each with those before it."""
    hops = [] if words == "none" else words.split(",")
    return [
        Host(hop, hop if "://" in hop else f"ssh://{hop}", ",".join(hops[:at])) for at, hop in enumerate(hops)
    ]


def write_down(keys: Sequence[HostKey]) -> Mapping[Path, str]:
    """Add keys to the files of known hosts of this user, as SSH writes them; return which fail, and why."""
    failed = {}
    for file in dict.fromkeys(key.file for key in keys):
        lines = "".join(key.lines for key in keys if key.file == file)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(file, "a+b", opener=lambda name, flags: os.open(name, flags, 0o600)) as known:
                known.seek(max(0, known.seek(0, os.SEEK_END) - 1))
                whole = known.read() in (b"", b"\n")
                known.write(("" if whole else "\n").encode() + lines.encode())
        except OSError as error:
            failed[file] = error.strerror or str(error)
    return failed
