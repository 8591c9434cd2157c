"""What every connection promises, on this machine, on an in-process host and on OpenSSH's sshd."""

import asyncio
import hashlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.connect.conftest import Connect
from tests.connect.processes import ended, entries, lives, until

from sparkup.connect.base import Connection, Stream
from sparkup.domain.command import Command, Secret
from sparkup.errors import WorkFailed

pytestmark = pytest.mark.anyio
MB = 1_000_000
ECHO = ("printf", "%s\\0")  # the program, not the builtin: its arguments, each with a NUL


def python(program: str, *arguments: str) -> Command:
    return Command((sys.executable, "-c", program, *arguments))


async def arrived(connection: Connection, *arguments: str) -> list[str]:
    result = await connection.run(Command((*ECHO, *arguments)))
    assert (result.status, result.stderr) == (0, "")
    return result.stdout.split("\0")[:-1]


# arguments


AWKWARD = [
    *("", " ", "a b", "it's", '"', "$HOME", "`id`", "$(id)", "a\nb", "\n", "\t", "\r", "*", "~", "\\", "\\n"),
    *("!!", "#", "a;b&c|d>e<f", "Zürich 日本 🐙", '{"a": ["b c", null]}', "-e", "--", "%s", "A=1"),
    *("\x7f\x01", ""),
]


async def test_awkward_arguments_arrive_unchanged(connection: Connection) -> None:
    assert await arrived(connection, *AWKWARD) == AWKWARD


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=20))
async def test_any_arguments_arrive_unchanged(connection: Connection, arguments: list[str]) -> None:
    assert await arrived(connection, *arguments) == arguments


@pytest.mark.parametrize("argv", [("exit", "3"), ("A=1", "env"), ("cd", "/"), ("no such program",)])
async def test_only_programs_are_run(connection: Connection, argv: tuple[str, ...]) -> None:
    result = await connection.run(Command(argv))
    assert result.status == 127
    assert argv[0] in result.stderr


# input and output


async def test_much_output_comes_whole(connection: Connection) -> None:
    result = await connection.run(Command(("head", "-c", str(50 * MB), "/dev/zero")))
    assert (result.status, len(result.stdout), result.stderr) == (0, 50 * MB, "")


async def test_much_output_on_both_pipes_comes_whole(connection: Connection) -> None:
    program = "import sys\nfor _ in range(500): sys.stdout.write('o' * 10000); sys.stderr.write('e' * 10000)"
    result = await connection.run(python(program))
    assert (len(result.stdout), result.stderr) == (5 * MB, "e" * 5 * MB)


async def test_much_input_arrives_whole_while_output_comes(connection: Connection) -> None:
    given = os.urandom(MB) * 20
    result = await connection.run(Command(("tee", "/dev/stderr"), given))
    assert len(result.stdout) == len(given.decode(errors="replace"))
    hashed = await connection.run(Command(("sha256sum",), given))
    assert hashed.stdout.split()[0] == hashlib.sha256(given).hexdigest()


async def test_a_program_may_leave_its_input_unread(connection: Connection) -> None:
    assert (await connection.run(Command(("true",), b"x" * 5 * MB))).status == 0


async def test_without_input_a_program_reads_an_end(connection: Connection) -> None:
    assert (await connection.run(Command(("cat",)))).stdout == ""


async def test_secrets_follow_the_input(connection: Connection) -> None:
    command = Command(("cat",), b"plain ", (Secret("TOKEN", "s3cret"), Secret("B", "ü")))
    assert (await connection.run(command)).stdout == "plain TOKEN=s3cret\0B=ü\0"


async def test_bytes_that_are_no_text_do_not_raise(connection: Connection) -> None:
    write = "import sys; [f.buffer.write(bytes(range(256)) * 999) for f in (sys.stdout, sys.stderr)]"
    result = await connection.run(python(write))
    expected = (bytes(range(256)) * 999).decode(errors="replace")
    assert (result.status, result.stdout, result.stderr) == (0, expected, expected)


async def test_words_on_standard_error_are_no_failure(connection: Connection) -> None:
    result = await connection.run(Command(("sh", "-c", "echo out; echo err >&2")))
    assert (result.status, result.stdout, result.stderr) == (0, "out\n", "err\n")


# how a program ends


@pytest.mark.parametrize("status", [0, 1, 126, 127, 128, 255])
async def test_a_status_is_the_programs_own(connection: Connection, status: int) -> None:
    assert (await connection.run(Command(("sh", "-c", f"exit {status}")))).status == status


