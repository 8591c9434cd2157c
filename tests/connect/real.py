"""The sshd of OpenSSH as a host: no port, no daemon; it lives as long as the client that starts it."""

import contextlib
import os
import shlex
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.connect.served import NAME, gone, new_keys, short_folder

from sparkup.connect.master import Options
from sparkup.domain.host import Host

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PRIVILEGE_SEPARATION = Path("/run/sshd")  # what root's sshd wants to see before it does anything


def missing() -> str:
    """Say why it cannot be used here; "" if it can."""
    if SSHD is None:
        return "there is no sshd"
    if os.geteuid() == 0 and not PRIVILEGE_SEPARATION.is_dir():
        return f"root's sshd needs {PRIVILEGE_SEPARATION}"
    return ""


@contextlib.asynccontextmanager
async def serve_sshd() -> AsyncIterator[tuple[Host, Options]]:
    """Yield a host that OpenSSH serves, and how to reach it."""
    with short_folder() as folder:
        new_keys(folder)
        _configure(folder)
        yield Host(NAME, NAME), Options(config=str(folder / "config"), persist=1, folder=folder / "s")
        await gone(folder / "s")


def _configure(folder: Path) -> None:
    (folder / "sshd_config").write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/id.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nLogLevel ERROR\n"
    )
    server = shlex.join((str(SSHD), "-i", "-e", "-f", f"{folder}/sshd_config"))
    (folder / "config").write_text(
        f"Host {NAME}\n  ProxyCommand {server}\n  IdentityFile {folder}/id\n  IdentitiesOnly yes\n"
        f"  IdentityAgent none\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile none\n"
    )
    (folder / "known_hosts").write_text(f"{NAME} {(folder / 'host_key.pub').read_text()}")
