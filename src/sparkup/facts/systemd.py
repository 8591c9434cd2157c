"""What systemd on a host offers a launch (limits) and does to it at logout (linger, RemoveIPC)."""

import re
from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, env, files, paths, run

CONF = (
    "/etc/systemd/logind.conf",
    "/etc/systemd/logind.conf.d/*.conf",
    "/usr/lib/systemd/logind.conf.d/*.conf",
)
RUNNING, LOGIND, LINGER = "/run/systemd/system", "/run/systemd/seats", "/var/lib/systemd/linger"
PRIVATE = "/systemd/private"  # the socket of a user's systemd under /run/user/UID
TRUE = frozenset({"yes", "true", "on", "1", "y", "t"})  # systemd.syntax(7)


@dataclass(frozen=True, slots=True)
class Systemd:
    """`scope` says whether `systemd-run --scope` can start things for this user."""

    running: bool = False  # systemd is PID 1
    logind: bool = False
    linger: bool = False
    remove_ipc: bool = True  # logind.conf's default
    kill_user_processes: bool = False
    user_manager: str = ""  # XDG_RUNTIME_DIR with a user manager in it, "" for none
    scope: bool = False
    root: bool = False

    @property
    def ends_at_logout(self) -> str:
        """Return the setting that would harm this user's launches once they log out, "" for none.

        RemoveIPC removes a user's shared memory with their last session (logind.conf(5)), which
        vLLM's workers talk through; root and lingering users are spared.
        """
        if not self.logind or self.root or self.linger:
            return ""
        if self.kill_user_processes:
            return "KillUserProcesses=yes"
        return "RemoveIPC=yes" if self.remove_ipc else ""


def parse_conf(texts: list[str]) -> dict[str, bool]:
    """Return the boolean settings of logind.conf and its drop-ins, the last one winning."""
    settings = {}
    for text in texts:
        for name, value in re.findall(r"^\s*(\w+)\s*=\s*(\w+)\s*$", text, re.MULTILINE):
            settings[name] = value.lower() in TRUE
    return settings


def parse(answers: Answers) -> Systemd:
    """Read the answers to SYSTEMD."""
    places = answers["paths"]["paths"]
    if not places[RUNNING]["kind"]:
        return Systemd(root=answers["env"]["uid"] == 0)
    found = answers["conf"]["files"]
    texts = [text for path, text in sorted(found.items(), key=_drop_ins_last) if path[0] != "!"]
    settings = parse_conf(texts)
    user, uid = answers["env"]["env"], answers["env"]["uid"]
    # A socket cannot be read, which says that it is there; others' folders are closed to us.
    managers = [path.lstrip("!") for path in answers["managers"]["files"]]
    manager = next((path.removesuffix(PRIVATE) for path in managers), "")
    installed = answers["version"]["status"] == 0
    name = user.get("USER") or user.get("LOGNAME") or ""
    return Systemd(
        running=True,
        logind=bool(places[LOGIND]["kind"]),
        linger=any(path.lstrip("!").endswith(f"/{name}") for path in answers["linger"]["files"]),
        remove_ipc=settings.get("RemoveIPC", True),
        kill_user_processes=settings.get("KillUserProcesses", False),
        user_manager=manager,
        scope=installed and (uid == 0 or bool(manager)),
        root=uid == 0,
    )


def _drop_ins_last(item: tuple[str, str]) -> tuple[bool, str]:
    path = item[0]
    return ".conf.d/" in path, path.rpartition("/")[2]


SYSTEMD = Fact(
    "systemd",
    {
        "paths": paths(RUNNING, LOGIND),
        "conf": files(*CONF),
        "linger": files(f"{LINGER}/*", max_bytes=1),
        "managers": files(f"/run/user/*{PRIVATE}", max_bytes=1),
        "env": env("USER", "LOGNAME"),
        "version": run("systemd-run", "--version"),
    },
    parse,
)
