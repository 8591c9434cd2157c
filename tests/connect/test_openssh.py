"""What only a host over SSH can do: stay out of reach, refuse us, break off, share its connection."""

import asyncio
import contextlib
import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import asyncssh
import pytest
from tests.connect.processes import entries, lives, until
from tests.connect.served import NAME, Served, serve, write_config

from sparkup.commands.ssh import Client
from sparkup.connect.local import Local
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.command import Command, Result
from sparkup.errors import GateRefused, HostUnreachable, InputRefused, Problem

pytestmark = pytest.mark.anyio
WORD = "sesame"
FOREVER = ("sh", "-c", 'echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 60', "sh")


async def refused(served: Served, *, cabled: bool = False, **options: object) -> Problem:
    with pytest.raises(HostUnreachable) as refusal:
        async with OpenSSH(replace(served.host, cabled=cabled), served.options(**options)):
            pytest.fail("it let us in")
    (problem,) = refusal.value.problems
    assert problem.where == NAME
    return problem


async def here(*argv: str) -> Result:
    return await Local().run(Command(argv))


# host keys


async def test_an_unknown_host_key_is_refused_with_what_to_do(served: Served) -> None:
    served.known_hosts.write_text("")
    problem = await refused(served)
    assert problem.code == "host-key-unknown"
    assert f"ssh -F {served.folder / 'config'} {NAME} true" in problem.hint
    assert "--accept-new-host-keys" in problem.hint
    assert served.known_hosts.read_text() == ""
    assert served.logins == 0


async def test_a_new_host_key_is_taken_when_that_is_asked_for(served: Served) -> None:
    known = served.known_hosts.read_text()
    served.known_hosts.write_text("")
    async with OpenSSH(served.host, served.options(accept_new_host_keys=True)) as connection:
        assert (await connection.run(Command(("true",)))).stderr == ""
    assert served.known_hosts.read_text().split()[-2:] == known.split()[-2:]


@pytest.mark.parametrize("accept", [False, True])
async def test_a_changed_host_key_is_refused_in_any_case(served: Served, accept: bool) -> None:
    port = served.known_hosts.read_text().split()[0]
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    served.known_hosts.write_text(f"# a comment\n{port} {other}")
    problem = await refused(served, accept_new_host_keys=accept)
    assert problem.code == "host-key-changed"
    assert f"{served.known_hosts}:2" in problem.message
    assert served.logins == 0
    command = re.search(r"`(ssh-keygen -R .*?)`", problem.hint)
    assert command  # which does what it says:
    assert (await here("sh", "-c", command[1])).status == 0
    assert (await refused(served)).code == "host-key-unknown"


# logins


async def test_a_key_that_the_host_does_not_take(served: Served) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(served.folder / "id")
    problem = await refused(served)
    assert problem.code == "login-refused"
    assert "Permission denied" in problem.message


async def test_a_password_is_not_asked_for_without_a_terminal() -> None:
    async with serve(password=WORD) as served:
        assert (await refused(served)).code == "login-refused"


# out of reach


