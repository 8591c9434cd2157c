"""Connections and the user's terminal: questions, Ctrl-C, and programs that want it for themselves."""

import asyncio
import contextlib
import os
import pty
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.connect.processes import until
from tests.connect.served import serve

pytestmark = pytest.mark.anyio
WORD = "sesame"
ROOT = Path(__file__).parents[2]
CTRL_C, CTRL_BACKSLASH = "\x03", "\x1c"


class Terminal:
    """A terminal with tests/connect/at_terminal.py on it."""

    def __init__(self, handle: int) -> None:
        self.handle, self.shown = handle, ""
        asyncio.get_running_loop().add_reader(handle, self._read)

    def _read(self) -> None:
        try:
            self.shown += os.read(self.handle, 65536).decode()
        except OSError:  # nobody has it open any more
            asyncio.get_running_loop().remove_reader(self.handle)

    async def shows(self, text: str, times: int = 1) -> None:
        try:
            await until(lambda: self.shown.count(text) >= times)
        except TimeoutError:
            pytest.fail(f"{text!r} did not come {times} times; shown: {self.shown!r}")

    def type(self, keys: str) -> None:
        os.write(self.handle, keys.encode())

    @property
    def cooked(self) -> bool:
        """Say whether it echoes and edits lines, as a shell wants to find it."""
        flags: int = termios.tcgetattr(self.handle)[3]
        return bool(flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG)


@contextlib.asynccontextmanager
async def terminal(*arguments: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    program = await asyncio.create_subprocess_exec(
        "setsid", "--ctty", sys.executable, "-m", "tests.connect.at_terminal", *arguments,
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env={**os.environ, "PYTHONPATH": "src:."},
    )  # fmt: skip
    os.close(theirs)
    shown = Terminal(ours)
    try:
        yield shown
        assert await asyncio.wait_for(program.wait(), 10) == 0, shown.shown
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


@pytest.fixture(params=["local", "ssh"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A host as at_terminal.py wants it named."""
    if request.param == "local":
        yield "local"
        return
    async with serve() as served:
        yield str(served.folder)


# Ctrl-C


async def test_ctrl_c_does_not_reach_what_runs(place: str) -> None:
    async with terminal("run", place, "sh", "-c", "echo $$ > /dev/null; sleep 1; echo survived") as user:
        await asyncio.sleep(0.7)
        user.type(CTRL_C)
        await user.shows("interrupted")
        await user.shows("result survived")


TRAPPING = "trap 'echo caught; exit 3' INT QUIT; echo ready; while :; do sleep 0.1; done"


@pytest.mark.parametrize("key", [CTRL_C, CTRL_BACKSLASH])
async def test_in_an_interaction_keys_are_for_the_program_alone(place: str, key: str) -> None:
    async with terminal("interact-tty", place, "sh", "-c", TRAPPING) as user:
        await user.shows("ready")
        await until(lambda: place == "local" or not user.cooked)  # the client passes keys on from then on
        user.type(key)
        await user.shows("caught")
        await user.shows("interrupted")  # afterwards they are ours again
        assert "interrupted" not in user.shown.partition("status 3")[0]
        assert user.cooked


# interactions


@pytest.mark.parametrize(("verb", "status"), [("interact-tty", 0), ("interact", 1)])
async def test_a_program_gets_a_terminal_when_it_wants_one(verb: str, status: int) -> None:
    async with serve() as served, terminal(verb, str(served.folder), "test", "-t", "0") as user:
        await user.shows(f"status {status}")


async def test_what_is_typed_arrives(place: str) -> None:
    async with terminal(
        "interact-tty", place, "sh", "-c", 'read -r line; echo "got <$line>"; exit 7'
    ) as user:
        user.type("some words\n")
        await user.shows("got <some words>")
        await user.shows("status 7")


async def test_awkward_arguments_arrive_in_an_interaction(place: str) -> None:
    async with terminal("interact", place, "printf", "<%s>", "a b", "$HOME", "it's", "A=1") as user:
        await user.shows("<a b><$HOME><it's><A=1>")
        await user.shows("status 0")


@pytest.mark.parametrize(("argv", "status"), [(["no such program"], 127), (["sh", "-c", "exit 255"], 255)])
async def test_how_an_interaction_ends(place: str, argv: list[str], status: int) -> None:
    async with terminal("interact-tty", place, *argv) as user:
        await user.shows(f"status {status}")
        assert status != 127 or "no such program" in user.shown.partition("status")[0]


# questions


async def test_a_password_is_asked_for_and_may_be_wrong_once() -> None:
    async with serve(password=WORD) as served, terminal("open", str(served.folder)) as user:
        await user.shows("assword:")
        user.type("wrong\n")
        await user.shows("assword:", 2)
        user.type(f"{WORD}\n")
        await user.shows("opened")
        assert WORD not in user.shown
        assert user.cooked


async def test_one_host_asks_at_a_time() -> None:
    async with (
        serve(password=WORD) as one,
        serve(password=WORD) as other,
        terminal("open", f"{one.folder},{other.folder}") as user,
    ):
        await user.shows("assword:")
        await asyncio.sleep(0.5)
        assert user.shown.count("assword:") == 1
        user.type(f"{WORD}\n")
        await user.shows("assword:", 2)
        user.type(f"{WORD}\n")
        await user.shows("opened", 2)


async def test_ctrl_c_at_a_question_ends_it() -> None:
    async with serve(password=WORD) as served, terminal("open", str(served.folder)) as user:
        await user.shows("assword:")
        user.type(CTRL_C)
        await user.shows("login-refused")
        assert user.cooked
