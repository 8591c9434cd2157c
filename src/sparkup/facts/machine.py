"""What kind of machine a host is: processor, user, memory, and where it keeps things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, digests, env, files, paths

SYSTEM_STATE = "/var/lib/sparkup"
USER_STATE = "~/.local/state/sparkup"
NAMED_STATE = "$SPARKUP_STATE_DIR"  # for tests and for those who keep several apart
ENVIRONMENTS = "~/.local/share/sparkup/envs"
NAMED_ENVIRONMENTS = "$SPARKUP_DATA_DIR/envs"
VARIABLES = (
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "SPARKUP_STATE_DIR",
    "SPARKUP_DATA_DIR",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A host as its own kernel and login describe it. Memory in bytes."""

    architecture: str
    boot: str
    user: str
    uid: int
    home: str
    cwd: str
    python: str  # path of the Python that answers us
    python_version: tuple[int, ...]
    memory_total: int
    memory_available: int
    state_root: PurePosixPath
    environments: PurePosixPath
    free: Mapping[str, int]  # bytes free where state and environments are kept: "state", "environments"
    glibc: str = ""  # "" for another C library
    programs: frozenset[PurePosixPath] = frozenset()  # put there before, and still what their names say


def parse_meminfo(text: str) -> dict[str, int]:
    """Return /proc/meminfo in bytes; rows without a unit (HugePages_Total) are counts."""
    rows = (line.partition(":") for line in text.splitlines())
    fields = ((name, value.split()) for name, _, value in rows)
    return {
        name: int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
        for name, words in fields
        if words and words[0].isdigit()
    }


def parse(answers: Answers) -> Machine:
    """Read the answers to MACHINE."""
    texts = answers["files"]["files"]
    login, places = answers["env"], answers["paths"]["paths"]
    values = login["env"]
    memory = parse_meminfo(texts.get("/proc/meminfo", ""))
    state = places[_state(values, places)]
    environments = places[NAMED_ENVIRONMENTS if values.get("SPARKUP_DATA_DIR") else ENVIRONMENTS]
    return Machine(
        architecture=login["machine"],
        boot=texts.get("/proc/sys/kernel/random/boot_id", "").strip(),
        user=values.get("USER") or values.get("LOGNAME") or str(login["uid"]),
        uid=login["uid"],
        home=values["HOME"],
        cwd=login["cwd"],
        python=login["python"],
        python_version=tuple(int(part) for part in login["version"].split(".")[:2]),
        memory_total=memory.get("MemTotal", 0),
        memory_available=memory.get("MemAvailable", 0),
        state_root=PurePosixPath(state["path"]),
        environments=PurePosixPath(environments["path"]),
        free={"state": state["free"], "environments": environments["free"]},
        glibc=login["libc"],
        programs=frozenset(_whole(answers["programs"]["digests"])),
    )


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
        "files": files("/proc/sys/kernel/random/boot_id", "/proc/meminfo"),
        "programs": digests(*(f"{root}/bin/*.pyz" for root in (SYSTEM_STATE, USER_STATE, NAMED_STATE))),
        "paths": paths(SYSTEM_STATE, USER_STATE, NAMED_STATE, ENVIRONMENTS, NAMED_ENVIRONMENTS),
    },
    parse,
)