async def test_nobody_listens(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        write_config(served.folder, closed.getsockname()[1])
    problem = await refused(served)
    assert problem.code == "host-unreachable"
    assert "refused" in problem.message


async def test_a_host_whose_cable_may_be_out(served: Served) -> None:
    """Only its address there is known."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        write_config(served.folder, closed.getsockname()[1])
    assert "cable" not in (await refused(served)).hint
    assert "this is its address on the cable" in (await refused(served, cabled=True)).hint


async def test_a_name_that_is_not_found(served: Served) -> None:
    (served.folder / "config").write_text(f"Host {NAME}\n  HostName no-such-host.invalid\n")
    problem = await refused(served)
    assert problem.code == "host-unreachable"
    assert "no-such-host.invalid" in problem.message
    assert problem.details == (), "it was said already"


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Yield a port on loopback whose queue is full: the kernel drops what comes, as a lost host does."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_packets_that_nobody_answers(served: Served) -> None:
    with black_hole() as port:
        write_config(served.folder, port)
        problem = await refused(served, connect_timeout=1)
    assert problem.code == "host-unreachable"
    assert "timed out" in problem.message


async def test_a_port_that_speaks_no_ssh(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_config(served.folder, silent.getsockname()[1])
        problem = await refused(served, connect_timeout=1)
    assert problem.code == "host-unreachable"
    assert "timed out during banner exchange" in problem.message


async def test_a_configuration_that_cannot_be_read(served: Served) -> None:
    (served.folder / "config").write_text("Nonsense yes\n")
    with pytest.raises(InputRefused) as refusal:
        async with OpenSSH(served.host, served.options()):
            pytest.fail("with such a configuration?")
    (problem,) = refusal.value.problems
    assert problem.code == "bad-ssh-config"
    assert "line 1: Bad configuration option: nonsense" in problem.message


async def test_no_client_on_this_machine(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(served.folder))
    with pytest.raises(GateRefused) as refusal:
        async with OpenSSH(served.host, served.options()):
            pytest.fail("without a client?")
    assert refusal.value.problems[0].code == "no-ssh"


async def test_a_host_without_python(served: Served, tmp_path: Path) -> None:
    async with OpenSSH(served.host, served.options(), python="python9") as connection:
        assert (await connection.run(Command(("true",)))).status == 0
        with pytest.raises(GateRefused) as refusal:
            await connection.put(b"", PurePosixPath(tmp_path / "file"))
    (problem,) = refusal.value.problems
    assert (problem.code, problem.where) == ("no-python", NAME)
    assert "python9" in problem.message


# breaking off


async def test_a_host_that_goes_away_while_a_command_runs(served: Served, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    async with OpenSSH(served.host, served.options()) as connection:
        task = asyncio.create_task(connection.run(Command((*FOREVER, str(note)))))
        await until(note.exists)
        served.break_off()
        with pytest.raises(HostUnreachable) as broken:
            await asyncio.wait_for(task, 5)
        (problem,) = broken.value.problems
        assert (problem.code, problem.where) == ("host-broke-off", NAME)
        again = await connection.run(Command(("echo", "back")))  # the host is there again
        assert (again.status, again.stdout, again.stderr) == (0, "back\n", "")
        assert served.logins == 2
    assert lives(int(note.read_text()))  # nobody could end it
    os.kill(int(note.read_text()), signal.SIGTERM)


async def test_a_host_that_goes_away_during_a_stream(served: Served) -> None:
    async def follow() -> None:
        async with connection.stream(Command(("sh", "-c", "echo up; cat"))) as stream:
            async for line in stream.lines():
                assert line == "up"
                served.break_off()

    async with OpenSSH(served.host, served.options()) as connection:
        with pytest.raises(HostUnreachable) as broken:
            await asyncio.wait_for(follow(), 5)
    assert broken.value.problems[0].code == "host-broke-off"


async def test_a_connection_that_breaks_during_a_put(served: Served, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    async with OpenSSH(served.host, served.options()) as connection:
        task = asyncio.create_task(connection.put(b"x" * 100_000_000, PurePosixPath(path)))
        await until(lambda: any(entry != path and entry.stat().st_size for entry in entries(tmp_path)))
        served.break_off()
        with pytest.raises(HostUnreachable) as broken:
            await asyncio.wait_for(task, 5)
    assert broken.value.problems[0].code == "host-broke-off"
    await until(lambda: entries(tmp_path) == [path])
    assert path.read_text() == "old"


async def test_a_host_that_falls_silent(served: Served) -> None:
    async def follow() -> None:
        async with connection.stream(Command(("sh", "-c", "echo up; sleep 4"))) as stream:
            async for line in stream.lines():
                assert line == "up"
                served.freeze()

    noticing = ("ServerAliveInterval=1", "ServerAliveCountMax=1")
    async with OpenSSH(served.host, served.options(extra=noticing)) as connection:
        with pytest.raises(HostUnreachable) as broken:
            await asyncio.wait_for(follow(), 20)
    assert broken.value.problems[0].code == "host-broke-off"


async def test_a_host_that_is_gone_for_good(served: Served) -> None:
    async with OpenSSH(served.host, served.options()) as connection:
        (served.folder / "config").write_text(f"Host {NAME}\n  HostName 127.0.0.1\n  Port 1\n")
        served.break_off()
        await until(lambda: not served.connections)
        with pytest.raises(HostUnreachable) as gone:
            await connection.run(Command(("true",)))
    assert gone.value.problems[0].code == "host-unreachable"


async def test_status_255_of_the_program_itself_is_no_failure(served: Served) -> None:
    async with OpenSSH(served.host, served.options()) as connection:
        result = await connection.run(Command(("sh", "-c", "echo out; echo err >&2; exit 255")))
    assert (result.status, result.stdout, result.stderr) == (255, "out\n", "err\n")


async def test_a_jump_host_of_the_users_configuration_works(served: Served) -> None:
    async with serve() as jump:
        with (served.folder / "config").open("a") as config:
            config.write("  ProxyJump jump\n")
            config.write((jump.folder / "config").read_text().replace(f"Host {NAME}", "Host jump"))
        async with OpenSSH(served.host, served.options()) as connection:
            assert (await connection.run(Command(("echo", "there")))).stdout == "there\n"
        assert (jump.logins, served.logins) == (1, 1)


# one connection for all


async def test_no_more_than_eight_sessions_at_once(served: Served) -> None:
    async with OpenSSH(served.host, served.options()) as connection, asyncio.TaskGroup() as group:
        command = Command(("sh", "-c", "sleep 0.2; echo $0 >&2; exec echo out", "err"))
        tasks = [group.create_task(connection.run(command)) for _ in range(20)]
    for task in tasks:
        assert (task.result().status, task.result().stdout, task.result().stderr) == (0, "out\n", "err\n")
    assert served.peak == 8
    assert (served.logins, served.refused) == (1, 0)


async def test_the_clients_own_words_never_show(served: Served) -> None:
    """Past the host's limit the client complains, and opens a connection of its own."""
    served.max_sessions = 2
    async with OpenSSH(served.host, served.options()) as connection, asyncio.TaskGroup() as group:
        command = Command(("sh", "-c", "sleep 0.5; echo err >&2"))
        tasks = [group.create_task(connection.run(command)) for _ in range(4)]
    assert served.refused > 0
    assert {(task.result().status, task.result().stderr) for task in tasks} == {(0, "err\n")}


async def test_a_living_master_is_used_again(served: Served) -> None:
    options = served.options(persist=30)
    async with OpenSSH(served.host, options) as first:
        await first.run(Command(("true",)))
    async with OpenSSH(served.host, options) as second, OpenSSH(served.host, options) as third:
        assert (await second.run(Command(("true",)))).status == 0
        assert (await third.run(Command(("true",)))).status == 0
    assert served.logins == 1
    (path,) = entries(served.sockets)
    await here(*Client(NAME, str(path), str(served.folder / "config")).exit())


async def test_eight_who_open_at_once_share_one_master_in_the_end(served: Served) -> None:
    async def echo(number: int) -> str:
        async with OpenSSH(served.host, served.options()) as connection:
            return (await connection.run(Command(("echo", str(number))))).stdout

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(echo(number)) for number in range(8)]
    assert [task.result() for task in tasks] == [f"{number}\n" for number in range(8)]
    assert served.peak <= 8
    await nothing_left(served)


