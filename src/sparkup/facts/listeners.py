"""Who listens on the TCP ports of a host, from /proc/net/tcp and, when asked, the processes' files."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, files, links

LISTEN = "0A"  # the state column, include/net/tcp_states.h
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket; `holder` is "name (pid N)" where we are allowed to see it."""

    address: str
    port: int
    inode: int
    holder: str = ""


def parse_table(text: str) -> tuple[Listener, ...]:
    """Read /proc/net/tcp or tcp6: addresses are words in the host's byte order, here little-endian."""
    rows = (line.split() for line in text.splitlines()[1:])
    return tuple(
        Listener(_address(row[1].rpartition(":")[0]), int(row[1].rpartition(":")[2], 16), int(row[9]))
        for row in rows
        if len(row) > 9 and row[3] == LISTEN
    )


def _address(text: str) -> str:
    words = [text[i : i + 8] for i in range(0, len(text), 8)]
    return str(ip_address(b"".join(bytes.fromhex(word)[::-1] for word in words)))


def parse(answers: Answers) -> tuple[Listener, ...]:
    """Read the answers to LISTENERS."""
    texts = answers["tables"]["files"].values()
    return tuple(listener for text in texts for listener in parse_table(text))


def parse_holders(answers: Answers) -> dict[int, str]:
    """Read the answers to HOLDERS: the process behind each socket inode."""
    names = answers["names"]["files"]
    holders = {}
    for path, target in answers["sockets"]["links"].items():
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            pid = PurePosixPath(path).parts[2]
            name = names.get(f"/proc/{pid}/comm", "").strip() or "a process"
            holders[int(match[1])] = f"{name} (pid {pid})"
    return holders


LISTENERS = Fact("listeners", {"tables": files(*TABLES, max_bytes=4 << 20)}, parse)
# Thousands of links: asked only when a port that we need is taken.
HOLDERS = Fact(
    "holders",
    {"sockets": links("/proc/[0-9]*/fd/[0-9]*"), "names": files("/proc/[0-9]*/comm", max_bytes=64)},
    parse_holders,
)
