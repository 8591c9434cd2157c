"""Be the parent of a rank: keep its log, record its end, end its whole tree.

The same on a host, where it belongs to no terminal and no SSH session (start.py), and as the first
process of a container (inside.py).
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import subprocess
import threading
import time
from importlib import import_module
from typing import Any, Callable

from . import state
from .guard import Guard
from .log import Log
from .look import NOT_YET, READY, Record
from .peers import KEY
from .processes import FAILED, PR_SET_CHILD_SUBREAPER, Place, Processes, prctl
from .together import Together

EXHAUSTED = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)  # of processes, memory, files
GRACE = 20.0  # seconds from SIGTERM to the whole tree; vLLM needs 2, a headless rank up to 15
AGAIN = 5.0  # seconds to the next SIGTERM: vLLM loses one that comes while it starts
TREE_GRACE = 5.0  # seconds from SIGTERM to SIGKILL for what the first process left behind


def problem(code: str, error: Exception) -> state.Json:
    """Return why nothing was started, as an answer."""
    if isinstance(error, OSError) and error.errno in EXHAUSTED:
        code = "system-refused"
    if isinstance(error, OSError) and error.strerror:
        file = error.filename
        name = file.decode("utf-8", "replace") if isinstance(file, bytes) else file
        return {"error": code, "message": f"{name}: {error.strerror}" if name else error.strerror}
    return {"error": code, "message": str(error)}


def detach() -> None:
    """Leave the caller's session, terminal, folder and standard streams."""
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.chdir("/")
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # what the engine's processes leave behind becomes ours


def supervise(
    place: Place,
    spec: state.Json,
    secrets: dict[str, str],
    log: Log,
    tell: Callable[[state.Json], None],
) -> int:
    """Start the rank, stay until all of it has ended, return its status.

    `tell` is called once, with {} when the rank runs, else with what kept it from that.
    """
    asked: list[int] = []
    wake = hear(asked)
    output, write = os.pipe2(os.O_CLOEXEC)
    processes = Processes(place, spec, secrets, write)
    if name := processes.lacks():
        tell({"error": "command-not-found", "message": name + ": not found"})
        return 127
    try:
        child = processes.start()
    except FAILED as error:
        tell(problem("command-not-found", error))
        return 127
    try:
        rank = Rank(processes, child, Record(place.folder), log)
    except OSError as error:
        child.kill()
        tell(problem("log-not-writable", error))
        return 1
    tell({})
    together = Together(place.folder, spec, secrets.get(KEY, ""))
    guard = Guard(spec.get("guard"), log.write)
    follow = Follower(rank, output, wake, guard, together)
    status = follow.until_end(asked, float(spec.get("grace", GRACE)))
    together.ended(status)
    write_end(place.folder, status, bool(asked), follow)
    log.close()
    return status


def write_end(folder: str, status: int, asked: bool, follow: Follower) -> None:  # noqa: FBT001
    """End what the first process left behind, and record how all of it ended."""
    leftover = end(lambda: state.descendants(os.getpid()), TREE_GRACE, follow.pump)
    follow.drain()
    ended = {
        "status": status,
        "asked": asked and not follow.because,
        "because": follow.because,
        "at": time.time(),
        "lost_log": follow.log.lost,
        "short_of_memory": follow.guard.ended,
        "limit_reached": follow.guard.limit_reached(),
        "left": sorted(leftover),
    }
    with contextlib.suppress(OSError):  # a full disk: then the rank counts as lost
        state.write(os.path.join(folder, "exit.json"), ended)


class Rank:
    """A rank at one of its processes; raises OSError where it cannot be written down."""

    def __init__(
        self, processes: Processes, child: subprocess.Popen[bytes], record: Record, log: Log
    ) -> None:
        self.processes, self.child, self.record, self.log = processes, child, record, log
        self.began()

    def began(self) -> None:
        """Write down the present process; when it is the last one, its readiness is judged."""
        identity, place = self.processes.note(self.child), self.processes.place
        if not self.processes.left:
            begin_judging(place.folder, self.processes.spec, identity, self.record, self.log)

    def next(self) -> int | None:
        """Go on to the next process; return the status of one that cannot be started."""
        try:
            self.child = self.processes.start()
            self.began()
        except FAILED as error:
            self.log.write((problem("", error)["message"] + "\n").encode("utf-8", "replace"))
            return 127
        return None


