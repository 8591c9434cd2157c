"""Let this host log in to others, and them to it.

Reads one JSON object from standard input and writes one, {"error": text} for what cannot be done:
{"do": "key", "make": true}                            this user's public key: {"key": text, "made": false}
{"do": "trust", "authorized": [...], "known": [...]}   add lines that are missing: {"added": {file: number}}
{"do": "try", "targets": ["user@address", ...]}        log in to each: {"tried": [[status, words], ...]}
Standard library only, Python 3.8.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import json
import os
import pwd
import subprocess
import sys
import time
from typing import Any, Callable, Dict

Json = Dict[str, Any]
AT_ONCE, TRIES = 4, 4  # an sshd drops some of more than ten logins that begin at once (MaxStartups)
DROPPED = ("kex_exchange_identification", "Connection closed by", "Connection reset by")
NAMES = ("id_ed25519", "id_ecdsa", "id_rsa")  # those that a client tries by itself
STRICT = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    "LogLevel=ERROR",
)


def folder() -> str:
    """Return the folder of keys, made if it is not there: where sshd looks, whatever HOME says."""
    path = os.path.join(pwd.getpwuid(os.geteuid()).pw_dir, ".ssh")
    os.makedirs(path, 0o700, exist_ok=True)
    os.chmod(path, 0o700)
    return path


def ran(*argv: str) -> subprocess.CompletedProcess[str]:
    """Run a program that asks nobody."""
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )


def key(body: Json, path: str) -> Json:
    """Return the public key in a folder with which its user logs in without being asked."""
    locked = []
    for name in NAMES:
        file = os.path.join(path, name)
        if os.path.exists(file):
            told = ran("ssh-keygen", "-y", "-P", "", "-f", file)
            if told.returncode == 0:
                return {"key": " ".join(told.stdout.split()[:2]), "made": False}
            locked.append(file)
    if locked:
        return {"error": "%s has a passphrase, or cannot be read" % locked[0]}
    if not body.get("make"):
        return {"error": "this user has no key"}
    file = os.path.join(path, NAMES[0])
    made = ran("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sparkup", "-f", file)
    if made.returncode:
        return {"error": "ssh-keygen: %s" % (made.stderr.strip() or made.returncode)}
    with open(file + ".pub", encoding="utf-8") as public:
        return {"key": " ".join(public.read().split()[:2]), "made": True}


def trust(body: Json, path: str) -> Json:
    """Let keys log in here, and make host keys known."""
    added = {
        "authorized_keys": add(os.path.join(path, "authorized_keys"), body["authorized"], part_of),
        "known_hosts": add(os.path.join(path, "known_hosts"), body["known"], same_as),
    }
    return {"added": added}


def part_of(line: str, text: str) -> bool:
    """Say whether a key is in a file already, whatever options and comments stand beside it."""
    words = line.split()[:2]
    return any(words[1] in there.split() for there in text.splitlines() if not there.lstrip().startswith("#"))


def same_as(line: str, text: str) -> bool:
    """Say whether a line is in a file already."""
    return line in text.splitlines()


def add(file: str, lines: list[str], there: Callable[[str, str], bool]) -> int:
    """Add lines that a file lacks, in one piece, while nobody else of ours does; return how many."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        os.fchmod(opened.fileno(), 0o600)
        text = opened.read().decode("utf-8", "replace")
        missing = [line for line in lines if not there(line, text)]
        if missing:
            begin = "\n" if text and not text.endswith("\n") else ""
            os.write(opened.fileno(), (begin + "\n".join(missing) + "\n").encode())
            os.fsync(opened.fileno())
    return len(missing)


def attempt(body: Json) -> Json:
    """Log in to all targets at once, with what is trusted already."""
    options = [word for option in STRICT for word in ("-o", option)]
    options += ["-o", "ConnectTimeout=%d" % body.get("timeout", 5)]

    def one(target: str) -> list[Any]:
        told: list[Any] = [-1, "no login within a minute"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            for turn in range(TRIES):
                done = ran("ssh", *options, "--", target, "true")
                told = [done.returncode, done.stderr.strip()]
                if done.returncode == 0 or not any(word in done.stderr for word in DROPPED):
                    break
                time.sleep((0.2 + os.getpid() % 8 / 10) * (turn + 1))  # hosts do not wait alike
        return told

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return {"tried": list(pool.map(one, body["targets"]))}


def main() -> None:
    """Do the one thing that standard input describes."""
    os.umask(0o077)
    body = json.load(sys.stdin)
    verbs: dict[str, Callable[[], Json]] = {
        "key": lambda: key(body, folder()),
        "trust": lambda: trust(body, folder()),
        "try": lambda: attempt(body),
    }
    try:
        answer = verbs[body["do"]]()
    except (OSError, KeyError) as error:
        answer = {"error": "%s: %s" % (type(error).__name__, error)}
    json.dump(answer, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
