"""Simulated hosts as an object: a testbed of this process, and how to run things in its hosts."""

import atexit
import itertools
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIMHOSTS = Path(__file__).resolve().parent.parent / "testbed" / "simhosts"
CONTROL = 0  # the number of the control workstation
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Setup:
    """What a testbed is made of; `shares` are folders of the machine that hosts see read-only."""

    hosts: int = 2
    engine: str = "none"  # or "docker"
    shares: tuple[Path, ...] = ()
    mesh: bool = True  # hosts can log in to each other
    base: str = ""  # the Debian tree whose programs hosts have, "" for this machine's
    nat: bool = False  # hosts reach what the machine reaches; for one testbed at a time


@dataclass(frozen=True, slots=True)
class SimHost:
    """A simulated host: its number from 1, and how it is reached from all others."""

    number: int

    @property
    def name(self) -> str:
        """What /etc/hosts knows it by; it stands for `address`."""
        return f"spark{self.number}"

    @property
    def address(self) -> str:
        """On the first RDMA rail."""
        return f"192.168.177.{10 + self.number}"

    @property
    def second_rail(self) -> str:
        """On the twin of the first rail's port."""
        return f"192.168.178.{10 + self.number}"

    @property
    def management(self) -> str:
        """On the RJ45 port."""
        return f"192.168.176.{10 + self.number}"


class Testbed:
    """Simulated hosts that live until `down`. Methods raise AssertionError when a command fails."""

    __test__ = False  # no test class, whatever its name says

    def __init__(self, setup: Setup) -> None:
        # No other process that lives has this name, so checkouts side by side do not meet.
        self.name = f"t{os.getpid():x}x{next(_serial)}"
        self.setup = setup
        self.hosts: tuple[SimHost, ...] = ()

    def argv(self, number: int, argv: Sequence[str]) -> list[str]:
        """Return what runs a command as root in a host, for callers that start it themselves.

        Ending that process ends the command. Host 0 is the control workstation.
        """
        return self._simhosts("exec", str(number), *argv)

    def control(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine on the control workstation; `env` adds to ours."""
        extra = [f"{name}={value}" for name, value in (env or {}).items()]
        return run(self.argv(CONTROL, ["env", *extra, *argv]), cwd, stdin, timeout, check)

    def exec(
        self,
        number: int,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root in a host, in /root, with a login's bare environment."""
        return run(self.argv(number, argv), None, stdin, timeout, check)

    def link(self, number: int, up: bool) -> None:
        """Plug in or pull all network cables of a host."""
        self._do("link", str(number), "up" if up else "down")

    def kill(self, number: int) -> None:
        """Cut a host's power; its disk stays."""
        self._do("kill", str(number))

    def up(self, number: int) -> None:
        """Power a killed host on; returns when one can log in."""
        self._do("boot", str(number))

    def grow(self, hosts: int) -> None:
        """Make it at least that many hosts, all of them powered on."""
        count = max(hosts, len(self.hosts))
        shares = [word for folder in self.setup.shares for word in ("--share", str(folder))]
        alone = () if self.setup.mesh else ("--no-mesh",)
        nat = ("--nat",) if self.setup.nat else ()
        words = ("--engine", self.setup.engine, "--owner", str(os.getpid()), *nat)
        self._do("up", str(count), *words, *alone, *shares)
        self.hosts = tuple(SimHost(number) for number in range(1, count + 1))

    def down(self) -> None:
        """Remove the hosts and all that the testbed made; does nothing the second time."""
        self._do("down")
        self.hosts = ()

    def _do(self, *words: str) -> None:
        run(self._simhosts(*words), timeout=120)

    def _simhosts(self, *words: str) -> list[str]:
        names = (f"SIMHOSTS_NAME={self.name}", f"SIMHOSTS_BASE={self.setup.base}")
        return ["env", *names, str(SIMHOSTS), *words]


@contextmanager
def booted(setup: Setup) -> Iterator[Testbed]:
    """Boot a testbed for the time of a `with`; it goes also when the interpreter is told to end."""
    testbed = Testbed(setup)
    atexit.register(testbed.down)
    try:
        testbed.grow(setup.hosts)
        yield testbed
    finally:
        testbed.down()
        atexit.unregister(testbed.down)


def lacks(engine: str) -> str:
    """Say what this machine lacks for a testbed, "" for nothing."""
    try:
        done = run([str(SIMHOSTS), "check", "--engine", engine], check=False)
    except OSError as error:  # not even bash
        return str(error)
    return "" if done.returncode == 0 else "; ".join(done.stderr.splitlines())


def sweep() -> None:
    """Remove the testbeds that killed test runs have left."""
    run([str(SIMHOSTS), "sweep"], timeout=120)


def run(
    argv: Sequence[str],
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = 60,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; at `timeout` seconds, and on Ctrl-C, all of it is killed."""
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, stdin=source, stdout=pipe, stderr=pipe, cwd=cwd, encoding="utf-8", process_group=0
    ) as process:
        try:
            stdout, stderr = process.communicate(stdin, timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if check and process.returncode:
        said = f"{shlex.join(argv)}: status {process.returncode}\n{stdout}{stderr}"
        raise AssertionError(said)
    return subprocess.CompletedProcess(argv, process.returncode, stdout, stderr)