def hear(asked: list[int]) -> int:
    """Note signals that ask for an end; return a file that can be read when one comes or a child ends."""
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: asked.append(got))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake_read


def begin_judging(folder: str, spec: state.Json, rank: state.Json, record: Record, log: Log) -> None:
    """Judge in the background, for all who look at the folder, whether the rank is ready.

    A thread, as it cannot outlive us and is no process that could be taken for one of the rank's.
    """
    if spec.get("ready", "none") == "none":
        record.put({"state": READY})
        return

    def judge() -> None:
        try:
            ready = import_module(".ready", __package__)  # here: its HTTP would hold up the start
            ready.Judge(folder, spec, rank).until_ready(record, lambda: log.size)
        except Exception as error:  # noqa: BLE001 - a Python without ssl, a zip that is gone: say it
            record.put({"state": NOT_YET, "problem": f"{type(error).__name__}: {error}"})

    threading.Thread(target=judge, daemon=True).start()


class Follower:
    """Copies the output of a rank to its log while it waits for the rank's end."""

    def __init__(self, rank: Rank, output: int, wake: int, guard: Guard, together: Together) -> None:
        self.rank, self.output, self.wake, self.guard, self.together = rank, output, wake, guard, together
        self.folder, self.log = rank.processes.place.folder, rank.log
        self.because = ""  # why we ended it although nobody had asked us
        self.open = True

    def until_end(self, asked: list[int], grace: float) -> int:
        """Return the rank's exit status as a shell counts it; end it when we, or its folder, are told to."""
        begun, again = 0.0, 0.0  # when we were told, and when to tell the rank next
        while True:
            status = self.rank.child.poll()
            if status == 0 and self.rank.processes.left and not asked:
                status = self.rank.next()
            if status is not None:
                return 128 - status if status < 0 else status
            now = time.monotonic()
            if not asked:
                self.ask(asked)
            if asked and now >= again:
                begun, again = begun or now, now + AGAIN
                self.rank.child.terminate()
            if asked and now > begun + grace:
                self.rank.child.kill()
            self.guard.look(self.rank.child)
            self.pump(0.5)

    def ask(self, asked: list[int]) -> None:
        """Note that the rank is to end, where its folder says so or the launch is over on other hosts."""
        over = self.together.look()
        if over:
            self.because = over
            self.log.write(("sparkup: ending this rank: %s\n" % over).encode("utf-8", "replace"))
        if over or state.asked_to_end(self.folder):
            asked.append(signal.SIGTERM)

    def pump(self, timeout: float) -> None:
        """Copy what there is, or wait for something to happen."""
        watched = [self.wake, *self.together.files(), *([self.output] if self.open else [])]
        ready = select.select(watched, [], [], timeout)[0]
        self.together.heed()
        if self.wake in ready:
            os.read(self.wake, 4096)
        if self.output in ready:
            data = os.read(self.output, 1 << 16)
            if data:
                self.log.write(data)
            else:
                self.open = False
        reap(self.rank.child.pid)

    def drain(self) -> None:
        """Copy what is still in the pipe; somebody may hold its other end for ever."""
        os.set_blocking(self.output, False)
        with contextlib.suppress(OSError):
            while self.open:
                data = os.read(self.output, 1 << 16)
                if not data:
                    return
                self.log.write(data)


def reap(child: int) -> None:
    """Collect orphans that became ours; the first process is left to its Popen."""
    for pid in state.children(os.getpid()):
        if pid != child:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def end(members: Callable[[], Any], grace: float, wait: Callable[[float], None]) -> list[int]:
    """End processes: SIGTERM, after `grace` seconds SIGKILL; return those that still live."""
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        told: dict[int, bool] = {}
        while True:
            left = members()
            if not left:
                return []
            for pid in left - set(told):  # those that were born meanwhile are told as well
                told[pid] = True
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
            if time.monotonic() > deadline:
                break
            wait(0.05)
    return sorted(members())
