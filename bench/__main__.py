"""Measure sparkup against what it stands on: python -m bench [PART ...] [--rounds N]."""

import argparse
import os
import sys

from bench import build, cluster, containers, discovery, facts, follow, overhead, planning, rayed, startup

PARTS = {
    "startup": (startup.measure, 15),
    "overhead": (overhead.measure, 10),
    "follow": (follow.measure, 5),
    "facts": (facts.measure, 15),
    "planning": (planning.measure, 3),
    "containers": (containers.measure, 10),
    "discovery": (discovery.measure, 5),
    "cluster": (cluster.measure, 3),
    "ray": (rayed.measure, 1),
    "build": (build.measure, 1),
}
COLUMNS = "columns: median ratio to the first row, middle half of the ratios, median time"


def main() -> int:
    """Run the parts that are named, or all; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each part")
    words = parser.parse_args()
    print(f"{COLUMNS}; {os.cpu_count()} cores\n", flush=True)
    missed = False
    for name in words.parts or PARTS:
        measure, rounds = PARTS[name]
        load = os.getloadavg()[0]
        report = measure(rounds if words.rounds is None else words.rounds)
        print(f"{report}\n  (load {load:.1f} before)\n", flush=True)
        missed |= report.missed
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
