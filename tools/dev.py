"""What ./dev does: python -m tools.dev VERB ARGUMENTS, from the root of the checkout."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from tools import checks, packages

VERBS = {
    "check": "run the linters, type checker and contracts; names of checks limit it to those",
    "test": "run the tests, but for the full fault matrix; arguments go to pytest",
    "e2e": "run the full fault matrix on simulated hosts; arguments go to pytest",
    "bench": "measure; arguments go to the benchmarks",
    "docs": "write the generated pages anew",
    "fix": "let ruff mend and format what it can; arguments are its files",
    "lock": "resolve the dependencies anew and write the lock files (--upgrade: newest versions)",
}
NEEDING_PACKAGES = frozenset({"test", "e2e"})


def commands(verb: str, arguments: Sequence[str]) -> list[tuple[str, ...]]:
    """Return what a verb runs, in order; `check` is not among them."""
    python = (sys.executable, "-m")
    match verb:
        case "test":
            return [(*python, "pytest", "-m", "not e2e", *arguments)]
        case "e2e":
            return [(*python, "pytest", "-m", "e2e", *arguments)]
        case "fix":
            files = arguments or (".",)
            return [
                (*python, "ruff", "check", "--fix", *files),
                (*python, "ruff", "format", *files),
            ]
        case "bench":
            return [(*python, "bench", *arguments)]
        case _:  # docs, lock
            return [(*python, f"tools.{verb}", *arguments)]


def parse(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the verb and what follows it; usage errors exit with 2."""
    width = max(map(len, VERBS))
    parser = argparse.ArgumentParser(
        prog="./dev",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Work on sparkup.",
        epilog="\n".join(f"  {verb:{width}}  {text}" for verb, text in VERBS.items()),
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    parsed = parser.parse_args(arguments)
    return parsed.verb, parsed.arguments


def main(arguments: Sequence[str]) -> int:
    """Carry out a verb; return the exit status of what failed first, or 0."""
    verb, rest = parse(arguments)
    if verb == "check":
        return checks.main(rest)
    if verb in NEEDING_PACKAGES:
        packages.provide()
    statuses = [subprocess.run(argv, check=False).returncode for argv in commands(verb, rest)]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
