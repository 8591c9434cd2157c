"""What systemd on a host offers a launch (limits) and does to it at logout (linger, RemoveIPC)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, env, files, paths, run, whole

CONF = "/etc/systemd/logind.conf"
# A file hides those of its name in the folders after its own (logind.conf(5)).
DROP_INS = tuple(f"{root}/systemd/logind.conf.d" for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))
RUNNING, LOGIND, LINGER = "/run/systemd/system", "/run/systemd/seats", "/var/lib/systemd/linger"
PRIVATE = "/systemd/private"  # the socket of a user's systemd under /run/user/UID
TRUE = frozenset({"yes", "true", "on", "1", "y", "t"})  # systemd.syntax(7)
FALSE = frozenset({"no", "false", "off", "0", "n", "f"})  # what is neither, systemd ignores


@dataclass(frozen=True, slots=True)
class Systemd:
    """`scope` says whether `systemd-run --scope` can start things for this user."""

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


def in_order(found: Mapping[str, str]) -> list[str]:
    """Return the texts that count: the main file, then the drop-ins by name, whatever their folder."""
    drop_ins: dict[str, str] = {}
    for folder in DROP_INS:
        for path, text in found.items():
            if str(PurePosixPath(path).parent) == folder:
                drop_ins.setdefault(PurePosixPath(path).name, text)
    return [found.get(CONF, ""), *(drop_ins[name] for name in sorted(drop_ins))]


def parse_conf(texts: Iterable[str]) -> dict[str, bool]:
    """Return the boolean settings of logind.conf and its drop-ins, the last one winning."""
    settings = {}
    for text in texts:
        for name, value in re.findall(r"^[ \t]*(\w+)[ \t]*=[ \t]*(\w+)[ \t]*$", text, re.MULTILINE):
            if value.lower() in TRUE | FALSE:
                settings[name] = value.lower() in TRUE
    return settings


def parse(answers: Answers) -> Systemd:
    """Read the answers to SYSTEMD."""
    places = answers["paths"]["paths"]
    if not places[RUNNING]["kind"]:
        return Systemd(root=answers["env"]["uid"] == 0)
    settings = parse_conf(in_order(answers["conf"]["files"]))
    user, uid = answers["env"]["env"], answers["env"]["uid"]
    # A socket cannot be read, which says that it is there; others' folders are closed to us.
    managers = [path.lstrip("!") for path in answers["managers"]["files"]]
    manager = next((path.removesuffix(PRIVATE) for path in managers), "")
    installed = answers["version"]["status"] == 0
    name = user.get("USER") or user.get("LOGNAME") or ""
    return Systemd(
        logind=bool(places[LOGIND]["kind"]),
        linger=any(path.lstrip("!").endswith(f"/{name}") for path in answers["linger"]["files"]),
        remove_ipc=settings.get("RemoveIPC", True),
        kill_user_processes=settings.get("KillUserProcesses", False),
        user_manager=manager,
        scope=installed and (uid == 0 or bool(manager)),
        root=uid == 0,
    )


SYSTEMD = Fact(
    "systemd",
    {
        "paths": paths(RUNNING, LOGIND),
        "conf": files(CONF, *(f"{folder}/*.conf" for folder in DROP_INS)),
        "linger": files(f"{LINGER}/*", max_bytes=1),
        "managers": files(f"/run/user/*{PRIVATE}", max_bytes=1),
        "env": env("USER", "LOGNAME"),
        "version": run("systemd-run", "--version"),
    },
    parse,
    recorded=whole,
)
