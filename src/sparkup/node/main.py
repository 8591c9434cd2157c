"""The program that looks after launches on a host; `python3 node.pyz VERB --root DIR ...`.

start                       start the rank that standard input describes (rank.py)
stop NAME                   end all of a launch and say what it took (stop.py)
watch NAME                  follow a launch as JSON lines (watch.py)
logs NAME                   copy its log; 69: there was never one (logs.py)
ready NAME                  look once: 0 ready, 75 not yet, 70 it has ended (ready.py)
                            (all that take a NAME: 77 if the launch is another user's)
ask NAME                    send one real request (ask.py)
exec NAME -- CMD            run a command in its environment (tasks.py)
guard -- CMD · hold FILE    tie a command, or a lock, to the life of our standard input (tasks.py)
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from . import ask, logs, rank, ready, state, stop, tasks, watch

ON_A_LAUNCH = frozenset({"stop", "watch", "logs", "ready", "ask", "exec"})
NOT_PERMITTED = 77  # the launch is another user's
STATUSES = {ready.READY: 0, ready.NOT_YET: 75, ready.ENDED: 70}


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs; `launch` is its name."""
    top = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    top.add_argument("verb")
    top.add_argument("launch", nargs="?", default="")
    top.add_argument("--root", default=os.path.expanduser("~/.local/state/sparkup"))
    top.add_argument("--attempt", default="")
    top.add_argument("--follow", action="store_true")
    top.add_argument("--since", type=float)
    top.add_argument("--patience", type=float)
    top.add_argument("--tail", type=int)
    top.add_argument("--from-ready", action="store_true")
    top.add_argument("--question", default="")
    top.add_argument("--max-tokens", type=int, default=1)
    top.add_argument("--timeout", type=float, default=60.0)
    return top


def answer(value: state.Json) -> None:
    """Print what a verb found, as one JSON line."""
    sys.stdout.write(json.dumps(value) + "\n")


def ask_once(root: str, name: str, words: argparse.Namespace) -> int:
    """Send a canary or a question."""
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    found = state.read(os.path.join(folder, "rank.json"))
    if spec is None or not state.lives(found):
        answer({"ok": False, "problem": f"no launch {name} runs here"})
        return tasks.NOT_RUNNING
    server = ask.of(spec, found, words.timeout)
    asked = words.question
    reply = ask.question(server, asked, words.max_tokens) if asked else ask.canary(server)
    answer(reply)
    return 0 if reply["ok"] else ask.FAILED


def answered(status: int, value: state.Json) -> int:
    """Print a verb's answer and return its status."""
    answer(value)
    return status


def wanted(words: argparse.Namespace) -> logs.Wanted:
    """Return what of a log is asked for."""
    since = words.since
    if since is not None and since < 0:
        since += time.time()  # so long ago by the clock that the log was written by
    return logs.Wanted(words.follow, since, words.tail, words.from_ready)


def run(words: argparse.Namespace, command: list[str]) -> int:
    """Carry out one verb."""
    root, name = words.root, words.launch
    if words.verb in ON_A_LAUNCH:
        problem = state.refusal(root, name)
        if problem:
            sys.stderr.write(problem + "\n")
            return NOT_PERMITTED
    if words.verb == "ready":
        verdict = ready.once(root, name)
        return answered(STATUSES[verdict["state"]], verdict)
    verbs = {
        "start": lambda: answered(*rank.main(root)),
        "stop": lambda: answered(*stop.stop(root, name, words.attempt, words.patience)),
        "watch": lambda: watch.main(root, name, words.attempt),
        "logs": lambda: logs.main(root, name, wanted(words)),
        "ask": lambda: ask_once(root, name, words),
        "exec": lambda: tasks.enter(root, name, command),
        "guard": lambda: tasks.guard(command),
        "hold": lambda: tasks.hold(name),
    }
    if words.verb not in verbs:
        sys.stderr.write(__doc__ or "")
        return 2
    return verbs[words.verb]()


def main(argv: list[str] | None = None) -> int:
    """Run the verb of a command line; what follows `--` is never looked at."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    return run(parser().parse_args(words[:cut]), words[cut + 1 :])
