"""The OpenSSH client as argument vectors: one shared connection a host, and sessions through it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

# The login shell replaces itself: then the program's shell leads the session and process group that sshd
# makes, by which it can be ended, and is alone with the keys of a terminal.
LOGIN_SHELL = ("exec", "sh", "-c")
# The mark and the group come first on standard error. The subshell makes `sh` tell a signal as 128 + N,
# which the client itself never does (its own words about it go nowhere), and `exec` takes programs only.
ATTENDED = 'echo "$1 $$" >&2; shift; exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit $?'
UNATTENDED = 'exec "$@"'
# Returns at once, with 1 if there is no such group. What stays behind only looks, for five seconds.
END = (
    'kill -TERM "-$1" || exit 1; '
    '{ i=0; while kill -0 "-$1" && [ $((i+=1)) -le 50 ]; do sleep 0.1; done; '
    'kill -KILL "-$1"; } </dev/null >/dev/null 2>&1 &'
)


def attended(mark: str, argv: Sequence[str]) -> tuple[str, ...]:
    """Run a program that says `mark GROUP` on standard error before anything else."""
    return (*LOGIN_SHELL, ATTENDED, "sh", mark, *argv)


def unattended(argv: Sequence[str]) -> tuple[str, ...]:
    """Run a program in place of all shells."""
    return (*LOGIN_SHELL, UNATTENDED, "sh", *argv)


def end(group: int) -> tuple[str, ...]:
    """End a process group: SIGTERM, then SIGKILL for what is left after five seconds."""
    return (*LOGIN_SHELL, END, "sh", str(group))


@dataclass(frozen=True, slots=True)
class Client:
    """What all calls for one host share; they find each other by the control socket.

    The first value of an option wins (ssh_config(5)): what we rely on, the caller's, then our defaults.
    """

    address: str
    socket: str  # ControlPath, %C and all
    config: str = ""  # -F, "" = the user's own
    options: tuple[str, ...] = ()  # -o, each `Name=value`
    connect_timeout: int = 10  # seconds
    via: str = ""  # ProxyJump, "" = as the user's configuration says

    def resolve(self) -> tuple[str, ...]:
        """Print the configuration for the host, names expanded, without connecting."""
        return self._call("-G", "--", self.address)

    def open(self, log: str, *, persist: int, ask: bool, accept_new: bool) -> tuple[str, ...]:
        """Make sure that a master runs, `persist` seconds beyond its last use.

        `auto` with a command that does nothing: it uses a living master, removes a dead socket, and
        who loses a race for the socket just ends, which `-N -f` would not.
        """
        words = ["-T", "-E", log, "-o", "ControlMaster=auto", "-o", f"ControlPersist={persist}"]
        words += ["-o", "LogLevel=INFO" if ask else "LogLevel=ERROR"]
        words += [] if ask else ["-o", "BatchMode=yes"]
        words += ["-o", "StrictHostKeyChecking=accept-new"] if accept_new else []
        return self._call(*words, "--", self.address, "true")

    def hail(self, known: str = "") -> tuple[str, ...]:
        """Get as far as the host's key, and offer no way to log in.

        With `known`, a file that is empty, SSH writes there what it would write down of a key that it takes;
        nothing else knows of it. Without, the key is held against what is known.
        """
        words = ["-S", "none", "-T", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "UpdateHostKeys=no"]
        words += ["-o", "PreferredAuthentications=none", "-o", "PubkeyAuthentication=no"]
        if known:
            words += ["-o", f"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=none"]
            words += ["-o", "StrictHostKeyChecking=accept-new"]
        return self._call(*words, "--", self.address, "true")

    def check(self) -> tuple[str, ...]:
        """Exit with 0 if the master lives."""
        return self._call("-O", "check", "--", self.address)

    def exit(self) -> tuple[str, ...]:
        """End the master and all sessions through it."""
        return self._call("-O", "exit", "--", self.address)

    def session(self, argv: Sequence[str], *, tty: bool = False) -> tuple[str, ...]:
        """Run a command through the master."""
        words = ("-tt" if tty else "-T", "-o", "ControlMaster=no", "-o", "BatchMode=yes",
                 "-o", "LogLevel=ERROR")  # fmt: skip
        return self._call(*words, "--", self.address, shlex.join(argv))

    def _call(self, *rest: str) -> tuple[str, ...]:
        config = ("-F", self.config) if self.config else ()
        fixed = (
            "ClearAllForwardings=yes",
            "RemoteCommand=none",
        )  # meant for logins, they would be in the way
        defaults = (
            f"ConnectTimeout={self.connect_timeout}",
            "ServerAliveInterval=15",  # a host that vanished is noticed within a minute
            "ServerAliveCountMax=4",
        )
        jump = (f"ProxyJump={self.via}",) if self.via else ()
        options = (word for option in (*fixed, *jump, *self.options, *defaults) for word in ("-o", option))
        return ("ssh", *config, "-S", self.socket, *options, *rest)


def known(name: str, file: str) -> tuple[str, ...]:
    """Print the lines that a file of known hosts has for a name, hashed ones as well."""
    return ("ssh-keygen", "-F", name, "-f", file)


def resolved(output: str) -> dict[str, str]:
    """Read the output of `ssh -G`: the first value of each key."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key, value)
    return found
