"""A host inside the test's own process: asyncssh serves it, programs on it are real.

It treats programs as OpenSSH's sshd does: each in a session of its own, run by `sh -c`; a closed
channel closes their pipes and ends nothing; a session counts until its program has ended.
"""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
from tests.connect.processes import entries, until
from tests.connect.programs import Living, Process, end, on_pipes, on_terminal

from sparkup.connect.master import Options
from sparkup.domain.host import Host

NAME = "spark1"
Session = tuple[asyncssh.SSHServerChannel[bytes], Process]


@dataclass
class Served:
    """The host, how to reach it, and what it has seen."""

    folder: Path  # config, keys, known_hosts, and the control sockets in `s`
    max_sessions: int = 10  # for each connection, as MaxSessions of sshd_config(5)
    password: str = ""  # "" = keys only
    logins: int = 0
    running: int = 0
    peak: int = 0
    refused: int = 0
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    living: Living = field(default_factory=dict)
    away: bool = False

    @property
    def host(self) -> Host:
        """The host as the user's inventory would name it."""
        return Host(NAME, NAME)

    @property
    def known_hosts(self) -> Path:
        """The file of known host keys."""
        return self.folder / "known_hosts"

    @property
    def sockets(self) -> Path:
        """The folder of the control sockets."""
        return self.folder / "s"

    def options(self, **changes: object) -> Options:
        """Options that reach it, and leave a master for a second only."""
        defaults: dict[str, object] = {
            "config": str(self.folder / "config"),
            "persist": 1,
            "connect_timeout": 5,
            "folder": self.sockets,
            "ask": False,
        }
        return Options(**{**defaults, **changes})  # type: ignore[arg-type]  # a dictionary of many types

    def freeze(self) -> None:
        """Stop answering, as a host does whose cable was pulled: nothing tells the other side."""
        for connection in self.connections:
            transport = connection._transport  # asyncssh has no other way to do it
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()

    def break_off(self) -> None:
        """Drop all connections, as a host does that loses power."""
        for connection in tuple(self.connections):
            connection.abort()

    def leave(self) -> None:
        """Drop all connections and take no others, as a host does that was switched off."""
        self.away = True
        self.break_off()


class _Server(asyncssh.SSHServer):
    def __init__(self, served: Served) -> None:
        self._served, self._running = served, 0
        self._connection: asyncssh.SSHServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._served.connections.add(conn)
        if self._served.away:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._served.connections.discard(self._connection)

    def auth_completed(self) -> None:
        self._served.logins += 1

    def password_auth_supported(self) -> bool:
        return bool(self._served.password)

    def validate_password(self, username: str, password: str) -> bool:
        return password == self._served.password

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True  # it may be a jump host

    def session_requested(self) -> Session:
        if self._running >= self._served.max_sessions:
            self._served.refused += 1
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "no more sessions")
        self._count(+1)
        channel = self._connection.create_server_channel(encoding=None)
        return channel, asyncssh.SSHServerProcess(self._serve, None, 3, False)  # no SFTP, no scp

    async def _serve(self, process: Process) -> None:
        wants_one = process.term_type is not None  # of a type without a name where TERM is not set
        run = on_terminal if wants_one else on_pipes
        try:
            status = await run(process, self._served.living)
        finally:
            self._count(-1)
        with contextlib.suppress(OSError):  # the channel is closed already
            if status < 0:
                process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
            else:
                process.exit(status)

    def _count(self, change: int) -> None:
        self._running += change
        self._served.running += change
        self._served.peak = max(self._served.peak, self._served.running)


def new_keys(folder: Path) -> None:
    """Make the keys of the host and of its user, and the configuration that names them."""
    (folder / "s").mkdir(mode=0o700)
    for name in ("host_key", "id"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        (folder / name).touch(mode=0o600)  # the client refuses what others may read
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")


def write_config(folder: Path, port: int) -> None:
    """Write an ssh_config and a known_hosts that know the host on this port."""
    lines = {
        "HostName": "127.0.0.1",
        "Port": str(port),
        "IdentityFile": str(folder / "id"),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": str(folder / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null",
        "Ciphers": "aes128-gcm@openssh.com",  # the cheapest for asyncssh
    }
    text = "".join(f"  {name} {value}\n" for name, value in lines.items())
    (folder / "config").write_text(f"Host {NAME}\n{text}")
    public = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder whose name is short enough for sockets in it (pytest's own are not)."""
    folder = Path(tempfile.mkdtemp(prefix="sparkup-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def serve(password: str = "", max_sessions: int = 10) -> AsyncIterator[Served]:
    """Serve a host on loopback; what is left of it at the end is dropped."""
    with short_folder() as folder:
        new_keys(folder)
        served = Served(folder, max_sessions, password)
        listener = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Server(served),
            server_host_keys=[str(folder / "host_key")],
            authorized_client_keys=None if password else str(folder / "id.pub"),
        )
        write_config(folder, listener.get_port())
        try:
            yield served
        finally:
            listener.close()
            served.break_off()
            await listener.wait_closed()
            await end(served.living)
            await gone(served.sockets)


async def gone(sockets: Path) -> None:
    """Wait until no master is left."""
    await until(lambda: not entries(sockets))
