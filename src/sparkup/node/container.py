"""Start a rank in a container with the engine's own command line, and end what is left of one.

A container is found by the label of its attempt: its name may be another's by now. `rank.json` names
the first process as the host numbers it; `inside.json` says the same for those who are in there. Until
there is a first process, `rank.json` names us, who start it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from typing import Sequence

from . import state
from .look import Record
from .rank import problem

ENGINES = ("docker", "podman")
ANSWERING = 10.0  # seconds for an engine to say what there is
REMOVING = 30.0  # to remove a container, which may be large; or to let go of what was paused
STARTING = 150.0  # until the rank runs in its container: images and Python come from a cold disk
LAST_WORD = 20.0  # for what an engine has begun, once that is to be taken back
# The small init that comes with an engine, and where it looks for that.
INIT = {
    "docker": ("docker-init", ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")),
    "podman": (
        "catatonit",
        ("/usr/libexec/podman", "/usr/local/libexec/podman", "/usr/lib/podman", "/usr/bin"),
    ),
}
# What runc, crun and the engines say of an image in which there is no python3.
NO_PYTHON = re.compile(r"python3\W+(: )?(executable file )?(`.*)?(not found|no such file)", re.IGNORECASE)


class Unanswered(Exception):
    """The engine does not work, or does not let us in."""


class Silent(Unanswered):
    """The engine says nothing at all: what it was told to do it may yet do, when it wakes up."""


class Patience:
    """How long a call may take: so many seconds, and less once we are asked to end."""

    def __init__(self, seconds: float, asked: Sequence[int] = (), last_word: float = LAST_WORD) -> None:
        self.until, self.asked, self.last_word = time.monotonic() + seconds, asked, last_word

    def over(self) -> bool:
        """Say whether it is over."""
        if self.asked:
            self.until, self.asked = min(self.until, time.monotonic() + self.last_word), ()
        return time.monotonic() > self.until


def call(
    argv: list[str], patience: Patience | None = None, secrets: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command line of the engine; secrets go in its environment, where it takes them from.

    Raises Unanswered where there is no engine, Silent when patience (ANSWERING seconds if none is given)
    is over: the client is killed then, and its daemon may go on.
    """
    patience, pipe = patience or Patience(ANSWERING), subprocess.PIPE
    try:
        running = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="surrogateescape",
            env=dict(os.environ, **(secrets or {})),
        )
    except OSError as error:
        raise Unanswered("%s: %s" % (argv[0], error.strerror)) from None
    with running:
        while True:
            try:
                out, err = running.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if patience.over():
                    running.kill()
                    raise Silent("%s does not answer (asked to %s)" % (argv[0], argv[1])) from None
            else:
                return subprocess.CompletedProcess(argv, running.returncode, out, err)


def run(folder: str, spec: state.Json, secrets: dict[str, str]) -> state.Json:
    """Start the container; return {} when the rank runs, else what kept it from that, with nothing left.

    Raises Unanswered where there is no engine, Silent when it may yet bring a container up.
    """
    for each in spec["container"]["folders"]:
        with contextlib.suppress(OSError):
            os.makedirs(each, exist_ok=True)  # docker would make it root's; podman does not start without it
    asked = asked_to_end()
    try:
        Record(folder)  # while a full disk can still be told from a fault of the engine
        state.write(
            os.path.join(folder, "rank.json"), dict(state.identity(os.getpid(), os.getpid()), starting=True)
        )
    except OSError as error:
        return problem("log-not-writable", error)
    patience = Patience(STARTING, asked, float(spec.get("last_word", LAST_WORD)))
    done = call(spec["container"]["run"], patience, secrets)
    if done.returncode == 0:
        told = begun(folder, spec, done.stdout.split()[-1], patience, asked)
    else:
        told = {"error": "container-failed", "message": done.stderr.strip(), "status": done.returncode}
    if told:
        with contextlib.suppress(Unanswered):
            remove(spec)
    return told


def asked_to_end() -> list[int]:
    """Return what will hold SIGTERM once `stop` has sent it.

    The engine brings a start to its end even if we do not: only then is what it made to be seen, and
    removed. One that says nothing for LAST_WORD seconds is not waited for any longer.
    """
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    return asked


