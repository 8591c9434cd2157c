"""Run other programs for a caller: in a launch's environment, tied to the caller's life, or under a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time

from . import processes, rank, state
from .watch import Hangup

NOT_RUNNING, BUSY, NO_LOCK = 69, 75, 73


def enter(root: str, name: str, argv: list[str]) -> int:
    """Become a command with the environment and folder of a launch's first process."""
    folder = state.folder(root, name)
    found = state.read(os.path.join(folder, "rank.json"))
    spec = state.read(os.path.join(folder, "spec.json")) or {}
    if not state.lives(found, "child"):
        sys.stderr.write(f"no launch {name} runs here\n")
        return NOT_RUNNING
    records = state.environment(int((found or {})["child"])).split(b"\0")
    env = dict(record.split(b"=", 1) for record in records if b"=" in record)
    for inherited in (b"TERM", b"LANG", b"SSH_TTY"):  # of this terminal, not of the launch
        value = os.environb.get(inherited)
        if value is not None:
            env[inherited] = value
    env.pop(state.MARK.encode(), None)  # a visitor is not part of the launch: stop must not end it
    with contextlib.suppress(OSError):
        os.chdir(spec.get("cwd") or os.path.expanduser("~"))
    try:
        os.execvpe(argv[0], argv, env)
    except FileNotFoundError:
        sys.stderr.write(f"{argv[0]}: command not found\n")
        return 127
    except OSError as error:
        why = "not executable" if isinstance(error, PermissionError) else error.strerror
        sys.stderr.write(f"{argv[0]}: {why}\n")
        return 126


def guard(argv: list[str]) -> int:
    """Run a command that must not outlive its caller: when our standard input ends, so does all of it."""
    processes.prctl(processes.PR_SET_CHILD_SUBREAPER, 1)
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127
    hangup = Hangup()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: setattr(hangup, "happened", True))
    while child.poll() is None and not hangup.happened:
        hangup.wait(0.1)
    if child.poll() is None:
        rank.end(lambda: state.descendants(os.getpid()), rank.TREE_GRACE, time.sleep)
        child.poll()
        return 130
    return 128 - child.returncode if child.returncode < 0 else child.returncode


def hold(path: str) -> int:
    """Hold a lock until our standard input ends; says "held", or exits when somebody else holds it."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return BUSY
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return NO_LOCK
    sys.stdout.write("held\n")
    sys.stdout.flush()
    hangup = Hangup()
    while not hangup.happened:
        hangup.wait(60)
    return 0
