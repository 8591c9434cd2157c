"""A command is an argument vector until the last inch; this module holds the one place that quotes."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn


class Secret:
    """A value that prints as its name and is unwrapped only when it is sent.

    No dataclass: asdict() would take it apart wherever something holds one.
    """

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name, self._value = name, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self.name, self._value) == (other.name, other._value)

    def __hash__(self) -> int:
        return hash((self.name, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written down")

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def reveal(self) -> str:
        """Return the value; only connections call this."""
        return self._value

    def __repr__(self) -> str:
        return f"<secret {self.name}>"


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, with what it reads on standard input.

    `secrets` follow `stdin` as NAME=value records, each ended by a NUL byte: they never stand in an
    argument vector, where `ps` shows them, nor in a plan.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    secrets: tuple[Secret, ...] = ()
    timeout: float | None = None  # seconds

    def shell(self) -> str:
        """Return the argument vector as one line that a POSIX shell reads back unchanged."""
        return shlex.join(self.argv)

    def input(self) -> bytes:
        """Return all of standard input, secrets included."""
        records = (
            f"{secret.name}={secret.reveal()}\0".encode(errors="surrogateescape") for secret in self.secrets
        )
        return self.stdin + b"".join(records)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left: its exit status (negative: the signal that ended it) and its output."""

    status: int
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables of a process: plain values, and secrets that are only ever named."""

    plain: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[Secret, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return all names in order, secret ones last."""
        return (*self.plain, *(secret.name for secret in self.secret))