@pytest.mark.parametrize("name", ["INT", "KILL", "SEGV", "TERM"])
async def test_a_signal_is_a_negative_status(connection: Connection, name: str) -> None:
    result = await connection.run(Command(("sh", "-c", f"kill -{name} $$")))
    assert (result.status, result.stderr) == (-signal.Signals[f"SIG{name}"], "")


async def test_what_cannot_be_executed_has_status_126(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no program")
    result = await connection.run(Command((str(tmp_path / "data"),)))
    assert result.status == 126
    assert "data" in result.stderr


async def test_arguments_that_no_kernel_takes_have_status_126(connection: Connection) -> None:
    result = await connection.run(Command(("true", "x" * 200_000)))
    assert result.status == 126
    assert "too long" in result.stderr


async def test_a_time_out_ends_the_program_and_keeps_what_it_said(connection: Connection) -> None:
    result = await connection.run(Command(("sh", "-c", "echo $$; echo late >&2; exec sleep 60"), timeout=0.5))
    assert result.status == -signal.SIGTERM
    assert result.stderr.startswith("late\n")  # a login shell may add its own "Terminated"
    assert 0.5 <= result.seconds < 5
    await ended(int(result.stdout))


async def test_a_time_out_does_not_wait_for_a_daemon_that_holds_the_output(connection: Connection) -> None:
    result = await connection.run(Command(("sh", "-c", "setsid sleep 60 & echo $!"), timeout=0.5))
    try:
        assert result.status == -signal.SIGTERM
        assert result.seconds < 5
        assert lives(int(result.stdout))  # it left the group on purpose
    finally:
        os.kill(int(result.stdout), signal.SIGKILL)


async def test_cancelling_ends_the_whole_group(connection: Connection, tmp_path: Path) -> None:
    note = tmp_path / "pids"
    program = 'sleep 60 & echo $$ $! > "$1.new"; mv "$1.new" "$1"; wait'
    task = asyncio.create_task(connection.run(Command(("sh", "-c", program, "sh", str(note)))))
    await until(note.exists)
    pids = [int(word) for word in note.read_text().split()]
    assert all(lives(pid) for pid in pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(*pids)


async def test_a_call_that_was_cancelled_leaves_the_connection_usable(connection: Connection) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await connection.run(Command(("sleep", "60")))
    assert await arrived(connection, "still there") == ["still there"]


# streams


async def read(stream: Stream) -> list[str]:
    return [line async for line in stream.lines()]


async def first(lines: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(lines)


async def test_lines_come_while_the_program_runs(connection: Connection) -> None:
    program = Command(
        ("sh", "-c", "read -r word; echo $$; echo $word; read -r more; echo $?; exit 7"), b"hello\n"
    )
    async with connection.stream(program) as stream:
        lines = stream.lines()
        pid = int(await first(lines))
        assert await first(lines) == "hello"
        assert lives(pid)  # its input is still open, or `read` would have come back
    await ended(pid)


async def test_leaving_a_stream_closes_the_input_first(connection: Connection, tmp_path: Path) -> None:
    note = tmp_path / "ended by itself"
    command = Command(("sh", "-c", 'echo up; cat; echo yes > "$1"', "sh", str(note)))
    async with connection.stream(command) as stream:
        assert await first(stream.lines()) == "up"
        assert not note.exists()
    assert note.read_text() == "yes\n"


async def test_leaving_a_stream_ends_a_program_that_reads_nothing(connection: Connection) -> None:
    async with connection.stream(Command(("sh", "-c", "echo $$; exec sleep 60"))) as stream:
        pid = int(await first(stream.lines()))
    await ended(pid)


async def test_a_failure_inside_ends_the_program_as_well(connection: Connection) -> None:
    async def fail() -> None:
        async with connection.stream(Command(("sh", "-c", "echo $$; exec sleep 60"))) as stream:
            pids.append(int(await first(stream.lines())))
            raise RuntimeError("inside")

    pids: list[int] = []
    with pytest.raises(RuntimeError, match="inside"):
        await fail()
    await ended(pids[0])


async def test_cancelling_a_reader_ends_the_program(connection: Connection) -> None:
    async def follow() -> None:
        async with connection.stream(Command(("sh", "-c", "echo $$; exec sleep 60"))) as stream:
            async for line in stream.lines():
                pids.put_nowait(int(line))

    pids: asyncio.Queue[int] = asyncio.Queue()
    task = asyncio.create_task(follow())
    pid = await asyncio.wait_for(pids.get(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(pid)


async def test_lines_of_any_kind(connection: Connection) -> None:
    write = r"import sys; sys.stdout.buffer.write(b'\n' + b'x' * 8_000_000 + b'\na\r\n\xff\xfe\n\nlast')"
    async with connection.stream(python(write)) as stream:
        assert await read(stream) == ["", "x" * 8 * MB, "a", "\ufffd\ufffd", "", "last"]
        assert (await stream.status()).status == 0


async def test_many_lines_arrive_in_order(connection: Connection) -> None:
    async with connection.stream(Command(("seq", "200000"))) as stream:
        assert await read(stream) == [str(number) for number in range(1, 200_001)]


async def test_a_program_waits_for_its_reader(connection: Connection, tmp_path: Path) -> None:
    """Output nobody reads must not pile up here: 64 MB were produced, if they could be."""
    note = tmp_path / "written"
    write = (
        "import os, sys\nwritten = open(sys.argv[1], 'w')\n"
        "for count in range(1000):\n"
        "    os.write(1, b'x' * 65535 + b'\\n')\n"
        "    written.seek(0); written.write('%d' % count); written.flush()"
    )
    async with connection.stream(python(write, str(note))) as stream:
        assert len(await first(stream.lines())) == 65535
        await asyncio.sleep(0.5)  # the time in which it would have written all
        assert int(note.read_text()) < 500
        assert (await stream.status()).status == 0  # what is not read is dropped, and lets it go on
    assert int(note.read_text()) == 999


async def test_the_status_of_a_stream(connection: Connection) -> None:
    program = "import sys; sys.stderr.write('e' * 100_000 + 'end'); print('out'); sys.exit(7)"
    async with connection.stream(python(program)) as stream:
        result = await stream.status()
    assert (result.status, result.stdout) == (7, "")
    assert result.stderr == "e" * (65536 - 3) + "end"


async def test_a_stream_of_a_program_that_does_not_exist(connection: Connection) -> None:
    async with connection.stream(Command(("no such program",))) as stream:
        assert await read(stream) == []
        result = await stream.status()
    assert result.status == 127
    assert "no such program" in result.stderr


# files


@pytest.mark.parametrize("mode", [0o600, 0o777])
async def test_a_file_is_put_with_its_mode_and_folders(
    connection: Connection, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "new folder" / "it's" / "a $file"
    await connection.put(b"content \0\xff", PurePosixPath(path), mode)
    assert path.read_bytes() == b"content \0\xff"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert [entry.name for entry in path.parent.iterdir()] == ["a $file"]


async def test_a_file_is_replaced_and_not_written_into(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old, and longer")
    with path.open() as reader:
        await connection.put(b"new", PurePosixPath(path))
        assert reader.read() == "old, and longer"
    assert path.read_text() == "new"
    await connection.put(b"", PurePosixPath(path))
    assert path.read_text() == ""
    assert entries(tmp_path) == [path]


async def test_a_large_file_is_put_whole(connection: Connection, tmp_path: Path) -> None:
    content = os.urandom(MB) * 20
    await connection.put(content, PurePosixPath(tmp_path / "large"))
    assert (tmp_path / "large").read_bytes() == content


async def test_an_interrupted_put_changes_nothing(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    task = asyncio.create_task(connection.put(b"x" * 100 * MB, PurePosixPath(path)))
    await until(lambda: any(entry != path and entry.stat().st_size for entry in entries(tmp_path)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: entries(tmp_path) == [path])
    assert path.read_text() == "old"


async def test_a_file_that_cannot_be_written(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("")
    with pytest.raises(WorkFailed) as failed:
        await connection.put(b"content", PurePosixPath(tmp_path / "no folder" / "file"))
    (problem,) = failed.value.problems
    assert (problem.code, problem.where) == ("file-not-written", connection.host.name)
    assert "Not a directory" in problem.message or "File exists" in problem.message


# several at once


async def test_twenty_runs_at_once(connection: Connection) -> None:
    words = [f"run {number}" for number in range(20)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(arrived(connection, word)) for word in words]
    assert [task.result() for task in tasks] == [[word] for word in words]


async def test_two_connections_at_once(connect: Connect) -> None:
    async with connect() as one, connect() as other, asyncio.TaskGroup() as group:
        tasks = [group.create_task(arrived(way, str(n))) for n in range(5) for way in (one, other)]
    assert [task.result() for task in tasks] == [[str(n)] for n in range(5) for _ in range(2)]
