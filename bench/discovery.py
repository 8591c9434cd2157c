"""Finding hosts on a /24 by a scan and logins at once, against `nc` for each address and then each login."""

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simhosts.hosts import Setup, Testbed, booted, lacks, sweep

from bench.report import Report
from bench.surroundings import ROOT
from bench.timing import in_turns, stopwatch, table

COUNT = 8  # hosts that answer, beside the one that looks
NET, OWN = "192.168.177", "192.168.177.11"
# As the old scripts looked: a second at most for each address, then a login to each that answers.
BASE = "nc for each address, ssh after ssh"
NC = (
    f"for i in $(seq 1 254); do [ {NET}.$i = {OWN} ] || "
    f"{{ nc -z -w1 {NET}.$i 22 2>/dev/null && echo {NET}.$i; }} & done"
)
OLD = f'{NC} | while read -r a; do ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes "$a" hostname; done'
SCAN = f"from gather_net import scan; print(scan({{'nets': [['enp1s0f1np1', '{OWN}', '{NET}.0/24']]}}))"


def measure(rounds: int, count: int = COUNT) -> Report:
    """Return the report, or why there is none."""
    title = f"{count} hosts found on their network of 254 addresses"
    if why := lacks("none") or ("" if shutil.which("nc") else "no nc (apt-get install netcat-openbsd)"):
        return Report(title, [f"  not measured: {why}"])
    with _bed(count + 1) as bed:
        works = {
            BASE: _in_host(bed, OLD),
            "sparkup detect, every cable tried": _in_host(bed, _detect()),
            "nc alone": _in_host(bed, f"{NC}; wait"),
            "the scan alone": _in_host(bed, _scan()),
        }
        found = {name: _found(work()) for name, work in works.items()}
        candidates = {name: stopwatch(work) for name, work in works.items()}
        lines = table(in_turns(candidates, rounds), BASE)
    told = ", ".join(f"{name}: {number}" for name, number in found.items())
    return Report(title, [*lines, f"  found in the first round: {told}"])


def _found(text: str) -> int:
    """Return how many other hosts a text tells of."""
    hosts = re.findall(rf"^spark\d+$|^{NET}\.\d+$|^spark\d+ at |, '{NET}\.\d+'\]", text, re.MULTILINE)
    return len(hosts)


def _scan() -> str:
    """Return what runs the scan alone, as it runs on a host."""
    return f"PYTHONPATH={ROOT / 'src/sparkup/node'} {shlex.join((sys.executable, '-c', SCAN))}"


def _detect() -> str:
    """Return what finds the hosts anew, without the connections of the last time."""
    sparkup = ["-m", "sparkup", "detect", "--any-machine", "--progress", "quiet"]
    argv = ["env", f"PYTHONPATH={ROOT / 'src'}", "SPARKUP_STATE_DIR=/root/state", sys.executable, *sparkup]
    return f"{shlex.join(argv)}; pkill -x ssh; true"


def _in_host(bed: Testbed, script: str) -> Callable[[], str]:
    """Return what runs a script in the first host."""
    return lambda: bed.exec(1, ["bash", "-c", script], timeout=120).stdout


@contextmanager
def _bed(hosts: int) -> Iterator[Testbed]:
    """Boot hosts on the first of which sparkup can be run."""
    sweep()
    places = (ROOT / "src", Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    shares = tuple(dict.fromkeys(place for place in places if not place.is_relative_to("/usr")))
    with booted(Setup(hosts=hosts, shares=shares)) as bed:
        yield bed
