"""A plan as a shell script that runs without sparkup: the same programs, the same input, the same order."""

import base64
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import assert_never

from sparkup.domain.command import Command
from sparkup.domain.host import Host
from sparkup.domain.plan import Put, Run, Step, Wait

# Constant program; its arguments are the folder, the file and the mode.
STORE = 'mkdir -p "$1" && base64 -d >"$2.new" && chmod "$3" "$2.new" && mv "$2.new" "$2"'
NOT_YET = 75
ALONE = (
    "# Its ranks do not hear of each other, for the key that they sign with is no script's: if one ends,",
    "# the others go on until they are stopped.",
)
OR_STOP = ' || { status=$?; stop || :; exit "$status"; }'  # what was begun is taken back on all hosts
OR_ON = " || failed=$?"  # a stop that fails on one host keeps it from no other
STOPPING, STOPPED = "  failed=0", '  return "$failed"'

Way = tuple[str, ...]  # what runs a shell line on a host; nothing for this machine


def _way(client: Way, host: Host) -> Way:
    *options, address = host.target
    return (*client, *options, "--", address)


def script(
    start: Sequence[Step], stop: Sequence[Step], hosts: Sequence[Host], title: str, *, ssh_config: str = ""
) -> str:
    """Return the script; its argument is start (the default) or stop. `ssh_config` "" is the user's own."""
    client = ("ssh", *(("-F", ssh_config) if ssh_config else ()))
    ways = {host.name: () if host.is_local else _way(client, host) for host in hosts}
    return "\n".join(
        (
            "#!/bin/sh",
            f"# {title}",
            '# Made by "sparkup --dry-run=script"; needs python3 on the hosts, and ssh for other machines.',
            "# Secrets are taken from the environment of whoever runs it.",
            *(ALONE if len({step.host for step in start}) > 1 else ()),
            "set -eu",
            "",
            *_function("start", [*_demanded(start), *_all(start, ways, OR_STOP)]),
            *_function("stop", [STOPPING, *_all(stop, ways, OR_ON), STOPPED] if stop else []),
            'case "${1:-start}" in',
            "start) start ;;",
            "stop) stop ;;",
            '*) echo "usage: $0 [start|stop]" >&2; exit 2 ;;',
            "esac",
            "",
        )
    )


def _function(name: str, body: Sequence[str]) -> list[str]:
    return [f"{name}() {{", *(body or ["  :"]), "}", ""]


def _all(steps: Sequence[Step], ways: Mapping[str, Way], failed: str) -> list[str]:
    return [line for step in steps for line in _step(step, ways[step.host], failed)]


def _step(step: Step, way: Way, failed: str) -> list[str]:
    match step:
        case Run():
            return _commented(step, [_piped(step.command, way) + failed])
        case Put():
            return _commented(step, _put(step, way))
        case Wait():
            return _commented(step, _wait(step, way))
        case _:
            assert_never(step)


def _commented(step: Step, lines: Sequence[str]) -> list[str]:
    return [f"  # {step.host}: {_reason(step)}", *lines]


def _reason(step: Step) -> str:
    """Return why, in one line of text, whatever bytes it names."""
    return " ".join(step.reason.split()).encode(errors="backslashreplace").decode()


def _on(argv: Sequence[str], way: Way) -> str:
    """Return argv as a line for the host that a way leads to."""
    line = shlex.join(argv)
    return shlex.join((*way, line)) if way else line


def _demanded(steps: Sequence[Step]) -> list[str]:
    """Return what ends the script where a secret is missing, before anything is begun.

    In a pipe it would only end that end of it.
    """
    names = dict.fromkeys(
        each.name for step in steps if isinstance(step, Run) for each in step.command.secrets
    )
    return [f'  : "${{{name}:?}}"' for name in names]


def _piped(command: Command, way: Way) -> str:
    line = _on(command.argv, way)
    feeds = []
    if command.stdin:
        feeds.append(shlex.join(("printf", "%s", command.stdin.decode())))
    feeds.extend(f"printf '{each.name}=%s\\0' \"${{{each.name}:?}}\"" for each in command.secrets)
    if not feeds:
        return f"  {line} </dev/null"
    return f"  {{ {'; '.join(feeds)}; }} | {line}"


def _put(step: Put, way: Way) -> list[str]:
    argv = ("sh", "-c", STORE, "sh", str(step.path.parent), str(step.path), f"{step.mode:o}")
    encoded = textwrap.wrap(base64.b64encode(step.content).decode(), 100)
    return [f"  {_on(argv, way)} <<'SPARKUP_END'", *encoded, "SPARKUP_END"]


def _wait(step: Wait, way: Way) -> list[str]:
    """Return what looks every two seconds; what it says each time is of use only if it fails."""
    return [
        "  while :; do",
        "    status=0",
        f"    answer=$({_on(step.script, way)} </dev/null) || status=$?",
        f'    [ "$status" -eq {NOT_YET} ] || break',
        "    sleep 2",
        "  done",
        '  [ "$status" -eq 0 ] || { echo "not ready: status $status $answer" >&2; stop || :; exit 1; }',
        f"  printf '%s\\n' {shlex.quote(f'ready: {_reason(step)}')} \"stop it: sh $0 stop\"",
    ]
