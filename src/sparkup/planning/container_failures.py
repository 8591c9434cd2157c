"""What a container engine says when it cannot start a container, as a problem that a user can act on."""

import re

from sparkup.domain.launch import Launch
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError, WorkFailed
from sparkup.planning.container_faults import KNOWN

PREFIX = re.compile(r"^(docker|Error|Error response from daemon): (Error response from daemon: )?")
NOISE = re.compile(r"^(See '|Run '|WARNING: |time=\"\S+\" level=)")  # what stands around an engine's reason
UNREAD = "is not to be read in here"  # what node/inside.py says of its folder
INPUT = frozenset({"bad-option", "command-not-found", "image-not-found", "mount-not-found"})


def refused(message: str, launch: Launch, host: str) -> SparkupError:
    """Return the error for a container that did not start; `message` is the engine's own."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and not NOISE.match(line)]
    reason = next((line for line in lines if PREFIX.match(line)), lines[-1] if lines else "")
    said = PREFIX.sub("", reason) or "it ended at once and said nothing"
    what = f"{launch.engine} could not start {launch.name}: {said}"
    for pattern, code, advice in KNOWN:
        if found := re.search(pattern, message, re.MULTILINE):
            option = found[1] if "{1}" in advice else ""
            hint = advice.replace("{1}", option).replace("docker ", f"{launch.engine} ")
            problem = Problem(code, what, host, hint)
            return InputRefused(problem) if code in INPUT else GateRefused(problem)
    if UNREAD in message:
        return _unread(what, launch, host)
    details = tuple(line for line in lines if line != reason)[-20:]
    hint = f"try it by hand: {launch.engine} run --rm {launch.container.image if launch.container else ''}"
    if _limited(launch):
        hint = f"its limits of memory or tasks may be too small to begin with; {hint}"
    return WorkFailed(Problem("container-failed", what, host, hint, details))


def _unread(what: str, launch: Launch, host: str) -> SparkupError:
    """Say why root in a container could not read the launch's folder, which is another user's."""
    must = "root in the container must read what is yours"
    for word in launch.container.extra if launch.container else ():
        option = word.partition("=")[0]
        if option in ("--cap-drop", "--userns"):
            words = "ALL and DAC_OVERRIDE of --cap-drop" if option == "--cap-drop" else option
            hint = f"{must}: leave {words} out of --engine-args"
            return InputRefused(Problem("bad-option", what, host, hint))
    hint = (
        f"{must}: where the disk maps root (NFS), keep the state on another with SPARKUP_STATE_DIR; "
        "where docker does (userns-remap), add --engine-args '--userns host'"
    )
    return WorkFailed(Problem("container-failed", what, host, hint))


def _limited(launch: Launch) -> bool:
    """Say whether a container is held to what may end it before anybody can say why."""
    words = launch.container.extra if launch.container else ()
    return any(word.startswith(("--memory", "-m", "--pids-limit")) for word in words)
