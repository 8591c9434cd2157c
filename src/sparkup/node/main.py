"""The program that looks after launches on a host; `python3 node.pyz VERB --root DIR ...`.

start                       start the rank that standard input describes (start.py)
inside NAME                 be the first process of its container (inside.py)
stop NAME                   end all of a launch and say what it took (stop.py)
watch NAME                  follow a launch as JSON lines (watch.py)
logs NAME                   copy its log; 69: there was never one (logs.py, with --timed: timed.py)
ready NAME                  what its judge last saw: 0 ready, 75 not yet, 70 it has ended (look.py)
                            (all that take a NAME: 77 if the launch is another user's)
ask NAME                    send one real request (ask.py)
take                        take the name that standard input describes, for a start to come (taking.py)
keep NAME                   let it go on without who started it (lease.py)
await ADDRESS:PORT          wait until it takes a connection (awaits.py)
joined ADDRESS:PORT         the hosts of a Ray cluster (joined.py)
exec NAME -- CMD            run a command in its environment (tasks.py)
guard -- CMD · hold FILE    tie a command, or a lock, to the life of our standard input (tasks.py)
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Callable

from . import state

ON_A_LAUNCH = frozenset({"stop", "watch", "logs", "ready", "ask", "exec", "keep"})
NOT_PERMITTED = 77  # the launch is another user's
FLAGS = ("follow", "timed", "from_ready")
OPTIONS: dict[str, tuple[Callable[[str], Any], Any]] = {  # type and default of each
    "root": (str, ""),
    "attempt": (str, ""),
    "engine": (str, ""),
    "since": (float, None),
    "patience": (float, None),
    "tail": (int, None),
    "question": (str, ""),
    "max_tokens": (int, 1),
    "timeout": (float, 60.0),
}


class Unknown(Exception):
    """A word of the command line that no verb takes."""


def parsed(argv: list[str]) -> SimpleNamespace:
    """Read VERB [LAUNCH] and options, which argparse would take as long for as all else; raises Unknown."""
    words: dict[str, Any] = dict.fromkeys(FLAGS, False)
    words.update({name: default for name, (_, default) in OPTIONS.items()})
    plain, rest = [], iter(argv)
    for word in rest:
        name = word[2:].replace("-", "_")
        if not word.startswith("--"):
            plain.append(word)
        elif name in FLAGS:
            words[name] = True
        elif name in OPTIONS:
            words[name] = OPTIONS[name][0](next(rest, ""))
        else:
            raise Unknown(word)
    verb, launch, *more = [*plain, "", ""]
    if any(more):
        raise Unknown(more[0])
    root = words["root"] or os.path.expanduser("~/.local/state/sparkup")
    return SimpleNamespace(**dict(words, root=root), verb=verb, launch=launch)


def answered(status: int, value: state.Json) -> int:
    """Print what a verb found, as one JSON line; return its status."""
    sys.stdout.write(json.dumps(value) + "\n")
    return status


def module(name: str) -> Any:
    """Import what a verb needs and others do not: that takes up to half of their time."""
    return import_module("." + name, __package__)


def logs(root: str, name: str, words: SimpleNamespace) -> int:
    """Copy of a log what is asked for."""
    there, since = module("logs"), words.since
    if since is not None and since < 0:
        since += time.time()  # so long ago by the clock that the log was written by
    wanted = there.Wanted(words.follow, since, words.tail, words.from_ready)
    if words.timed:
        return int(module("timed").main(root, name, wanted, words.attempt))
    return int(there.main(root, name, wanted, words.attempt))


def run(words: SimpleNamespace, command: list[str]) -> int:
    """Carry out one verb."""
    root, name = words.root, words.launch
    if words.verb in ON_A_LAUNCH:
        problem = state.refusal(root, name)
        if problem:
            sys.stderr.write(problem + "\n")
            return NOT_PERMITTED
    verbs: dict[str, Callable[[], int]] = {
        "start": lambda: answered(*module("start").main(root)),
        "inside": lambda: module("inside").main(root, name, words.attempt),
        "stop": lambda: answered(
            *module("stop").stop(root, name, words.attempt, words.patience, words.engine)
        ),
        "watch": lambda: module("watch").main(root, name, words.attempt),
        "logs": lambda: logs(root, name, words),
        "ready": lambda: answered(*module("look").once(root, name)),
        "ask": lambda: answered(*module("ask").once(root, name, words)),
        "take": lambda: answered(*module("taking").take(root)),
        "keep": lambda: answered(*module("lease").keep(state.folder(root, name), words.attempt)),
        "await": lambda: module("awaits").main(name),
        "joined": lambda: module("joined").main(name),
        "exec": lambda: module("tasks").enter(root, name, command),
        "guard": lambda: module("tasks").guard(command),
        "hold": lambda: module("tasks").hold(name),
    }
    if words.verb not in verbs:
        sys.stderr.write(__doc__ or "")
        return 2
    return verbs[words.verb]()


def main(argv: list[str] | None = None) -> int:
    """Run the verb of a command line; what follows `--` is never looked at."""
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    try:
        told = parsed(words[:cut])
    except (Unknown, ValueError) as error:
        sys.stderr.write("%s\n%s" % (error, __doc__))
        return 2
    return run(told, words[cut + 1 :])
