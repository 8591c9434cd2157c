"""Measure: python -m bench [PART ...] [--rounds N]."""

import argparse
import os
import sys

from bench import facts, follow, overhead, startup

PARTS = {
    "startup": (startup.measure, 15),
    "overhead": (overhead.measure, 10),
    "follow": (follow.measure, 3),
    "facts": (facts.measure, 10),
}


def main() -> int:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, help="rounds of each part")
    words = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; ratios are of medians within this run")
    failed = False
    for name in words.parts or PARTS:
        measure, rounds = PARTS[name]
        lines = measure(words.rounds or rounds)
        print("\n".join(lines), flush=True)
        failed |= any("MISSED" in line or line.endswith("came: False") for line in lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
