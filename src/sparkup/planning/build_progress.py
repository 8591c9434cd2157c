"""How a build is followed: which step it is at, how far that is going by the last time, and why it failed."""

import json
import re
from collections.abc import Iterable, Mapping

from sparkup.domain.build import ImageVariant, Record
from sparkup.domain.command import Result
from sparkup.domain.event import Event, StageChanged, StepOutput
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.buildkit import BuildOutput, BuildStep
from sparkup.facts.image_failures import IMAGE_FAILURES
from sparkup.facts.known_failure import recognise

SHOWN = 10  # lines of a failed step
MOUNT = re.compile(r"--mount=\S+\s*")
GROWN = 0.01  # of the whole: what a bar is drawn anew for
WIDE = 80  # characters of a step's words in a line of progress
BASE = "[internal] load metadata for "
TOLD = "sparkup: "  # before a line of JSON by data/docker/source.py


def times(records: Iterable[Record], variant: ImageVariant) -> Mapping[str, float]:
    """Return how long each step of the newest build of a variant took when it last ran, by its name."""
    measured = sorted(
        (each.measured for each in records if each.measured and each.inputs.variant is variant),
        key=lambda each: each.made,
    )
    ran = {step.name: step.seconds for each in measured for step in each.steps if not step.cached}
    return {step.name: ran.get(step.name, 0.0) for each in measured[-1:] for step in each.steps}


class BuildProgress:
    """Reads the lines of one build. `known`: seconds of its steps by name; `every`: each line is shown."""

    def __init__(self, host: str, known: Mapping[str, float], *, every: bool = False) -> None:
        self.host, self.known, self.every = host, known, every
        self.output = BuildOutput()
        self.at: BuildStep | None = None
        self.told: float | None = None  # the fraction that was last shown

    def shown(self, line: str) -> str | Event:
        """Take in a line; return what to show of it."""
        step = self.output.feed(line)
        if self.every:
            return StepOutput("build", self.host, line, whole=True) if line.strip() else ""
        if step is None or not step.stage:
            return ""
        ended = step.seconds is not None or step.error
        if ended or (step is self.at and not self._grown()):
            return "" if ended else _last(step)
        self.at, self.told = step, self.fraction
        detail = f"{step.number}/{step.of} {_brief(step)}"
        return StageChanged(self.host, 0, step.stage, detail, self.told)

    def _grown(self) -> bool:
        """Say whether the bar is longer than when it was last shown."""
        return (self.fraction or 0.0) - (self.told or 0.0) >= GROWN

    @property
    def fraction(self) -> float | None:
        """Return how much of the build is done, going by what its steps took before; None if not known."""
        total = sum(self.known.values())
        if not total:
            return None
        return min(0.99, sum(map(self._done, self.output.steps.values())) / total)

    def _done(self, step: BuildStep) -> float:
        """Return the seconds of before that a step has done by now."""
        known = self.known.get(step.name, 0.0)
        return known if step.seconds is not None else min(known, step.elapsed)

    def explain(self, result: Result) -> SparkupError:
        """Return the error for a build that ended with another status than 0."""
        step = self.output.failed
        if step is None:
            said = self.output.cause or f"exit status {result.status}"
            hint = recognise(said, IMAGE_FAILURES)[1]
            return WorkFailed(Problem("build-failed", f"docker could not build: {said}", self.host, hint))
        if refused := _refused(step, self.host):
            return WorkFailed(refused)
        lines = [*step.lines][-SHOWN:]
        hint = recognise("\n".join((*step.lines, step.error, self.output.cause)), IMAGE_FAILURES)[1]
        cut = ("(docker left out some of what it printed)",) if step.clipped else ()
        status = f": exit status {step.exit_status}" if step.exit_status is not None else ""
        if not lines:
            lines = [step.error]
        where = f"step {step.number}/{step.of} of {step.stage}" if step.stage else "docker"
        code = "no-disk" if "disk is full" in hint else "build-failed"
        message = f"{where} failed{status}: {_brief(step)}"
        if step.name.startswith(BASE):
            message = f"the base image {step.name.removeprefix(BASE)} is not there, and cannot be fetched"
        return WorkFailed(Problem(code, message, self.host, hint, details=(*lines, *cut)))


def _brief(step: BuildStep) -> str:
    """Return what a step does in few words: mounts are there for the step, not the step for them."""
    return " ".join(MOUNT.sub("", step.text).split())[:WIDE]


def _last(step: BuildStep) -> str:
    return step.lines[-1] if step.lines and not step.lines[-1].startswith(TOLD) else ""


def _refused(step: BuildStep, host: str) -> Problem | None:
    """Say which pull request does not apply, and where; None if that is not it."""
    told = [json.loads(line.removeprefix(TOLD)) for line in step.lines if line.startswith(f"{TOLD}{{")]
    conflict = next((each for each in told if each.get("result") == "conflict"), None)
    if conflict is None:
        return None
    hunks = conflict.get("conflicts") or ()
    details = [line for each in hunks for line in (f"{each['file']}:{each['line']}", *each["hunk"])]
    number = conflict["pull_request"]
    files = ", ".join(dict.fromkeys(str(each["file"]) for each in hunks))
    message = f"pull request {number} does not apply to {files}"
    hint = "leave it out, take another --vllm-ref, or put those that it builds on before it"
    return Problem("patch-refused", message, host, hint, details=tuple(details))
