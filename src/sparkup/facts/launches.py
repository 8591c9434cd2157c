"""The launches of a host, as its state folders and its process table tell."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from sparkup.domain.fact import Answers, Fact, env, files, http
from sparkup.domain.launch import NAME_RULE, Exit, Process, RankState
from sparkup.domain.peer import Peer

T = TypeVar("T")

NAMED = "SPARKUP_STATE_DIR"
ROOTS = (
    f"${NAMED}",
    "/var/lib/sparkup",
    "~/.local/state/sparkup",
    "/home/*/.local/state/sparkup",  # of other users, where they let us look
    "/root/.local/state/sparkup",
)
STATE_FILES = ("spec.json", "rank.json", "exit.json", "ready.json", "peers.json")
BOOT_ID = "/proc/sys/kernel/random/boot_id"
END_OF_TIME = 1e11  # seconds after the epoch, some thousand years
LONGEST = 8 << 20  # bytes of a state file: a spec holds a command line, which execve(2) takes up to 6 MiB of


def parse_processes(stats: Mapping[str, str], boot: str) -> frozenset[Process]:
    """Return the living processes of /proc/*/stat; zombies do not live.

    The name in the second field may hold spaces and brackets, so fields count from the last one
    (proc(5)); the start time is field 22.
    """
    living = set()
    for path, text in stats.items():
        fields = text.rpartition(")")[2].split()
        if len(fields) > 19 and fields[0] not in ("Z", "X"):
            living.add(Process(int(PurePosixPath(path).parent.name), int(fields[19]), boot))
    return frozenset(living)


def parse(answers: Answers) -> tuple[RankState, ...]:
    """Read the answers to LAUNCHES: all launches, by name; one found under two globs counts once."""
    texts, owners = (_normal(answers["state"][part]) for part in ("files", "owners"))
    named = answers["env"]["env"].get(NAMED)
    if named:  # whoever names a folder keeps its launches apart from all others
        own_root = f"{PurePosixPath(named)}/"
        texts = {path: text for path, text in texts.items() if path.removeprefix("!").startswith(own_root)}
    processes: Mapping[str, str] = answers["processes"]["files"]
    boot = processes.get(BOOT_ID, "").strip()
    living = parse_processes({p: t for p, t in processes.items() if p.endswith("/stat")}, boot)
    specs = (path for path in texts if path.endswith("/spec.json") and not path.startswith("!"))
    folders = sorted({str(PurePosixPath(path).parent) for path in specs})
    found = (_rank(folder, texts, living) for folder in folders)
    owned = [_owned(rank, owners, answers["env"]["uid"]) for rank in found if rank]
    return tuple(sorted((*owned, *_hidden(texts, owners)), key=lambda rank: rank.launch))


def _hidden(texts: Mapping[str, str], owners: Mapping[str, int]) -> Iterator[RankState]:
    """Yield the launches of which others let us see no more than that they are there."""
    for path in texts:
        folder = PurePosixPath(path.removeprefix("!")).parent
        if path.startswith("!") and path.endswith("/spec.json") and NAME_RULE.fullmatch(folder.name):
            rank = RankState(folder.name, "", 0, str(folder), 0.0, alive=False, pid=0, argv=(), hidden=True)
            yield replace(rank, owner=owners.get(path, -1), mine=False)


def _owned(rank: RankState, owners: Mapping[str, Any], uid: int) -> RankState:
    owner = owners.get(f"{rank.folder}/spec.json", -1)
    return replace(rank, owner=owner, mine=owner == uid)


def _normal(by_path: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is by path with the paths in one form: a root may end in a slash."""
    return {str(PurePosixPath(path)): value for path, value in by_path.items()}


def _rank(folder: str, texts: Mapping[str, str], living: frozenset[Process]) -> RankState | None:
    """Read one launch. What other users, or a torn disk, have left there need not make sense."""
    spec, rank, ended, ready, peers = (_object(texts.get(f"{folder}/{name}", "")) for name in STATE_FILES)
    name = PurePosixPath(folder).name
    if not NAME_RULE.fullmatch(name) or spec.get("launch") != name:
        return None
    try:
        return RankState(
            launch=name,
            attempt=_as(str, spec["attempt"]),
            rank=_as(int, spec.get("rank", 0)),
            folder=folder,
            started=_moment(rank.get("started", 0.0)),
            alive=bool({_process(rank, "pid"), _process(rank, "child")} & living),
            pid=_as(int, rank.get("child", 0)),
            argv=tuple(_as(str, word) for word in _as(list, spec.get("argv", []))),
            url=_as(str, spec.get("url", "")),
            port=None if spec.get("port") is None else _as(int, spec["port"]),
            exit=parse_exit(ended),
            verdict={**ready, "canary": _as(dict, ready.get("canary") or {})} if ready else None,
            spec=spec,
            nodes=tuple(_as(str, host) for host in _as(list, spec.get("nodes", []))),
            peers=_peers(peers),
        )
    except (TypeError, ValueError, KeyError):
        return None


def _peers(told: Mapping[str, Any]) -> tuple[Peer, ...]:
    """Read what a supervisor knows of the other ranks; what makes no sense tells nothing."""
    try:
        return tuple(
            Peer(
                _as(int, each["rank"]),
                _as(str, each["host"]),
                _as(str, each["state"]),
                None if each["silent"] is None else _moment(each["silent"]),
                None if each.get("heard") is None else _moment(each["heard"]),
                _as(str, told.get("problem", "")),
            )
            for each in _as(list, told.get("peers", []))
        )
    except (TypeError, KeyError):
        return ()


def _process(rank: Mapping[str, Any], who: str) -> Process:
    boot, start = _as(str, rank.get("boot", "")), rank.get(f"{who}_start")
    # No start time: it had ended before anybody could look.
    return Process(_as(int, rank.get(who, -1)), -1 if start is None else _as(int, start), boot)


def _moment(value: object) -> float:
    """Read seconds after the epoch; a number beyond all clocks is none."""
    if isinstance(value, int | float) and abs(value) < END_OF_TIME:
        return float(value)
    raise TypeError(value)


def _as(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


def parse_exit(ended: Mapping[str, Any]) -> Exit | None:
    """Read an exit.json, None for none; raises TypeError or KeyError for what makes no sense."""
    if "status" not in ended:
        return None
    asked = _as(bool, ended["asked"])
    return Exit(
        _as(int, ended["status"]),
        asked,
        _moment(ended.get("at", 0.0)),
        _as(int, ended.get("lost_log", 0)),
        _as(bool, ended.get("short_of_memory", False)),
        _as(bool, ended.get("limit_reached", False)),
        _as(str, ended.get("because", "")),
    )


def _object(text: str) -> Mapping[str, Any]:
    """Return a JSON object; a file that is being removed may be empty."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def own(answers: Answers) -> Answers:
    """Record this user's launches and their processes: those of others are not ours to keep."""
    uid, owners, texts = answers["env"]["uid"], answers["state"]["owners"], answers["state"]["files"]
    mine = {path: text for path, text in texts.items() if owners.get(path) == uid}
    ranks = [_object(text) for path, text in mine.items() if path.endswith("/rank.json")]
    stats = {f"/proc/{rank.get(who)}/stat" for rank in ranks for who in ("pid", "child")}
    processes = answers["processes"]["files"]
    kept = {path: text for path, text in processes.items() if path in {BOOT_ID, *stats}}
    return {
        "env": answers["env"],
        "state": {"files": mine, "owners": dict.fromkeys(mine, uid)},
        "processes": {"files": kept, "owners": {}},
    }


LAUNCHES = Fact(
    "launches",
    {
        "env": env(NAMED),
        "state": files(
            *(f"{root}/launches/*/{name}" for root in ROOTS for name in STATE_FILES),
            max_bytes=LONGEST,
            links=False,  # whoever is root in a container may put them there
        ),
        "processes": files(BOOT_ID, "/proc/[0-9]*/stat", max_bytes=1024),
    },
    parse,
    recorded=own,
)


def log_tail(rank: RankState, max_bytes: int = 262144) -> Fact[tuple[str, ...]]:
    """Return a fact for the last lines of a rank's log."""
    return Fact(
        f"log of {rank.folder}",
        {"log": files(f"{rank.folder}/log", max_bytes=max_bytes, tail=True, links=False)},
        lambda answers: tuple(
            line for text in answers["log"]["files"].values() for line in text.splitlines()
        ),
        unknown=(),
    )


def health(rank: RankState) -> Fact[int | None]:
    """Return a fact for the status of a server's /health, None where nobody answers."""
    return Fact(
        f"health of {rank.folder}",
        {"health": http(f"{rank.url}/health", timeout=3)},
        lambda answers: answers["health"]["status"],
    )
