"""The program `sparkup`."""

import sys

from sparkup import __version__


def main() -> int:
    """Run the command line; the version alone is answered without loading anything else."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"sparkup {__version__}\n")
        return 0
    try:
        from sparkup.cli.main import run  # noqa: PLC0415 - the whole point of the line above

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while we are still loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
