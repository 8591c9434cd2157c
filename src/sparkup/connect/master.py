"""The master: the one SSH connection to a host that all sessions share, also across processes."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sparkup.commands.ssh import Client, resolved
from sparkup.connect.child import complete, start_on_terminal
from sparkup.connect.client import call, no_client
from sparkup.connect.refusals import bad_config, curable, on_the_way, refusal, timed_out
from sparkup.connect.sockets import control_folder
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable, InputRefused, Problem

PROXIES = {"proxyjump", "proxycommand"}  # in the output of `ssh -G` only where there is one
LOGIN = 20.0  # seconds that a login without questions may take beyond the time to connect
QUICK = 10.0  # seconds for what asks no more than a living master
_asking = asyncio.Lock()  # there is one terminal: one host asks at a time


@dataclass(frozen=True, slots=True)
class Options:
    """How hosts are reached, beyond what the user's ssh_config says.

    The master outlives us by `persist` seconds, so that the next call of sparkup needs no login
    and other processes that use it are not cut off; then it ends by itself.
    """

    accept_new_host_keys: bool = False
    ask: bool | None = None  # questions go to the terminal; None: if standard input is one
    config: str = ""  # another ssh_config
    extra: tuple[str, ...] = ()  # `Name=value`, see ssh_config(5)
    connect_timeout: int = 10  # seconds
    login: float = LOGIN
    persist: int = 60  # seconds
    folder: Path | None = None  # of the control sockets; its name must be short


DEFAULTS = Options()


class Hold(asyncio.Protocol):
    """An open control socket: while it is open the master's timer does not run."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Take note that the master has ended, or that we let go."""
        self.lost.set()


class Master:
    """Opens the shared connection when it is needed, and keeps it alive while we work."""

    def __init__(self, host: Host, options: Options) -> None:
        self._host, self._options = host, options
        self._opening = asyncio.Lock()
        self._hold = Hold()
        self._hold.lost.set()
        self._socket: asyncio.Transport | None = None
        self.client: Client

    async def open(self) -> None:
        """Log in, or use the living master of an earlier call; ask on the terminal if need be."""
        self.client, config = await client_for(self._host, self._options)
        problem = await self._log_in()
        if problem and problem.code == "host-unreachable" and not PROXIES.isdisjoint(config):
            problem = problem if timed_out(problem) else await self._told_on_the_way(problem, config)
        if problem and curable(problem) and self._may_ask():
            async with _asking:
                problem = await self._log_in(problem)
        if problem:
            raise HostUnreachable(problem)
        await self._take_hold()

    async def _told_on_the_way(self, problem: Problem, config: Mapping[str, str]) -> Problem:
        """Return what a host on the way said: a client that leaves a master behind throws its words away."""
        own = f"{config['user']}@{config['hostname']}"  # it refuses: hailing offers no login
        words = (await call(self.client.hail(), self._options.connect_timeout + self._options.login)).stderr
        return on_the_way(self._host, words, own, self._options.config) or problem

    async def ensure(self) -> Client:
        """Return the client, connected; a master that died since is replaced, without asking."""
        async with self._opening:
            if not self.held:
                if problem := await self._log_in():
                    raise HostUnreachable(problem)
                await self._take_hold()
        return self.client

    async def release(self) -> None:
        """Let go of the master, which then ends after its time if nobody else holds it."""
        if self._socket is not None:
            self._socket.close()
            await self._hold.lost.wait()

    async def lives(self) -> bool:
        """Ask the master itself: its socket may be there still while it ends."""
        return (await call(self.client.check(), QUICK)).status == 0

    @property
    def held(self) -> bool:
        """Say whether the master lived a moment ago."""
        return not self._hold.lost.is_set()

    def refusal(self, words: str) -> Problem:
        """Name what kept the client out, from its own words."""
        return refusal(self._host, words, self._options.config)

    def _may_ask(self) -> bool:
        return sys.stdin.isatty() if self._options.ask is None else self._options.ask

    async def _log_in(self, earlier: Problem | None = None) -> Problem | None:
        """Return what kept us out, if anything did; with an earlier problem, the user may cure it."""
        ask, folder = earlier is not None, Path(self.client.socket).parent
        with tempfile.NamedTemporaryFile("r", prefix="log-", dir=folder, errors="replace") as log:
            argv = self.client.open(
                log.name,
                persist=self._options.persist,
                ask=ask,
                accept_new=self._options.accept_new_host_keys,
            )
            status, words = await (self._asking_call(argv) if ask else self._quiet_call(argv))
            words += log.read()
        if status == 0:
            return None
        return earlier if earlier and not words.strip() else self.refusal(words)

    async def _quiet_call(self, argv: tuple[str, ...]) -> tuple[int, str]:
        limit = self._options.connect_timeout + self._options.login
        result = await call(argv, limit)
        if result.status >= 0:
            return result.status, result.stderr
        await call(self.client.exit(), QUICK)  # a master whose host is gone would do this again
        return result.status, f"no login after {limit:.0f} seconds"

    async def _asking_call(self, argv: tuple[str, ...]) -> tuple[int, str]:
        try:
            child = await start_on_terminal(argv)
        except FileNotFoundError:
            raise no_client() from None
        return await complete(child, None, child.end) or 0, ""

    async def _take_hold(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._socket, self._hold = await loop.create_unix_connection(Hold, self.client.socket)
        except OSError as error:
            words = f"the shared connection is gone: {error.strerror}"
            raise HostUnreachable(self.refusal(words)) from None


async def client_for(host: Host, options: Options) -> tuple[Client, dict[str, str]]:
    """Return the client for a host, and what its configuration says; raises InputRefused for a wrong one.

    What %C in the name of the socket stands for depends on the user's ssh_config.
    """
    folder = options.folder or control_folder(os.environ)
    client = Client(host.address, f"{folder}/%C", options.config, options.extra, options.connect_timeout,
                    host.via)  # fmt: skip
    result = await call(client.resolve(), QUICK)
    if result.status != 0:
        raise InputRefused(bad_config(result.stderr))
    config = resolved(result.stdout)
    return replace(client, socket=config["controlpath"]), config
