"""Who has the ports of a host, from /proc/net/tcp and /proc/net/udp, and the processes' files."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, files, links, whole

LISTEN = "0A"  # the state column, include/net/tcp_states.h
BOUND = "07"  # of UDP: it has a port and takes from everybody; what talks to one address alone is "01"
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
UDP_TABLES = ("/proc/net/udp", "/proc/net/udp6")


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket of TCP, or one of UDP that has a port."""

    port: int
    inode: int


def parse_table(text: str, state: str = LISTEN) -> tuple[Listener, ...]:
    """Read /proc/net/tcp, udp or its 6, proc_pid_net(5): the second column is ADDRESS:PORT in hexadecimal."""
    rows = (line.split() for line in text.splitlines())
    return tuple(
        Listener(int(row[1].rpartition(":")[2], 16), int(row[9]))
        for row in rows
        if len(row) > 9 and row[3] == state
    )


def parse(answers: Answers) -> tuple[Listener, ...]:
    """Read the answers to LISTENERS."""
    texts = answers["tables"]["files"].values()
    return tuple(listener for text in texts for listener in parse_table(text))


def parse_datagrams(answers: Answers) -> tuple[Listener, ...]:
    """Read the answers to DATAGRAMS."""
    texts = answers["tables"]["files"].values()
    return tuple(listener for text in texts for listener in parse_table(text, BOUND))


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


def _of_sockets(answers: Answers) -> Answers:
    """Record the names of those processes alone that have sockets."""
    sockets, files = answers["sockets"]["links"], answers["names"]["files"]
    wanted = {f"{path.partition('/fd/')[0]}/comm" for path in sockets}  # /proc/PID/fd/3
    names = {path: name for path, name in files.items() if path in wanted}
    return {"sockets": answers["sockets"], "names": {"files": names, "owners": {}}}


LISTENERS = Fact(
    "listeners",
    # Who talks to whom stays on the host: "  0: 0100007F:1F40 00000000:0000 0A ..."
    {"tables": files(*TABLES, max_bytes=4 << 20, keep=rf" *\d+: \S+ \S+ {LISTEN} ")},
    parse,
    recorded=whole,
)
DATAGRAMS: Fact[tuple[Listener, ...]] = Fact(
    "datagrams",
    {"tables": files(*UDP_TABLES, max_bytes=4 << 20, keep=rf" *\d+: \S+ \S+ {BOUND} ")},
    parse_datagrams,
    unknown=(),
    recorded=whole,
)
# Asked with all the rest, taken port or not: reading ten thousand links takes the host less time than
# a second round trip to it, and only those of sockets travel.
HOLDERS: Fact[dict[int, str]] = Fact(
    "holders",
    {
        "sockets": links("/proc/[0-9]*/fd/[0-9]*", keep="socket:"),
        "names": files("/proc/[0-9]*/comm", max_bytes=64),
    },
    parse_holders,
    unknown={},
    recorded=_of_sockets,
)
