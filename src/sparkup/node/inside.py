"""Be the first process of a rank's container: its supervisor, as root, for a command with other rights.

The launch's folder of the host is mounted; what we write there belongs to whom the folder does
(state.give), the user who launched.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Callable, NamedTuple

from . import state
from .handing import NotHandedOver, taken
from .log import LOG_LIMIT, Log
from .processes import Place
from .rank import supervise

STDOUT = 1  # what the engine keeps as the container's output


class Rights(NamedTuple):
    """Whose rights the command gets."""

    uid: int
    gid: int
    groups: list[int]
    home: str


def main(root: str, name: str, attempt: str) -> int:
    """Run the rank, if the name is still this attempt's; the status of the container is the rank's."""
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    if spec is None:
        raise SystemExit("%s is not to be read in here: is the container's root mapped?" % folder)
    begun = os.path.exists(os.path.join(folder, "inside.json"))
    if begun or attempt not in ("", spec["attempt"]) or state.asked_to_end(folder):
        # The engine has started the container again, or so late that nobody waits for it any more.
        print("this launch of %s is over; start it again with sparkup launch" % name, flush=True)
        return 0
    log = Log(os.path.join(folder, "log"), int(spec.get("log_limit", LOG_LIMIT)), STDOUT)

    def tell(told: state.Json) -> None:
        if told:
            print(told.get("message"), flush=True)  # a disk may be full
            state.write(os.path.join(folder, "exit.json"), ended(told))

    try:
        rights = rights_of(str(spec.get("user") or ""))
    except (LookupError, ValueError) as error:
        tell({"error": "container-failed", "message": "the image's user is not in it: %s" % error})
        return 126
    # With a network of its own, what its server is asked at is not what the host has published.
    spec = with_home(dict(spec, **spec.get("within", {})), rights)
    with contextlib.suppress(OSError):
        os.makedirs(spec["workdir"], exist_ok=True)  # as the engine does
    if why := tried(entering(spec, rights)):
        tell({"error": "container-failed", "message": why})
        return 126
    try:
        key = taken(folder, spec)
    except NotHandedOver as error:  # without it this rank would hear nobody, and nobody it
        tell({"error": "container-failed", "message": "the key of its beats was not handed over: %s" % error})
        return 126
    return supervise(Place(folder, "inside.json", entering(spec, rights)), spec, key, log, tell)


def ended(told: state.Json) -> state.Json:
    """Return the end of a rank that never ran."""
    return {"status": 127, "asked": False, "at": time.time(), "problem": told}


def with_home(spec: state.Json, rights: Rights | None) -> state.Json:
    """Return the spec with the home of the command's user; the folder is entered by the command itself."""
    env = dict(spec["env"]) if rights is None or home_is_given() else {"HOME": rights.home, **spec["env"]}
    return dict(spec, env=env, workdir=spec.get("cwd") or "/", cwd="/")


def home_is_given() -> bool:
    """Say whether the image says where the home is; otherwise the engine did, and means ours."""
    import pwd

    roots = ["/", "/root"]
    with contextlib.suppress(KeyError):  # an image may name no root
        roots.append(pwd.getpwuid(0).pw_dir)
    return os.environ.get("HOME", "/") not in roots


class Unfit(Exception):
    """The image's user cannot be, or may not go to its folder."""


def entering(spec: state.Json, rights: Rights | None) -> Callable[[], None]:
    """Return what the command does first: it takes its rights and goes to its folder; raises Unfit."""
    user = spec.get("user") or "root"

    def enter() -> None:
        if rights is not None:
            try:
                os.setgroups(rights.groups)
                os.setgid(rights.gid)
                os.setuid(rights.uid)
            except (OSError, OverflowError) as error:
                raise Unfit("nothing can run as the image's user %s: %s" % (user, reason(error))) from None
        try:
            os.chdir(spec["workdir"])
        except OSError as error:
            where = (user, spec["workdir"], reason(error))
            raise Unfit("the image's user %s cannot enter its folder %s: %s" % where) from None

    return enter


def reason(error: Exception) -> str:
    """Return why something failed, without what it was."""
    return getattr(error, "strerror", None) or str(error)


def tried(enter: Callable[[], None]) -> str:
    """Say why a process could not begin so, "" if it can: of the command itself Python would not say it."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            enter()
        except Unfit as error:
            os.write(send, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        why = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return why


def rights_of(user: str) -> Rights | None:
    """Return the rights of an image's USER (NAME|UID[:GROUP|GID]); None for root's, which we have."""
    if not user:
        return None
    import grp
    import pwd

    name, _, group = user.partition(":")
    known = next((each for each in pwd.getpwall() if name in (each.pw_name, str(each.pw_uid))), None)
    if known is None and not name.isdigit():
        raise LookupError(name)
    uid = known.pw_uid if known else int(name)
    gid = known.pw_gid if known else 0
    if group:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    mine = known.pw_name if known and not group else None  # who names a group gets no other, as engines do it
    groups = [each.gr_gid for each in grp.getgrall() if mine in each.gr_mem]
    return Rights(uid, gid, groups, known.pw_dir if known else "/")
