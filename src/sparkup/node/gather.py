"""Answer a list of questions about this host in one go; knows nothing of their meaning.

Reads one JSON object from standard input, {"requests": {name: {"kind": ..., ...}}}, and writes one,
{"answers": {name: ...}, "python": "3.11.2", "seconds": 0.1}. An answer that could not be had is
{"error": text} and nothing else. Standard library only, Python 3.8.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator

from .gather_net import at_once, decoded, get, reach, scan

Json = Dict[str, Any]
UNFIT = (errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.ELOOP)  # of what is no program for us


def run(body: Json) -> Json:
    """Run a program; its status is None when there is none that we can run, or it took too long."""
    begun = time.monotonic()
    answer: Json = {"status": None, "out": "", "err": ""}
    if body.get("only_root") and os.geteuid() != 0:
        return dict(answer, missing=True)
    try:
        done = subprocess.run(
            body["argv"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=body.get("timeout", 10),
            check=False,
            env=dict(os.environ, LC_ALL="C"),
        )
        answer.update(status=done.returncode, out=decoded(done.stdout), err=decoded(done.stderr))
    except FileNotFoundError:
        answer["missing"] = True
    except OSError as error:
        if error.errno not in UNFIT:
            raise  # no memory, no process: that says nothing of the program
        answer["error"] = f"{type(error).__name__}: {error}"
    except subprocess.TimeoutExpired:
        answer["timeout"] = True
    answer["seconds"] = round(time.monotonic() - begun, 4)
    return answer


def fed(body: Json) -> Json:
    """Run a program with the lines that another prints as its last words; without any there is no need to."""
    first = run(dict(body, argv=body["source"]))
    words = list(dict.fromkeys(line for line in first["out"].splitlines() if line))
    if first["status"] != 0 or not words:
        return first
    return run(dict(body, argv=body["argv"] + words))


def expanded(name: str) -> str:
    """Return a path with `~` and variables put in, and where `..` in it leads: engines strike that out."""
    path = os.path.expandvars(os.path.expanduser(name))
    return os.path.realpath(path) if ".." in path.split("/") else path


def matches(body: Json) -> Iterator[str]:
    """Yield the paths that the globs of a request match, in order, each once."""
    seen = set()
    for pattern in body["globs"]:
        for path in sorted(glob.glob(expanded(pattern))):
            if path not in seen:
                seen.add(path)
                yield path


def kept(content: str, pattern: str | None) -> str:
    """Return only the lines that match, where a pattern is given: what is not asked for stays here."""
    if not pattern:
        return content
    return "".join(line + "\n" for line in content.splitlines() if re.match(pattern, line))


def unblocked(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer would hold us up for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def unled(path: str, flags: int) -> int:
    """Open a file and no link to one."""
    return unblocked(path, flags | os.O_NOFOLLOW)


def files(body: Json) -> Json:
    """Read regular files; one that cannot be read is left out unless it exists for us to be told so.

    "links": false leaves out links too: whoever has put them there chooses no other file for us to read.
    """
    found, owners = {}, {}
    for path in matches(body):
        try:
            with open(path, "rb", opener=unblocked if body.get("links", True) else unled) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    continue
                owners[path] = status.st_uid
                if body.get("tail"):
                    file.seek(max(0, file.seek(0, os.SEEK_END) - body["max_bytes"]))
                found[path] = kept(decoded(file.read(body["max_bytes"])), body.get("keep"))
        except FileNotFoundError:
            continue  # a process or launch that went away between listing and reading
        except OSError as error:
            if error.errno == errno.ELOOP and not body.get("links", True):
                continue
            found.setdefault("!" + path, error.strerror or str(error))
            with contextlib.suppress(OSError):
                owners.setdefault("!" + path, os.stat(path).st_uid)
    if body.get("sparse"):
        told = {path: content for path, content in found.items() if content.strip() and path[0] != "!"}
        return {"files": told, "owners": {}}
    return {"files": found, "owners": owners}


def digests(body: Json) -> Json:
    """Return the SHA-256 of files that nobody but us could have put there, or changed."""
    found = {}
    for path in matches(body):
        folder = os.path.dirname(path)
        try:
            if all(ours(place) for place in (path, folder, os.path.dirname(folder))):
                with open(path, "rb", opener=unblocked) as file:
                    found[path] = hashlib.sha256(file.read()).hexdigest()
        except OSError:
            continue  # it went away, or is not for us to read
    return {"digests": found}


def ours(path: str) -> bool:
    """Say whether something is ours and closed to the writing of everybody."""
    status = os.stat(path)
    return status.st_uid == os.geteuid() and not status.st_mode & stat.S_IWOTH


def foreign(body: Json) -> Json:
    """Return the owners of what is there of globs and is not ours."""
    found = {}
    for path in matches(body):
        with contextlib.suppress(OSError):
            uid = os.lstat(path).st_uid
            if uid != os.geteuid():
                found[path] = uid
    return {"foreign": found}


def links(body: Json) -> Json:
    """Read the targets of symbolic links; only those that match `keep` travel."""
    found = {}
    for path in matches(body):
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if re.match(body.get("keep", ""), target):
            found[path] = target
    return {"links": found}


def paths(body: Json) -> Json:
    """Say what stands at each path; for one that does not exist, what its nearest parent allows."""
    found = {}
    for name in body["paths"]:
        path = expanded(name)
        parent = nearest(path)
        disk = os.statvfs(parent)
        found[name] = {
            "path": path,
            "kind": kind(path),
            "ours": os.path.exists(path) and ours(path),
            "writable": os.access(parent, os.W_OK | (os.X_OK if os.path.isdir(parent) else 0)),
            "executable": os.path.isfile(path) and os.access(path, os.X_OK),
            "free": disk.f_bavail * disk.f_frsize,
            "device": os.stat(parent).st_dev,
            **in_the_way(path),
        }
    return {"paths": found}


def nearest(path: str) -> str:
    """Return the nearest parent that exists; the current folder counts as there even when it was removed."""
    while path and not os.path.exists(path):
        path = os.path.dirname(path)
    return path or "."


def in_the_way(path: str) -> Json:
    """Name what keeps a folder from being made at a path: a file, or a link that leads nowhere."""
    while path and not os.path.lexists(path):
        path = os.path.dirname(path)
    if not path or os.path.isdir(path):
        return {}
    return {"blocked": path, "link": os.readlink(path) if os.path.islink(path) else ""}


def kind(path: str) -> str:
    """Return file, folder, other, or the empty string for nothing."""
    if os.path.isdir(path):
        return "folder"
    if os.path.isfile(path):
        return "file"
    return "other" if os.path.exists(path) else ""


def env(body: Json) -> Json:
    """Read environment variables, and who and what we are there."""
    return {
        "env": {name: os.environ.get(name) for name in body["names"]},
        "uid": os.getuid(),
        "machine": platform.machine(),
        "python": sys.executable,
        "libc": "".join(platform.libc_ver()[1:]) if platform.libc_ver()[0] == "glibc" else "",
    }


def which(body: Json) -> Json:
    """Say where programs are: in some folders first, then along a PATH: a given one, or this login's."""
    folders = [os.path.expandvars(os.path.expanduser(name)) for name in body["first"]]
    along = os.pathsep.join([*folders, body.get("path") or os.environ.get("PATH", os.defpath)])
    return {"which": {name: shutil.which(name, path=along) for name in body["names"]}}


KINDS: dict[str, Callable[[Json], Json]] = {
    "run": run,
    "fed": fed,
    "files": files,
    "links": links,
    "digests": digests,
    "foreign": foreign,
    "paths": paths,
    "env": env,
    "which": which,
    "http": get,
    "reach": reach,
    "scan": scan,
}


def answer(body: Json) -> Json:
    """Answer one request; a fault of one must not cost the others their answers."""
    try:
        return KINDS[body["kind"]](body)
    except Exception as error:  # noqa: BLE001 - it travels back as data
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer all requests at once: programs and URLs wait on others, not on us."""
    begun = time.monotonic()
    requests = json.load(sys.stdin)["requests"]
    answers = dict(zip(requests, at_once(answer, list(requests.values()), 8)))
    json.dump(
        {
            "answers": answers,
            "python": platform.python_version(),
            "seconds": round(time.monotonic() - begun, 4),
        },
        sys.stdout,
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
