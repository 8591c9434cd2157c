"""What a program prints becomes lines of the answer."""

import pytest

from sparkup.connect.local import Local
from sparkup.domain.event import Event, Printed
from sparkup.run.copy import copy_log

pytestmark = pytest.mark.anyio


async def test_lines_and_status(local: Local) -> None:
    events: list[Event] = []
    result = await copy_log(("sh", "-c", "printf 'one\\n\\ntwo'; echo err >&2; exit 5"), local, events.append)
    assert "\n".join(event.text for event in events if isinstance(event, Printed)) == "one\n\ntwo"
    assert (result.status, result.stderr) == (5, "err\n")
