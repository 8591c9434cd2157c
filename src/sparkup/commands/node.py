"""The program of node/ on a host, by verb; node/main.py says what each answers."""

from dataclasses import dataclass
from pathlib import PurePosixPath

NAME_TAKEN = 73  # exit status of `start`
NOT_RUNNING = 69  # of `exec` and `ask`
NOT_PERMITTED = 77  # of all that take a launch: it is another user's
BUSY = 75  # of `hold`


@dataclass(frozen=True, slots=True)
class Program:
    """The argument vectors of the program on one host, for launches under one state root."""

    python: str
    file: PurePosixPath
    root: PurePosixPath

    def _verb(self, verb: str, *rest: str) -> tuple[str, ...]:
        # -I: neither the current folder nor the user's PYTHON* variables choose what is imported.
        return (self.python, "-I", str(self.file), verb, *rest)

    def _launch(self, verb: str, name: str, *rest: str) -> tuple[str, ...]:
        return self._verb(verb, name, "--root", str(self.root), *rest)

    def start(self) -> tuple[str, ...]:
        """Start the rank that standard input describes."""
        return self._verb("start", "--root", str(self.root))

    def take(self) -> tuple[str, ...]:
        """Take the name that standard input describes, for a start to come."""
        return self._verb("take", "--root", str(self.root))

    def keep(self, name: str, attempt: str) -> tuple[str, ...]:
        """Let a launch go on without who started it."""
        return self._launch("keep", name, "--attempt", attempt)

    def stop(
        self, name: str, attempt: str, patience: float | None = None, engine: str = ""
    ) -> tuple[str, ...]:
        """Stop a launch, if it is still that attempt; `patience` in seconds before all of it is told.

        `engine` has its container: it is stopped even if nothing in the state tells of it.
        """
        words = [] if patience is None else ["--patience", f"{patience:g}"]
        words += ["--engine", engine] if engine else []
        return self._launch("stop", name, "--attempt", attempt, *words)

    def watch(self, name: str, attempt: str) -> tuple[str, ...]:
        """Follow a launch as JSON lines."""
        return self._launch("watch", name, "--attempt", attempt)

    def ready(self, name: str) -> tuple[str, ...]:
        """Look once whether a launch is ready."""
        return self._launch("ready", name)

    def logs(
        self,
        name: str,
        *,
        follow: bool = False,
        since: float | None = None,
        tail: int | None = None,
        attempt: str = "",
    ) -> tuple[str, ...]:
        """Copy a log; `since` in seconds after the epoch, below 0 before now; `tail` in lines.

        `attempt`: only of that one.
        """
        words = ["--attempt", attempt] if attempt else []
        words += ["--follow"] if follow else []
        words += ["--since", f"{since:.3f}"] if since is not None else []
        words += ["--tail", str(tail)] if tail is not None else []
        return self._launch("logs", name, *words)

    @staticmethod
    def timed(logs: tuple[str, ...]) -> tuple[str, ...]:
        """Copy a log as JSON lines that say when each line was written (node/timed.py)."""
        return (*logs, "--timed")

    def follow(self, name: str) -> tuple[str, ...]:
        """Copy a log from the moment its launch was ready, and go on."""
        return self._launch("logs", name, "--follow", "--from-ready")

    def ask(self, name: str, question: str, tokens: int, timeout: float = 60) -> tuple[str, ...]:
        """Ask the server of a launch one chat question; `timeout` in seconds."""
        words = ("--question", question, "--max-tokens", str(tokens), "--timeout", f"{timeout:g}")
        return self._launch("ask", name, *words)

    def enter(self, name: str, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Run a command in the environment of a launch."""
        return self._launch("exec", name, "--", *argv)

    def guard(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Run a command that ends when the connection does."""
        return self._verb("guard", "--", *argv)

    def hold(self, file: PurePosixPath) -> tuple[str, ...]:
        """Hold a lock for as long as the connection lives."""
        return self._verb("hold", str(file))
