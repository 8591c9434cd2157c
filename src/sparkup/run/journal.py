"""What happened, as JSON lines on the control machine: to be read, shared with a bug report, or deleted."""

import contextlib
import json
import time
from pathlib import Path
from typing import TextIO

from sparkup.domain.event import Event, LogLine, Printed, StepOutput, to_json
from sparkup.run import private

KEPT = 50  # journals; older ones are removed


class Journal:
    """Writes events to a file of their own; a journal that cannot be written stops nothing."""

    def __init__(self, folder: Path, action: str) -> None:
        self.path = (
            folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{action}-{time.time_ns() % 1_000_000:06}.jsonl"
        )
        self.file: TextIO | None = None

    def on(self, event: Event) -> None:
        """Write one event; the engine's own log is kept where it runs, not here."""
        if isinstance(event, LogLine | StepOutput | Printed):
            return
        try:
            if self.file is None:
                private.folder(self.path.parent)
                _forget_old(self.path.parent)
                self.file = private.opened(self.path, "a")
            self.file.write(json.dumps({"at": round(time.time(), 3), **to_json(event)}, default=str) + "\n")
            self.file.flush()
        except OSError:
            self.close()

    def close(self) -> None:
        """Close the file."""
        file, self.file = self.file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take is written once more here
                file.close()


def _forget_old(folder: Path) -> None:
    for path in sorted(folder.glob("*.jsonl"))[:-KEPT]:
        path.unlink(missing_ok=True)
