"""What the check of a finished image found, and whether the image is fit to have its name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkup.domain.build import Check
from sparkup.domain.command import Result
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.containers import Image

ENTRYPOINT = "entrypoint"
SHOWN = 12  # lines of a check that broke off


@dataclass(frozen=True, slots=True)
class Found:
    """What was found inside an image."""

    versions: Mapping[str, str]
    flags: tuple[str, ...]
    checks: tuple[Check, ...]


def found(result: Result, image: Image, host: str) -> Found:
    """Return what a check found that ended well. Raises WorkFailed for one that is unfit all the same."""
    document = _document(result.stdout)
    if document is None or not _free(image).ok:
        raise unfit(result, host, *(() if document is None else (_free(image),)))
    return Found(
        {str(name): str(value) for name, value in (document.get("versions") or {}).items() if value},
        tuple(map(str, document.get("flags") or ())),
        (*map(_check, document.get("checks") or ()), _free(image)),
    )


def unfit(result: Result, host: str, *more: Check) -> SparkupError:
    """Return the error for an image that did not pass, with everything that is wrong with it."""
    document = _document(result.stdout) or {}
    bad = [each for each in (*map(_check, document.get("checks") or ()), *more) if each.ok is False]
    if bad:
        return WorkFailed(*(_unfit(each, host) for each in bad))
    lines = (result.stderr or result.stdout).strip().splitlines()[-SHOWN:]
    message = f"the new image could not be checked: exit status {result.status}"
    return WorkFailed(Problem("image-unfit", message, host, "the lines above are what it said", tuple(lines)))


def _document(text: str) -> Mapping[str, Any] | None:
    for line in reversed(text.splitlines()):
        try:
            value = json.loads(line) if line.startswith("{") else None
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


def _check(told: Mapping[str, Any]) -> Check:
    ok = told.get("ok")
    return Check(str(told.get("name")), None if ok is None else bool(ok), str(told.get("message") or ""))


def _free(image: Image) -> Check:
    """An entrypoint would be given the command of a launch as its words."""
    words = " ".join(image.entrypoint)
    return Check(
        ENTRYPOINT, not words, f"the image begins everything with {words}" if words else "there is none"
    )


def _unfit(check: Check, host: str) -> Problem:
    hint = "the image before still has the name; the new one is gone, its layers are in docker's cache"
    return Problem("image-unfit", f"the new image is unfit: {check.name}: {check.message}", host, hint)