async def test_a_dead_socket_is_no_obstacle(served: Served) -> None:
    async with OpenSSH(served.host, served.options()) as connection:
        (path,) = entries(served.sockets)
        check = Client(NAME, str(path), str(served.folder / "config")).check()
        pid = re.search(r"pid=(\d+)", (await here(*check)).stderr)
        assert pid
        os.kill(int(pid[1]), signal.SIGKILL)
        await until(lambda: not served.connections)
        assert path.exists()
        assert (await connection.run(Command(("echo", "again")))).stdout == "again\n"
    assert served.logins == 2


async def test_a_master_lives_while_it_is_held_and_no_longer(served: Served) -> None:
    async with OpenSSH(served.host, served.options(persist=1)):
        await asyncio.sleep(2.5)  # its timer would have ended it
        assert len(served.connections) == 1
        (path,) = entries(served.sockets)
        assert path.is_socket()
    await nothing_left(served)


async def nothing_left(served: Served) -> None:
    """Wait until there is no connection, no socket, no log, and no client any more."""
    await until(lambda: not served.connections)
    await until(lambda: not entries(served.sockets))
    await until(lambda: not clients(served))


def clients(served: Served) -> list[str]:
    """List the processes that were started with our configuration."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(served.folder) in entry.read_text(errors="replace"):
                found.append(entry.read_text(errors="replace"))
    return found
