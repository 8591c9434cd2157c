"""What `docker build --progress plain` prints, read line by line: steps, their times, what failed.

The words are those of BuildKit's progressui as Docker 20.10 to 26.1 have it; 20.10 also prints digests.
"""

import re
from collections import deque
from dataclasses import dataclass, field

from sparkup.domain.build import BuiltStep

TAIL = 20  # lines of a step that are kept: what it said last
_LINE = re.compile(r"#(\d+) (.*)")
_LOG = re.compile(r"(\d+\.\d+) ?(.*)")
_DONE = re.compile(r"DONE (\d+\.\d+)s")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PLACE = re.compile(r"\[([\w.-]+)?\s*(\d+)/(\d+)\] (.*)")
_EXIT = re.compile(r"exit code: (\d+)$")
_PREFIX = re.compile(
    r"^(?:ERROR: )?(?:failed to solve(?: with frontend [\w.]+)?: )?(?:failed to create LLB definition: )?"
)
_CLIPPED = re.compile(r"\[output clipped, log limit .*\]")
_RULE = "------"


@dataclass(slots=True)
class BuildStep:
    """A step of a build as far as it is. `stage`: its part of the Dockerfile, "" for what is no part of it.

    `number` of `of` in that stage. `seconds` is None until it has ended; `error` is what ended it. `elapsed`:
    the second of its last line. `clipped`: the engine left out some of what it printed.
    """

    name: str
    stage: str = ""
    number: int = 0
    of: int = 0
    text: str = ""
    seconds: float | None = None
    cached: bool = False
    error: str = ""
    elapsed: float = 0.0
    clipped: bool = False
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))

    @property
    def exit_status(self) -> int | None:
        """Return the exit status of the program that failed, None where no program did."""
        found = _EXIT.search(self.error)
        return int(found[1]) if found else None


@dataclass(slots=True)
class BuildOutput:
    """Takes in the lines of a build, one after another. `message`: what the engine said at the end."""

    steps: dict[int, BuildStep] = field(default_factory=dict)
    message: str = ""

    def feed(self, line: str) -> BuildStep | None:
        """Take in a line; return the step that it is of, None for one of none."""
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            if line.strip() and not line.startswith(_RULE):
                self.message = line.strip()
            return None
        number, text = int(found[1]), found[2]
        if number not in self.steps:
            self.steps[number] = _named(text)
        elif text != self.steps[number].name:  # which is told again when it goes on after another step
            _told(self.steps[number], text)
        return self.steps[number]

    @property
    def failed(self) -> BuildStep | None:
        """Return the step that failed, None if none has."""
        return next((step for step in self.steps.values() if step.error), None)

    @property
    def cause(self) -> str:
        """Return the engine's last word, without what it begins all of them with."""
        return _PREFIX.sub("", self.message)

    @property
    def ended(self) -> tuple[BuiltStep, ...]:
        """Return the steps that have ended, those of BuildKit's own left out."""
        return tuple(
            BuiltStep(step.name, step.seconds or 0.0, step.cached)
            for step in self.steps.values()
            if (step.stage or step.name.startswith("exporting")) and (step.cached or step.seconds is not None)
        )


def _named(text: str) -> BuildStep:
    place = _PLACE.fullmatch(text)
    if place is None:
        return BuildStep(text, text=text)
    return BuildStep(text, place[1] or "image", int(place[2]), int(place[3]), place[4])


def _told(step: BuildStep, text: str) -> None:
    if (done := _DONE.fullmatch(text)) is not None:
        step.seconds = float(done[1])
    elif text == "CACHED":
        step.cached, step.seconds = True, 0.0
    elif text.startswith("ERROR: "):
        step.error = text.removeprefix("ERROR: ")
    elif (log := _LOG.fullmatch(text)) is not None:
        step.elapsed = float(log[1])
        step.clipped = step.clipped or _CLIPPED.fullmatch(log[2]) is not None
        # What redraws its line with returns is worth its last picture.
        step.lines.append(log[2].rstrip("\r").rpartition("\r")[2])
    elif text not in ("...", "CANCELED") and not _DIGEST.fullmatch(text) and not step.stage:
        step.lines.append(text)  # how far a transfer or the export is
