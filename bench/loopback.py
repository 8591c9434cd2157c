"""This machine over SSH: the sshd of OpenSSH without a port, started by each client, with keys of its own."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.surroundings import Place

NAME = "loopback"
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PRIVILEGE_SEPARATION = Path("/run/sshd")  # what root's sshd wants to see before it does anything


@dataclass(frozen=True, slots=True)
class Loopback:
    """How the host is reached: by sparkup's options, and by the bare client over a shared connection."""

    options: tuple[str, ...]
    client: tuple[str, ...]


def missing() -> str:
    """Say why there can be none here; nothing if there can."""
    if SSHD is None or shutil.which("ssh") is None:
        return "there is no sshd or no ssh"
    if os.geteuid() == 0 and not PRIVILEGE_SEPARATION.is_dir():
        return f"root's sshd needs {PRIVILEGE_SEPARATION}"
    return ""


@contextmanager
def loopback(place: Place) -> Iterator[Loopback]:
    """Serve the host for the time of a `with`; its state is that of the place."""
    folder = place.folder / "ssh"
    folder.mkdir(mode=0o700)
    for key in ("host_key", "id"):
        place.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
    _configure(folder, place)
    socket = str(place.folder / "s")
    config = str(folder / "config")
    shared = ("ssh", "-F", config, "-o", f"ControlPath={socket}", "-o", "ControlMaster=auto",
              "-o", "ControlPersist=yes", NAME)  # fmt: skip
    try:
        yield Loopback(("--ssh-config", config, "--host", NAME), shared)
    finally:
        for path in place.folder.rglob("*"):
            if path.is_socket():
                subprocess.run(("ssh", "-S", str(path), "-O", "exit", NAME), check=False, capture_output=True)


def _configure(folder: Path, place: Place) -> None:
    variables = " ".join(
        f'"{name}={place.env[name]}"' for name in ("SPARKUP_STATE_DIR", "SPARKUP_DATA_DIR", "PATH")
    )
    (folder / "sshd_config").write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/id.pub\nSetEnv {variables}\n"
        "StrictModes no\nUsePAM no\nPidFile none\nLogLevel ERROR\n"
    )
    server = shlex.join((str(SSHD), "-i", "-e", "-f", f"{folder}/sshd_config"))
    (folder / "config").write_text(
        f"Host {NAME}\n  ProxyCommand {server}\n  IdentityFile {folder}/id\n  IdentitiesOnly yes\n"
        f"  IdentityAgent none\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile none\n"
    )
    (folder / "known_hosts").write_text(f"{NAME} {(folder / 'host_key.pub').read_text()}")
