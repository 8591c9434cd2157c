"""The launches of a host, as its state folders and its process table tell."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from sparkup.domain.fact import Answers, Fact, env, files, http
from sparkup.domain.launch import Exit, Process, RankState

NAMED = "SPARKUP_STATE_DIR"
ROOTS = (
    f"${NAMED}",
    "/var/lib/sparkup",
    "~/.local/state/sparkup",
    "/home/*/.local/state/sparkup",  # of other users, where they let us look
    "/root/.local/state/sparkup",
)
STATE_FILES = ("spec.json", "rank.json", "exit.json", "ready.json")
BOOT_ID = "/proc/sys/kernel/random/boot_id"
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
    state: Mapping[str, str] = answers["state"]["files"]
    texts = {str(PurePosixPath(path)): text for path, text in state.items()}  # a root may end in a slash
    named = answers["env"]["env"].get(NAMED)
    if named:  # whoever names a folder keeps its launches apart from all others
        texts = {path: text for path, text in texts.items() if path.startswith(f"{PurePosixPath(named)}/")}
    processes: Mapping[str, str] = answers["processes"]["files"]
    boot = processes.get(BOOT_ID, "").strip()
    living = parse_processes({p: t for p, t in processes.items() if p.endswith("/stat")}, boot)
    folders = sorted({str(PurePosixPath(path).parent) for path in texts if path.endswith("/spec.json")})
    found = (_rank(folder, texts, living) for folder in folders)
    return tuple(sorted((rank for rank in found if rank), key=lambda rank: rank.launch))


def _rank(folder: str, texts: Mapping[str, str], living: frozenset[Process]) -> RankState | None:
    spec, rank, ended, ready = (_object(texts.get(f"{folder}/{name}", "")) for name in STATE_FILES)
    if "launch" not in spec or "attempt" not in spec:
        return None
    supervisor = Process(rank.get("pid", -1), rank.get("pid_start", -1), rank.get("boot", ""))
    child = Process(rank.get("child", -1), rank.get("child_start", -1), rank.get("boot", ""))
    return RankState(
        launch=spec["launch"],
        attempt=spec["attempt"],
        rank=spec.get("rank", 0),
        folder=folder,
        started=rank.get("started", 0.0),
        alive=supervisor in living or child in living,
        pid=rank.get("child", 0),
        argv=tuple(spec.get("argv", ())),
        url=spec.get("url", ""),
        port=spec.get("port"),
        exit=_exit(ended),
        verdict=ready or None,
        spec=spec,
    )


def _exit(ended: Mapping[str, Any]) -> Exit | None:
    if "status" not in ended:
        return None
    return Exit(ended["status"], ended["asked"], ended.get("at", 0.0), ended.get("lost_log", 0))


def _object(text: str) -> Mapping[str, Any]:
    """Return a JSON object; a file that is being removed may be empty."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


LAUNCHES = Fact(
    "launches",
    {
        "env": env(NAMED),
        "state": files(
            *(f"{root}/launches/*/{name}" for root in ROOTS for name in STATE_FILES), max_bytes=LONGEST
        ),
        "processes": files(BOOT_ID, "/proc/[0-9]*/stat", max_bytes=1024),
    },
    parse,
)


def log_tail(rank: RankState, max_bytes: int = 262144) -> Fact[tuple[str, ...]]:
    """Return a fact for the last lines of a rank's log."""
    return Fact(
        f"log of {rank.launch}",
        {"log": files(f"{rank.folder}/log", max_bytes=max_bytes, tail=True)},
        lambda answers: tuple(
            line for text in answers["log"]["files"].values() for line in text.splitlines()
        ),
    )


def health(rank: RankState) -> Fact[int | None]:
    """Return a fact for the status of a server's /health, None where nobody answers."""
    return Fact(
        f"health of {rank.launch}",
        {"health": http(f"{rank.url}/health", timeout=3)},
        lambda answers: answers["health"]["status"],
    )
