"""What kind of machine a host is: processor, user, and where it keeps things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sparkup.domain.fact import Answers, Fact, digests, env, paths, whole

SYSTEM_STATE = "/var/lib/sparkup"
USER_STATE = "~/.local/state/sparkup"
NAMED_STATE = "$SPARKUP_STATE_DIR"  # for tests and for those who keep several apart
STATES = (SYSTEM_STATE, USER_STATE, NAMED_STATE)
ENVIRONMENTS = "~/.local/share/sparkup/envs"
NAMED_ENVIRONMENTS = "$SPARKUP_DATA_DIR/envs"
VARIABLES = (
    "USER",
    "LOGNAME",
    "SPARKUP_STATE_DIR",
    "SPARKUP_DATA_DIR",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A host as its own kernel and login describe it."""

    architecture: str
    user: str
    uid: int
    python: str  # path of the Python that answers us
    state_root: PurePosixPath
    environments: PurePosixPath
    free: Mapping[str, int]  # bytes free where state and environments are kept: "state", "environments"
    glibc: str = ""  # "" for another C library
    programs: frozenset[PurePosixPath] = frozenset()  # put there before, and still what their names say
    foreign: str = ""  # the folder of ours that others own or may write, "" for none


def parse(answers: Answers) -> Machine:
    """Read the answers to MACHINE."""
    login, places = answers["env"], answers["paths"]["paths"]
    values = login["env"]
    state = places[_state(values, places)]
    environments = places[NAMED_ENVIRONMENTS if values.get("SPARKUP_DATA_DIR") else ENVIRONMENTS]
    return Machine(
        architecture=login["machine"],
        user=values.get("USER") or values.get("LOGNAME") or str(login["uid"]),
        uid=login["uid"],
        python=login["python"],
        state_root=PurePosixPath(state["path"]),
        environments=PurePosixPath(environments["path"]),
        free={"state": state["free"], "environments": environments["free"]},
        glibc=login["libc"],
        programs=frozenset(_whole(answers["programs"]["digests"])),
        foreign=next(_foreign(places, _state(values, places)), ""),
    )


def _foreign(places: Mapping[str, Mapping[str, Any]], root: str) -> Iterator[str]:
    """Yield what is there of a root and its programs, and not ours alone: others could change what we run."""
    for name in (root, f"{root}/bin"):
        if places[name]["kind"] and not places[name]["ours"]:
            yield str(places[name]["path"])


def _whole(digests: Mapping[str, str]) -> Iterator[PurePosixPath]:
    """Yield the programs whose content is what their name says: node-DIGEST.pyz."""
    for path, digest in digests.items():
        name = PurePosixPath(path)
        if name.stem == f"node-{digest[:12]}":
            yield name


def _state(values: Mapping[str, str | None], places: Mapping[str, Mapping[str, object]]) -> str:
    if values.get("SPARKUP_STATE_DIR"):
        return NAMED_STATE
    system = places[SYSTEM_STATE]
    # Several users cannot share it: what root runs from there, root alone may have written.
    usable = system["ours"] if system["kind"] else system["writable"]
    return SYSTEM_STATE if usable else USER_STATE


MACHINE = Fact(
    "machine",
    {
        "env": env(*VARIABLES),
        "programs": digests(*(f"{root}/bin/*.pyz" for root in STATES)),
        "paths": paths(
            *(f"{root}{folder}" for root in STATES for folder in ("", "/bin")),
            ENVIRONMENTS,
            NAMED_ENVIRONMENTS,
        ),
    },
    parse,
    recorded=whole,
)
