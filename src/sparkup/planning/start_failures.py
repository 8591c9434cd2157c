"""Why the program on a host did not start a rank, as a problem that a user can act on."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sparkup.commands.node import NAME_TAKEN
from sparkup.domain.backend import Backend
from sparkup.domain.command import Result
from sparkup.domain.host import follow_up
from sparkup.domain.launch import Launch
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError, WorkFailed
from sparkup.planning.container_failures import refused
from sparkup.planning.parallel import no_ray

# What docker says when its daemon dies while it is at work.
DIED = re.compile(r"error during connect|\bEOF\b|[Cc]annot connect")


def not_started(result: Result, launch: Launch, host: str) -> SparkupError | None:
    """Read the answer of node/start.py to a start that was not; None for what is no such answer."""
    try:
        answer = json.loads(result.stdout.splitlines()[-1])
        code, message = answer["error"], answer.get("message", "")
    except (ValueError, LookupError, TypeError):
        return None
    if result.status == NAME_TAKEN:
        return GateRefused(_held(code, answer, launch, host))
    if code == "command-not-found" and launch.backend is Backend.RAY and message.startswith("ray: "):
        where = f"the image {launch.container.image}" if launch.container else "the PATH of the rank"
        return GateRefused(no_ray(where, host))
    if code == "container-failed":
        error = refused(message, launch, host)
        return _left_behind(error, launch) if answer.get("silent") else error
    return _as_process(code, message, host)


def _as_process(code: str, message: str, host: str) -> SparkupError:
    if code == "command-not-found":
        hint = "check the spelling; the program must be on the PATH there, in a container in the image"
        return InputRefused(Problem(code, f"could not be started: {message}", host, hint))
    if code == "system-refused":
        hint = "see what the host has left, of processes, memory and open files"
        return WorkFailed(Problem(code, f"nothing was started: {message}", host, hint))
    if code == "unsafe-folder":
        hint = "name a folder of your own with SPARKUP_STATE_DIR, or mend who owns it and who may write it"
        return GateRefused(Problem(code, f"the state cannot be kept there: {message}", host, hint))
    full = "No space left" in message or "quota" in message.lower()
    hint = "free some disk space" if full else "see who may write"
    hint = f"{hint} where sparkup keeps its state, then start again"
    return WorkFailed(Problem(code, f"the log cannot be written: {message}", host, hint))


def _left_behind(error: SparkupError, launch: Launch) -> WorkFailed:
    """Return what ended a start whose container may be there: as a work that failed it is undone."""
    hint = f"see that {launch.engine} works there"
    return WorkFailed(
        *(
            replace(each, code="no-engine", hint=hint, details=()) if DIED.search(each.message) else each
            for each in error.problems
        )
    )


def _held(code: str, answer: Mapping[str, Any], launch: Launch, host: str) -> Problem:
    """Say what another launch has taken since we looked."""
    if code == "port-taken":
        port = answer.get("port", launch.port)
        option = "--master-port" if port == launch.meets else "--port"
        hint = f"start again: another port is chosen then, unless you choose one with {option}"
        return Problem(code, f"port {port} is the launch {answer['launch']}'s", where=host, hint=hint)
    hint = f"choose another with --name, or: {follow_up('stop', launch.name, host)}"
    return Problem(code, f"{launch.name} is already the name of a launch", where=host, hint=hint)
