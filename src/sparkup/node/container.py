"""Start a rank in a container with the engine's own command line, and end what is left of one.

A container is found by the label of its attempt: its name may be another's by now. `rank.json` names
the first process as the host numbers it; `inside.json` says the same for those who are in there. Until
there is a first process, `rank.json` names us, who start it.
"""

from __future__ import annotations

import contextlib
import os
import re
import time

from . import state
from .engine import ANSWERING, ENGINES, LAST_WORD, Patience, Silent, Unanswered, ask, asked_to_end, call
from .handing import STARTING, Offer
from .look import Record
from .peers import KEY
from .rank import problem

REMOVING = 30.0  # seconds to remove a container, which may be large; or to let go of what was paused
NO_PYTHON_THERE = "no python3 is on the PATH in there"
UNFIT_THERE = "its python3 is too old or incomplete (3.8 needed)"
# The volumes that it alone has go as well; named ones stay. By itself podman tells it to end, and waits.
REMOVE = {
    "docker": ("rm", "--force", "--volumes"),
    "podman": ("rm", "--force", "--volumes", "--time", "0"),
}
# The small init that comes with an engine, and where it looks for that.
INIT = {
    "docker": ("docker-init", ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")),
    "podman": (
        "catatonit",
        ("/usr/libexec/podman", "/usr/local/libexec/podman", "/usr/lib/podman", "/usr/bin"),
    ),
}
# What runc, crun and the engines say of an image in which there is no python3.
NO_PYTHON = re.compile(
    r"(?<![\w/.-])python3\W+(: )?(executable file )?(`.*)?(not found|no such file)", re.IGNORECASE
)
# What a Python says that is too old for our program, or lacks a part of its library.
UNFIT = re.compile(
    r"^((Syntax|Import|ModuleNotFound|Attribute)Error|zipimport\.ZipImportError|Fatal Python error)\b"
    r"|find '__main__' module|[Uu]nknown option:? -",
    re.MULTILINE,
)
ROOM = 4096  # bytes that rank.json has: it is written over, never replaced


def patience(spec: state.Json) -> Patience:
    """Return how long all of a start may take."""
    return Patience(STARTING, asked_to_end(), float(spec.get("last_word", LAST_WORD)))


def run(folder: str, spec: state.Json, secrets: dict[str, str], patience: Patience) -> state.Json:
    """Start the container; return its `note` when the rank runs, else what kept it from that.

    Then nothing is left, or `silent` says that there may be. `without`: none of ours can run in there, for
    the reason that it names. Raises Unanswered where there is no engine, Silent when it may yet bring a
    container up.
    """
    for each in spec["container"]["folders"]:
        with contextlib.suppress(OSError):
            os.makedirs(each, exist_ok=True)  # docker would make it root's; podman does not start without it
    starter = dict(state.identity(os.getpid(), os.getpid()), starting=True)
    try:
        Record(folder)  # while a full disk can still be told from a fault of the engine
        state.write(os.path.join(folder, "rank.json"), starter, ROOM)
        offer = Offer(folder, secrets.get(KEY, ""))
    except OSError as error:
        return problem("log-not-writable", error)
    ours = {name: value for name, value in secrets.items() if name != KEY}
    with offer.standing():
        return ran(folder, spec, ours, patience)


def ran(folder: str, spec: state.Json, secrets: dict[str, str], patience: Patience) -> state.Json:
    """Let the engine start the container, and wait until its rank runs."""
    done = call(spec["container"]["run"], patience, secrets)
    if done.returncode:
        told = failed(done.stderr.strip())
        # Only here is it our own first process that was not found: a command says so in exit.json.
        told.update({"without": NO_PYTHON_THERE} if NO_PYTHON.search(done.stderr) else {})
    else:
        try:
            told = begun(folder, spec, done.stdout.split()[-1], patience)
        except Silent:
            raise
        except Unanswered as error:
            told = failed(str(error))
    return taken_back(spec, told) if told else {"note": warnings(done.stderr)}


def failed(message: str) -> state.Json:
    """Return why a container could not be started."""
    return {"error": "container-failed", "message": message}


def taken_back(spec: state.Json, told: state.Json) -> state.Json:
    """Remove what a failed start has made; `silent`: it may still be there, the engine being dead."""
    try:
        remove(spec)
    except Unanswered:
        return dict(told, silent=True)
    return told


def warnings(said: str) -> str:
    """Return what an engine that has done its work says against it: a limit that the kernel lacks."""
    return "; ".join(line.strip() for line in said.splitlines() if line.lstrip().startswith("WARNING: "))


def begun(folder: str, spec: state.Json, container: str, patience: Patience) -> state.Json:
    """Wait until the rank runs in its container, and note where; return {} or why it does not."""
    while not (patience.asked or patience.over()):
        pid = first_process(spec, container, patience)  # before we look: it wrote while it lived
        inside = state.read(os.path.join(folder, "inside.json"))
        ended = state.read(os.path.join(folder, "exit.json"))
        if inside is not None:
            state.write_over(os.path.join(folder, "rank.json"), identity(pid, container), ROOM)
            return {}
        if ended is not None:
            return its_own(ended.get("problem"))
        if pid == 0:
            said = output(spec, container)
            told = failed(said or last_of_log(folder) or "it ended at once")
            return dict(told, without=UNFIT_THERE) if UNFIT.search(said) else told
        time.sleep(0.05)
    return failed("it was stopped" if patience.asked else "its first process did not answer")


def its_own(told: object) -> state.Json:
    """Return what the inside says of its end: two words of it, for anybody may have written them."""
    said = told if isinstance(told, dict) else {}
    code, message = said.get("error", "container-failed"), said.get("message", "it ended at once")
    return {"error": str(code), "message": str(message)}


def identity(pid: int, container: str) -> state.Json:
    """Return what tells this container's first process from any other, ever."""
    return dict(state.identity(pid, next(iter(state.children(pid)), pid)), container=container)


def first_process(spec: state.Json, container: str, patience: Patience | None = None) -> int:
    """Return the host's number of a container's first process, 0 when it does not run."""
    done = ask(spec, "inspect", "--format", "{{.State.Pid}}", container, patience=patience)
    with contextlib.suppress(ValueError):
        return int(done.stdout)
    return 0


def processes(spec: state.Json) -> set[int]:
    """Return what runs in the containers of an attempt but its supervisor; raises Unanswered."""
    firsts = [first_process(spec, each) for each in of(spec, "running")]
    return {each for first in firsts if first for each in state.descendants(first) or {first}}


def create(spec: state.Json, secrets: dict[str, str], patience: Patience) -> state.Json:
    """Make the container of an image that has no Python; return the words that run it, or why not.

    Its supervisor is on the host, and so is the key of the beats.
    Raises Silent when the engine may yet make it.
    """
    argv = list(spec["container"]["create"])
    if has_init(spec):
        argv.insert(2, "--init")
    done = call(argv, patience, {name: value for name, value in secrets.items() if name != KEY})
    if done.returncode or patience.asked:
        return taken_back(spec, failed("it was stopped" if patience.asked else done.stderr.strip()))
    words = [spec["engine"], "start", "--attach", done.stdout.split()[-1]]
    return {"argv": words, "note": warnings(done.stderr)}


def has_init(spec: state.Json) -> bool:
    """Say whether the engine can put a first process before the command, which passes signals on to it.

    A command that is the first process hears none that it has no handler for. The entrypoint of an
    image may be such a process itself, and want to be the first.
    """
    program, folders = INIT[spec["engine"]]
    there = any(os.access(os.path.join(folder, program), os.X_OK) for folder in folders)
    return there and not spec["container"].get("entrypoint")


def output(spec: state.Json, container: str) -> str:
    """Return the last that a container has printed, both streams as one; "" where it is not kept."""
    done = ask(spec, "logs", "--tail", "20", container)
    return "" if done.returncode else (done.stdout + done.stderr).strip()


def last_of_log(folder: str) -> str:
    """Return the last lines of a launch's own log."""
    with contextlib.suppress(OSError), os.fdopen(state.opened(os.path.join(folder, "log")), "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - (1 << 12)))
        return "\n".join(file.read(1 << 12).decode("utf-8", "replace").splitlines()[-20:]).strip()
    return ""


def of(spec: state.Json, status: str = "") -> list[str]:
    """Return the containers of an attempt, whatever became of them, or with a status; raises Unanswered."""
    filters = ["--filter", "label=sparkup.attempt=%s" % spec.get("attempt")]
    filters += ["--filter", "status=" + status] if status else []
    done = ask(spec, "ps", "--all", "--quiet", "--no-trunc", *filters)
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
        ask(spec, "unpause", each, patience=Patience(REMOVING))
    for each in of(spec):
        ask(spec, "stop", "-t", "%d" % seconds, each, patience=Patience(seconds + REMOVING))


def remove(spec: state.Json) -> None:
    """Remove the containers of an attempt; raises Unanswered for one that is still there."""
    deadline = time.monotonic() + ANSWERING
    while left := of(spec):
        done = [ask(spec, *REMOVE[spec["engine"]], each, patience=Patience(REMOVING)) for each in left]
        said = "; ".join(filter(None, (each.stderr.strip() for each in done)))
        if time.monotonic() > deadline:
            raise Unanswered(said or "its container is still there: %s" % left[0][:12])
        if said:  # perhaps somebody else is just removing it
            time.sleep(0.2)


def is_one(spec: state.Json | None) -> bool:
    """Say whether a launch runs in a container."""
    return bool(spec) and (spec or {}).get("engine") in ENGINES
