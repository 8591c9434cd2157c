"""What the OpenSSH client says when it does not get in, as problems that a user can act on."""

import re
import shlex
from dataclasses import replace

from sparkup.domain.host import Host
from sparkup.errors import Problem

CHANGED = re.compile(r"REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY DETECTED")
OFFENDING = re.compile(r"^Offending \S+ key in (?P<file>.+):(?P<line>\d+)\s*$", re.MULTILINE)
KNOWN_AS = re.compile(r"^(?:Host key for|No \S+ host key is known for) (?P<name>\S+) ", re.MULTILINE)
UNVERIFIED = re.compile(r"Host key verification failed|No matching host key fingerprint")
REFUSED = re.compile(
    r"Permission denied \(|Too many authentication failures|Authentication failed|"
    r"no (?:more|mutual) .*authentication|This account is "
)
TIMED_OUT = re.compile(r"timed out|no login after")
NOISE = re.compile(
    r"^(?:@+$|@ +WARNING|Warning: Permanently added|mux_client_|ControlSocket |debug\d?: |\s*$)"
)


def curable(problem: Problem) -> bool:
    """Say whether an answer at the terminal (a password) could help; keys are asked of all hosts at once."""
    return problem.code == "login-refused"


def timed_out(problem: Problem) -> bool:
    """Say whether a host was waited for in vain: it has nothing more to tell."""
    return bool(TIMED_OUT.search(problem.message))


def on_the_way(host: Host, words: str, own: str, config: str = "") -> Problem | None:
    """Name what a host on the way to another says; None for a refusal by that other, `own` (USER@HOST)."""
    told = refusal(host, words, config)
    if told.code != "login-refused":
        return told
    who = next(line for line in _said(words) if REFUSED.search(line))
    if who.lower().startswith(f"{own}: ".lower()):
        return None
    others = tuple(line for line in _said(words) if line != who)
    return replace(told, message=f"the login at a host on the way was refused: {who}", details=others)


def refusal(host: Host, words: str, config: str = "") -> Problem:
    """Name what kept the client out, from its own words; `config` is another ssh_config than the user's."""
    if CHANGED.search(words):
        return _changed(host, words)
    if UNVERIFIED.search(words):
        return _unknown(host, config)
    *before, last = _said(words) or ("the SSH client said nothing",)
    details = tuple(before)
    if REFUSED.search(words):
        hint = f"see that `{_ssh(host, config)}` lets you in without sparkup: user, key, agent"
        return Problem("login-refused", f"the login was refused: {last}", host.name, hint, details)
    hint = f"see that the machine is on and that `{_ssh(host, config)}` works"
    if host.cabled:
        hint += "; this is its address on the cable: see that it is plugged in, or write the address of its "
        hint += "RJ45 port or Wi-Fi into cluster.yaml"
    return Problem("host-unreachable", f"the host cannot be reached: {last}", host.name, hint, details)


def bad_config(words: str) -> Problem:
    """Say that the client stumbled over a file or option of the user's, before it did anything."""
    first, *details = words.strip().splitlines() or ["`ssh -G` failed"]
    return Problem("bad-ssh-config", f"the SSH client cannot start: {first}", details=tuple(details))


def broke_off(host: Host, words: str) -> Problem:
    """Say that the connection ended while a program ran."""
    message = "the connection broke while a program ran there; it may still run"
    return Problem("host-broke-off", message, host.name, "", _said(words)[-5:])


def _said(words: str) -> tuple[str, ...]:
    """Return the lines of the client's words that say something."""
    return tuple(line.rstrip() for line in words.splitlines() if not NOISE.match(line))


def _unknown(host: Host, config: str) -> Problem:
    return Problem("host-key-unknown", "the host's key is not known yet", host.name, accepting(host, config))


def _ssh(host: Host, config: str, *command: str) -> str:
    return shlex.join(("ssh", *(("-F", config) if config else ()), *host.target, *command))


def accepting(host: Host, config: str) -> str:
    """Say how a key is taken that is not known."""
    ssh = _ssh(host, config, "true")
    return (
        f"accept it with `{ssh}`, if the fingerprint that this shows is the host's; "
        "--accept-new-host-keys trusts keys at first sight"
    )


def _changed(host: Host, words: str) -> Problem:
    offending, known = OFFENDING.search(words), KNOWN_AS.search(words)
    name = known["name"] if known else host.address.rpartition("@")[2]
    at = f" ({offending['file']}:{offending['line']})" if offending else ""
    file = f" -f {offending['file']}" if offending else ""
    hint = (
        "if the machine was installed anew, forget the old key with "
        f"`ssh-keygen -R '{name}'{file}`; otherwise somebody may be in between"
    )
    message = f"the host's key is not the known one{at}"
    return Problem("host-key-changed", message, host.name, hint)