def begun(folder: str, spec: state.Json, container: str, patience: Patience, asked: list[int]) -> state.Json:
    """Wait until the rank runs in its container, and note where; return {} or why it does not."""
    while not (asked or patience.over()):
        pid = first_process(spec, container, patience)  # before we look: it wrote while it lived
        inside = state.read(os.path.join(folder, "inside.json"))
        ended = state.read(os.path.join(folder, "exit.json"))
        if inside is not None:
            state.write(os.path.join(folder, "rank.json"), identity(pid, container))
            return {}
        if ended is not None:
            return dict(ended.get("problem") or {"error": "container-failed", "message": "it ended at once"})
        if pid == 0:
            return {"error": "container-failed", "message": output(spec, container)}
        time.sleep(0.05)
    why = "it was stopped" if asked else "its first process did not answer"
    return {"error": "container-failed", "message": why}


def identity(pid: int, container: str) -> state.Json:
    """Return what tells this container's first process from any other, ever."""
    return dict(state.identity(pid, next(iter(state.children(pid)), pid)), container=container)


def first_process(spec: state.Json, container: str, patience: Patience | None = None) -> int:
    """Return the host's number of a container's first process, 0 when it does not run."""
    done = call([spec["engine"], "inspect", "--format", "{{.State.Pid}}", container], patience)
    with contextlib.suppress(ValueError):
        return int(done.stdout)
    return 0


def processes(spec: state.Json) -> set[int]:
    """Return what runs in the containers of an attempt but its supervisor; raises Unanswered."""
    firsts = [first_process(spec, each) for each in of(spec, "running")]
    return {each for first in firsts if first for each in state.descendants(first) or {first}}


def create(spec: state.Json, secrets: dict[str, str]) -> state.Json:
    """Make the container of an image that has no Python; return the words that run it, or why not."""
    argv = list(spec["container"]["create"])
    if has_init(spec):
        argv.insert(2, "--init")
    done = call(argv, Patience(STARTING), secrets)
    if done.returncode:
        with contextlib.suppress(Unanswered):
            remove(spec)
        return {"error": "container-failed", "message": done.stderr.strip(), "status": done.returncode}
    return {"argv": [spec["engine"], "start", "--attach", done.stdout.split()[-1]]}


def has_init(spec: state.Json) -> bool:
    """Say whether the engine can put a first process before the command, which passes signals on to it.

    A command that is the first process hears none that it has no handler for. The entrypoint of an
    image may be such a process itself, and want to be the first.
    """
    program, folders = INIT[spec["engine"]]
    there = any(os.access(os.path.join(folder, program), os.X_OK) for folder in folders)
    return there and not spec["container"].get("entrypoint")


def output(spec: state.Json, container: str) -> str:
    """Return the last that a container has printed, both streams as one."""
    done = call([spec["engine"], "logs", "--tail", "20", container])
    return (done.stdout + done.stderr).strip()


def of(spec: state.Json, status: str = "") -> list[str]:
    """Return the containers of an attempt, whatever became of them, or with a status; raises Unanswered."""
    filters = ["--filter", "label=sparkup.attempt=" + spec["attempt"]]
    filters += ["--filter", "status=" + status] if status else []
    done = call([spec["engine"], "ps", "--all", "--quiet", "--no-trunc", *filters])
    if done.returncode:
        raise Unanswered(done.stderr.strip())
    return done.stdout.split()


def up(spec: state.Json) -> bool:
    """Say whether a container of an attempt runs, or rests in the middle of that; raises Unanswered."""
    return bool(of(spec, "running") or of(spec, "paused"))


def stop(spec: state.Json, seconds: float) -> None:
    """Tell the containers of an attempt to end; after so long the engine kills all that is in them."""
    for each in of(spec, "paused"):
        # podman stops none, and what is frozen cannot end
        call([spec["engine"], "unpause", each], Patience(REMOVING))
    for each in of(spec):
        call([spec["engine"], "stop", "--time", "%d" % seconds, each], Patience(seconds + REMOVING))


def remove(spec: state.Json) -> None:
    """Remove the containers of an attempt; raises Unanswered for one that is still there."""
    deadline = time.monotonic() + ANSWERING
    while left := of(spec):
        rm = [spec["engine"], "rm", "--force", "--volumes"]  # those that it alone has; named ones stay
        done = [call([*rm, each], Patience(REMOVING)) for each in left]
        said = "; ".join(filter(None, (each.stderr.strip() for each in done)))
        if time.monotonic() > deadline:
            raise Unanswered(said or "its container is still there: %s" % left[0][:12])
        if said:  # perhaps somebody else is just removing it
            time.sleep(0.2)


def is_one(spec: state.Json | None) -> bool:
    """Say whether a launch runs in a container."""
    return bool(spec) and (spec or {}).get("engine") in ENGINES
