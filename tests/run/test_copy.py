"""What a program prints becomes the answer, byte for byte."""

import pytest

from sparkup.connect.local import Local
from sparkup.domain.event import Event, Printed
from sparkup.errors import WorkFailed
from sparkup.run.copy import copy_log

pytestmark = pytest.mark.anyio


async def copied(script: str, local: Local) -> tuple[bytes, bool]:
    """Copy what a script prints; return it, and what is said of the log."""
    events: list[Event] = []
    found = await copy_log(("sh", "-c", script), local, events.append)
    return b"".join(event.data for event in events if isinstance(event, Printed)), found


@pytest.mark.parametrize(("status", "found"), [(0, True), (69, False)])
async def test_its_bytes_and_whether_there_is_a_log(local: Local, status: int, found: bool) -> None:
    assert await copied(f"printf 'one\\r\\n\\n\\377two'; exit {status}", local) == (
        b"one\r\n\n\xfftwo",
        found,
    )


async def test_a_reader_that_fails_is_no_end_of_the_log(local: Local) -> None:
    with pytest.raises(WorkFailed) as caught:
        await copied("echo one; echo broken >&2; exit 5", local)
    problem = caught.value.problems[0]
    assert (problem.where, problem.details) == ("local", ("broken",))
    assert "status 5" in problem.message
