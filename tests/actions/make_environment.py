"""A program that the tests run: makes an environment of a kind of their own, as `env create` does.

Arguments: the kind as JSON, and the file of its lock. Prints the answer, or the failure, as JSON.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from sparkup.actions.context import Context
from sparkup.actions.env import create
from sparkup.config import places
from sparkup.domain.event import Answered, Event
from sparkup.domain.host import LOCAL
from sparkup.domain.variant import Variant
from sparkup.errors import SparkupError
from sparkup.report.failure import print_failure
from sparkup.run.interrupts import Interrupts


def emit(event: Event) -> None:
    """Print the answer; anything else goes to standard error, for a test that fails."""
    if isinstance(event, Answered):
        print(json.dumps(asdict(event.answer)), flush=True)  # noqa: T201 (its answer)
    else:
        print(event, file=sys.stderr, flush=True)  # noqa: T201


async def make(variant: Variant) -> int:
    """Make it, or take back what was made when a signal comes."""
    context = Context(emit, Interrupts(), places.recorded_facts())
    with context.interrupts.heard():
        return await create(variant, LOCAL, context)


def main(kind: str, lock: str) -> int:
    """Return the exit status."""
    variant = Variant(**json.loads(kind), lock=Path(lock).read_bytes())
    try:
        return asyncio.run(make(variant))
    except SparkupError as error:
        print_failure(error, as_json=True)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
