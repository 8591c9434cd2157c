"""Keys that SSH does not know: what a host tells without a login, and how they are written down."""

import subprocess

import asyncssh
import pytest
from tests.connect import real
from tests.connect.served import NAME, Served, serve

from sparkup.connect.host_keys import HostKey, known_keys, unknown_key, write_down
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.host import Host
from sparkup.errors import HostUnreachable
from sparkup.facts.identity import fingerprint

pytestmark = pytest.mark.anyio


async def told(served: Served, host: Host | None = None) -> HostKey:
    key = await unknown_key(host or served.host, served.options())
    assert key is not None
    return key


async def test_a_key_is_told_without_a_login_and_written_down_by_nobody(served: Served) -> None:
    served.known_hosts.write_text("")
    key = await told(served)
    public = (served.folder / "host_key.pub").read_text()
    assert (key.kind, key.fingerprint) == ("ED25519", fingerprint(" ".join(public.split()[:2])))
    assert (key.file, key.may_be_added) == (served.known_hosts, True)
    assert (served.logins, served.known_hosts.read_text()) == (0, "")
    problem = key.problem(served.host, "my config")
    assert key.fingerprint in problem.message
    assert f"`ssh -F 'my config' {NAME} true`" in problem.hint


@pytest.mark.parametrize("before", ["", "# no line end", "# a line\n"])
async def test_what_is_written_down_is_known_to_ssh(served: Served, before: str) -> None:
    served.known_hosts.write_text(before)
    write_down([await told(served)])
    lines = served.known_hosts.read_text().splitlines()
    assert len(lines) == len(before.splitlines()) + 1
    async with OpenSSH(served.host, served.options()):
        assert served.logins == 1


async def test_the_keys_with_which_a_host_is_let_in(served: Served) -> None:
    key = " ".join((served.folder / "host_key.pub").read_text().split()[:2])
    mine = served.known_hosts.read_text()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    served.known_hosts.write_text(f"somebody {other}\n@revoked {mine.split()[0]} {other}\n{mine}")
    assert await known_keys(served.host, served.options()) == {key}
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(served.known_hosts)], check=True)  # noqa: ASYNC221
    assert f"\n{mine.split()[0]}" not in served.known_hosts.read_text()
    assert await known_keys(served.host, served.options()) == {key}
    assert not await known_keys(served.host, served.options(extra=("StrictHostKeyChecking=no",)))
    served.known_hosts.write_text("")
    assert not await known_keys(served.host, served.options())


@pytest.mark.skipif(bool(real.missing()), reason=real.missing() or "it is there")
async def test_the_sshd_of_openssh_tells_its_key() -> None:
    async with real.serve_sshd() as (host, options):
        key = await unknown_key(host, options)
        assert key is not None
        assert key.kind == "ED25519"
        async with OpenSSH(host, options):
            pass


async def test_who_forbids_new_keys_is_not_asked_about_them(served: Served) -> None:
    config = served.folder / "config"
    config.write_text(f"{config.read_text()}  StrictHostKeyChecking yes\n")
    served.known_hosts.write_text("")
    assert (await told(served)).may_be_added is False


async def test_a_host_that_is_off_tells_nothing(served: Served) -> None:
    served.leave()
    assert await unknown_key(served.host, served.options()) is None


async def test_a_host_on_the_way_comes_first(served: Served) -> None:
    async with serve() as behind:
        config = served.folder / "config"
        lines = behind.folder / "config"
        inner = lines.read_text().replace(f"Host {NAME}", "Host behind").rstrip("\n")
        config.write_text(f"{config.read_text()}{inner}\n  ProxyJump {NAME}\n")
        served.known_hosts.write_text("")
        behind.known_hosts.write_text("")
        with pytest.raises(HostUnreachable) as refused:
            async with OpenSSH(Host("behind", "behind"), served.options()):
                pytest.fail("it let us in")
        assert refused.value.problems[0].code == "host-key-unknown"
        jump = await told(served, Host("behind", "behind"))
        assert (jump.host.name, jump.file) == (NAME, served.known_hosts)
        assert f"the key of {NAME}, on the way there," in jump.problem(Host("behind", "behind"), "").message
        write_down([jump])
        target = await told(served, Host("behind", "behind"))
        assert (target.host.name, target.file) == ("behind", behind.known_hosts)
        write_down([target])
        async with OpenSSH(Host("behind", "behind"), served.options()):
            assert (behind.logins, served.logins >= 1) == (1, True)


async def test_a_way_that_no_configuration_knows(served: Served) -> None:
    async with serve() as behind:
        config = served.folder / "config"
        inner = (behind.folder / "config").read_text().replace(f"Host {NAME}", "Host behind")
        config.write_text(f"{config.read_text()}{inner}")
        host = Host("behind", "behind", via=NAME)
        async with OpenSSH(host, served.options()):
            assert (behind.logins, served.logins) == (1, 1)
        behind.known_hosts.write_text("")
        hint = (await told(served, host)).problem(host, "").hint
        assert f"`ssh -J {NAME} behind true`" in hint


async def test_a_key_that_was_exchanged_meanwhile_is_not_let_in(served: Served) -> None:
    served.known_hosts.write_text("")
    shown = await told(served)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    lines = f"{shown.lines.split()[0]} {other}"
    write_down([HostKey(shown.host, shown.kind, "", lines, shown.file, may_be_added=True)])
    with pytest.raises(HostUnreachable) as refused:
        async with OpenSSH(served.host, served.options()):
            pytest.fail("it let us in")
    assert refused.value.problems[0].code == "host-key-changed"


async def test_a_file_that_cannot_be_written_is_said(served: Served) -> None:
    served.known_hosts.unlink()
    key = await told(served)
    served.known_hosts.mkdir()
    assert write_down([key]) == {served.known_hosts: "Is a directory"}
