"""The records of builds that a host keeps, by the fingerprint of the image that was built."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.build import Record
from sparkup.domain.fact import Answers, Fact, env, files
from sparkup.facts.launches import ROOTS

FOLDER = "images"  # in the state of a host: FINGERPRINT.json each
LONGEST = 4 << 20  # bytes


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record, and whether the user who asks has it in a folder of theirs."""

    record: Record
    mine: bool


def _parse(answers: Answers) -> Mapping[str, KeptRecord]:
    """Return all records by fingerprint; of several of one, that of the user who asks."""
    texts, owners = answers["records"]["files"], answers["records"]["owners"]
    found: dict[str, KeptRecord] = {}
    for path, text in texts.items():
        name = PurePosixPath(path).stem
        record, mine = _record(text), owners.get(path) == answers["env"]["uid"]
        if record is not None and record.fingerprint == name and (mine or name not in found):
            found[name] = KeptRecord(record, mine)
    return found


def _record(text: str) -> Record | None:
    """Read one; what others, a newer sparkup or a torn disk have left there need not make sense."""
    try:
        return Record.parse(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return None


NONE: Mapping[str, KeptRecord] = {}
BUILD_RECORDS = Fact(
    "build_records",
    {
        "records": files(*(f"{root}/{FOLDER}/*.json" for root in ROOTS), max_bytes=LONGEST, links=False),
        "env": env(),
    },
    _parse,
    unknown=NONE,
)
