"""The program `sparkup`."""

import sys

from sparkup import __version__
from sparkup.cli import streams


def _version() -> int:
    streams.ready()
    try:
        sys.stdout.write(f"sparkup {__version__}\n")
    except streams.OutputLost as error:
        from sparkup.cli.main import broken  # noqa: PLC0415 - as below

        return broken(error, ())
    return 0


def main() -> int:
    """Run the command line; the version alone is answered without loading anything else."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        return _version()
    try:
        from sparkup.cli.main import run  # noqa: PLC0415 - the whole point of the line above

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while we are still loading
        return 130


if __name__ == "__main__":
    sys.exit(main())
