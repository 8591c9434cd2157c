"""The state folder of a launch on this host, and processes as the kernel identifies them.

ROOT/launches/NAME/  spec.json   what to start (secrets only named)
                     rank.json   its supervisor and first process: pid, start time, boot id
                     look.json   what its judge saw last; ready.json: that, when it was ready
                     exit.json   how it ended
                     end         it is to end: for supervisors that no signal reaches
                     log, log.1  its output, the newest first; *.index: "epoch offset" lines
ROOT/past/NAME/      the launch of that name before
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat as modes
import time
from typing import Any, Dict

MARK = "SPARKUP_ATTEMPT"  # in the environment of every process of a launch
Json = Dict[str, Any]
LONGEST = 16 << 20  # bytes of a file that is read


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def refusal(root: str, name: str) -> str:
    """Say why we must not act on a launch, "" if we may.

    What we do follows what the state says: pids to end, folders to move. So all of it must be ours,
    or somebody else would choose whom we end; root is no exception.
    """
    if not NAME.fullmatch(name):
        return f"{name!r} cannot be the name of a launch"
    ours, past = folder(root, name), folder(root, name, past=True)
    for path in (root, os.path.dirname(ours), ours, os.path.dirname(past), past):
        problem = foreign(path, link=path == root)
        if problem:
            return problem
    return ""


def foreign(path: str, *, link: bool = False) -> str:
    """Say why a folder is not only ours, "" if it is or is not there; `link`: or a link to one."""
    try:
        status = os.stat(path) if link else os.lstat(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path}: {error.strerror}"
    if status.st_uid != os.geteuid():
        return f"{path} belongs to another user (uid {status.st_uid})"
    if not modes.S_ISDIR(status.st_mode):
        return f"{path} is no folder"
    return f"everybody may write {path}" if status.st_mode & modes.S_IWOTH else ""


def folder(root: str, name: str, *, past: bool = False) -> str:
    """Return where a launch keeps its state."""
    return os.path.join(root, "past" if past else "launches", name)


def ask_to_end(folder: str) -> None:
    """Tell a launch to end whose supervisor we do not reach: that of a container whose engine hangs."""
    with contextlib.suppress(OSError):
        os.close(opened(os.path.join(folder, "end"), os.O_WRONLY | os.O_CREAT))


def asked_to_end(folder: str) -> bool:
    """Say whether a launch is told to end."""
    return os.path.exists(os.path.join(folder, "end"))


def read(path: str) -> Json | None:
    """Return a JSON file's object, None if there is none (or only half of one)."""
    try:
        with os.fdopen(opened(path), encoding="utf-8") as file:
            value = json.loads(file.read(LONGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def opened(path: str, flags: int = os.O_RDONLY) -> int:
    """Open a file in a launch's folder; raises OSError for what is no regular file.

    Whoever is root in a container writes there as well: a link could lead us to any file of the host, and
    a pipe hold us up.
    """
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not modes.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "is no regular file", path)
    return file


def is_file(path: str) -> bool:
    """Say whether there is a regular file, and no link to one."""
    with contextlib.suppress(OSError):
        return modes.S_ISREG(os.lstat(path).st_mode)
    return False


def write(path: str, value: Json, room: int = 0) -> None:
    """Write a JSON file, whole or not at all; for us alone, as arguments may be private.

    `room`: bytes it is to have at least, for `write_over`.
    """
    temporary = os.path.join(os.path.dirname(path), ".new-" + os.urandom(8).hex())
    handle = opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            give(handle, os.path.dirname(path))
            file.write(json.dumps(value).ljust(room))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_over(path: str, value: Json, room: int) -> None:
    """Write over a JSON file that has that much room.

    One that is mounted in a container must stay the same file: when it is replaced, the kernel takes that
    mount away, and with it what kept the container from writing it.
    """
    file = opened(path, os.O_WRONLY)
    try:
        os.pwrite(file, json.dumps(value).encode().ljust(room), 0)
    finally:
        os.close(file)


def give(file: int, folder: str) -> None:
    """Let a file that root makes in somebody's folder be theirs: root in a container works for a user."""
    owner = os.stat(folder)
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(file, owner.st_uid, owner.st_gid)


def boot_id() -> str:
    """Return the kernel's id of this boot: pids and start times repeat after a reboot."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the third on; None for no process or a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if not fields or fields[0] in ("Z", "X") else fields


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks after boot."""
    fields = stat(pid)
    return int(fields[19]) if fields else None


def lives(rank: Json | None, who: str = "pid") -> bool:
    """Say whether the recorded process still runs: same pid, same start time, same boot."""
    if not rank or rank.get("boot") != boot_id():
        return False
    pid = rank.get(who, -1)
    started = start_time(pid) if isinstance(pid, int) else None
    return started is not None and started == rank.get(who + "_start")


def identity(pid: int, child: int) -> Json:
    """Return what tells a supervisor and its first process from any other, ever."""
    return {
        "pid": pid,
        "pid_start": start_time(pid),
        "child": child,
        "child_start": start_time(child),
        "boot": boot_id(),
        "started": time.time(),
    }


def children(pid: int) -> list[int]:
    """Return the direct children of a process, dead ones too, which `processes` leaves out."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def processes() -> dict[int, int]:
    """Return the parent of every process."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(int(entry))
            if fields:
                parents[int(entry)] = int(fields[1])
    return parents


def descendants(root: int) -> set[int]:
    """Return all processes below one; where it is a subreaper, that is all it ever started."""
    parents = processes()
    below: set[int] = set()
    grew = True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in below or parent == root} - below
        grew = bool(more)
        below |= more
    return below


def marked(attempt: str) -> set[int]:
    """Return the processes whose environment says that they belong to this attempt."""
    mark = (f"{MARK}={attempt}").encode()
    return {pid for pid in processes() if pid != os.getpid() and mark in environment(pid).split(b"\0")}


def environment(pid: int) -> bytes:
    """Return the environment a process was started with, as NUL-ended records."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            return file.read()
    except OSError:
        return b""


def listening(port: int) -> bool:
    """Say whether anything on this host listens on a TCP port."""
    return bool(listening_sockets(port))


def listening_sockets(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on a TCP port (state 0A in /proc/net/tcp)."""
    wanted, found = f"{port:04X}", set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        found |= {row[9] for row in rows if row[3] == "0A" and row[1].rpartition(":")[2] == wanted}
    return found


def holds_port(supervisor: int, port: int) -> bool:
    """Say whether one of the processes below a supervisor listens on a port, as far as it lets us see."""
    wanted = {f"socket:[{inode}]" for inode in listening_sockets(port)}
    if not wanted:
        return False
    below = [open_files(pid) for pid in descendants(supervisor)]
    return any(files is None or wanted & files for files in below)


def open_files(pid: int) -> set[str] | None:
    """Return what a process has open, as its links say; nothing of one that is gone.

    None for one that does not let us see: with other rights than ours, in a container without privileges.
    """
    folder, found = "/proc/%d/fd" % pid, set()
    try:
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                found.add(os.readlink(os.path.join(folder, name)))
    except PermissionError:
        return None
    except OSError:
        pass
    return found


def memory_available() -> int:
    """Return MemAvailable in bytes: the memory that a new process could really have."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0
