"""The programs of node/ on a host, by verb; see node/__main__.py for what each answers."""

from pathlib import PurePosixPath

from sparkup.domain.launch import RankState

NAME_TAKEN, NOT_STARTED = 73, 74  # exit statuses of `start`
RETRY = 75  # of `ask` and `check`: not yet
ENDED = 70
NOT_PERMITTED = 77
NOT_RUNNING = 69


class Program:
    """The argument vectors of the program on one host."""

    def __init__(self, python: str, file: PurePosixPath, root: PurePosixPath) -> None:
        self.python, self.file, self.root = python, file, root

    def _verb(self, verb: str, *rest: str) -> tuple[str, ...]:
        return (self.python, str(self.file), verb, "--root", str(self.root), *rest)

    def start(self) -> tuple[str, ...]:
        """Start the rank that standard input describes."""
        return self._verb("start")

    def stop(self, name: str, attempt: str) -> tuple[str, ...]:
        """Stop a launch, if it is still that attempt."""
        return self._verb("stop", name, "--attempt", attempt)

    def watch(self, name: str, attempt: str) -> tuple[str, ...]:
        """Follow a start as JSON lines."""
        return self._verb("watch", name, "--attempt", attempt)

    def logs(self, name: str, *, follow: bool, since: float | None, tail: int | None) -> tuple[str, ...]:
        """Copy a log; `since` in seconds after the epoch, `tail` in lines."""
        words = ["--follow"] if follow else []
        words += ["--since", f"{since:.3f}"] if since is not None else []
        words += ["--tail", str(tail)] if tail is not None else []
        return self._verb("logs", name, *words)

    def ask(self, name: str, question: str = "", tokens: int = 1, timeout: float = 60) -> tuple[str, ...]:
        """Ask the server of a launch one real request."""
        words = ["--question", question] if question else []
        return self._verb("ask", name, *words, "--max-tokens", str(tokens), "--timeout", f"{timeout:g}")

    def check(self, kind: str, target: str) -> tuple[str, ...]:
        """Say whether a port answers or a URL is well."""
        return self._verb("check", f"--{kind}", target)

    def enter(self, name: str, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Run a command in the environment of a launch."""
        return self._verb("exec", name, "--", *argv)


def of(rank: RankState, python: str, file_name: str) -> Program:
    """Return the program that looks after a launch which is already on a host."""
    root = PurePosixPath(rank.folder).parent.parent
    return Program(python, root / "bin" / file_name, root)
