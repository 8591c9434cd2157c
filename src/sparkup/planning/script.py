"""A plan as a shell script that runs without sparkup: the same programs, the same input, the same order."""

import base64
import shlex
import textwrap
from collections.abc import Sequence
from typing import assert_never

from sparkup.domain.command import Command
from sparkup.domain.host import Host
from sparkup.domain.plan import Put, Run, Step, Wait

# Constant program; its arguments are the folder, the file and the mode.
STORE = 'mkdir -p "$1" && base64 -d >"$2.new" && chmod "$3" "$2.new" && mv "$2.new" "$2"'
NOT_YET = 75


def script(start: Sequence[Step], stop: Sequence[Step], hosts: Sequence[Host], title: str) -> str:
    """Return the script; its argument is start (the default) or stop."""
    addresses = {host.name: host.address for host in hosts}
    return "\n".join(
        (
            "#!/bin/sh",
            f"# {title}",
            '# Made by "sparkup --dry-run=script"; needs python3 on the hosts, and ssh for other machines.',
            "# Secrets are taken from the environment of whoever runs it.",
            "set -eu",
            "",
            *_function("start", start, addresses),
            *_function("stop", stop, addresses),
            'case "${1:-start}" in',
            "start) start ;;",
            "stop) stop ;;",
            '*) echo "usage: $0 [start|stop]" >&2; exit 2 ;;',
            "esac",
            "",
        )
    )


def _function(name: str, steps: Sequence[Step], addresses: dict[str, str]) -> list[str]:
    body = [line for step in steps for line in _step(step, addresses[step.host])]
    return [f"{name}() {{", *(body or ["  :"]), "}", ""]


def _step(step: Step, address: str) -> list[str]:
    match step:
        case Run():
            return _commented(step, [*_demanded(step.command), _piped(step.command, address)])
        case Put():
            return _commented(step, _put(step, address))
        case Wait():
            return _commented(step, _wait(step, address))
        case _:
            assert_never(step)


def _commented(step: Step, lines: Sequence[str]) -> list[str]:
    reason = " ".join(step.reason.split()).encode(errors="backslashreplace").decode()  # bytes of no text, too
    return [f"  # {step.host}: {reason}", *lines]


def _on(argv: Sequence[str], address: str) -> str:
    """Return argv as a line for this machine, or for another one over SSH."""
    line = shlex.join(argv)
    return line if not address else shlex.join(("ssh", "--", address, line))


def _demanded(command: Command) -> list[str]:
    """Return what ends the script where a secret is missing: in a pipe it would only end that end of it."""
    return [f'  : "${{{each.name}:?}}"' for each in command.secrets]


def _piped(command: Command, address: str) -> str:
    line = _on(command.argv, address)
    feeds = []
    if command.stdin:
        feeds.append(shlex.join(("printf", "%s", command.stdin.decode())))
    feeds.extend(f"printf '{each.name}=%s\\0' \"${{{each.name}:?}}\"" for each in command.secrets)
    if not feeds:
        return f"  {line} </dev/null"
    return f"  {{ {'; '.join(feeds)}; }} | {line}"


def _put(step: Put, address: str) -> list[str]:
    argv = ("sh", "-c", STORE, "sh", str(step.path.parent), str(step.path), f"{step.mode:o}")
    encoded = textwrap.wrap(base64.b64encode(step.content).decode(), 100)
    return [f"  {_on(argv, address)} <<'SPARKUP_END'", *encoded, "SPARKUP_END"]


def _wait(step: Wait, address: str) -> list[str]:
    return [
        "  while :; do",
        "    status=0",
        f"    {_on(step.script, address)} </dev/null || status=$?",
        f'    [ "$status" -eq {NOT_YET} ] || break',
        "    sleep 2",
        "  done",
        '  [ "$status" -eq 0 ] || { echo "not ready: status $status" >&2; stop; exit 1; }',
    ]
