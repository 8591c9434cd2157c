"""The simulated hosts are what tests take them for: apart from each other and from this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import Setup, SimHost, Testbed, booted, sweep

pytestmark = pytest.mark.simhosts
SSH = ("ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=2")
OWN_PLACES = ("/root/.local", "/home/spark", "/var/lib/sparkup", "/run", "/tmp", "/dev/shm")
BOOT_ID = "/proc/sys/kernel/random/boot_id"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared").resolve()
    (folder / "program").write_text("#!/bin/sh\necho from the machine\n", encoding="ascii")
    (folder / "program").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def bed(shared: Path) -> Iterator[Testbed]:
    """Hosts of this file alone, beside those of the session."""
    skip_unless_able("none")
    sweep()
    with booted(Setup(hosts=2, shares=(shared,))) as testbed:
        yield testbed


def said(bed: Testbed, number: int, *argv: str) -> str:
    """Return what a command prints in a host."""
    return bed.exec(number, argv).stdout.strip()


def each(bed: Testbed, *argv: str) -> list[str]:
    """Return what a command prints in each host."""
    return [said(bed, host.number, *argv) for host in bed.hosts]


def test_hosts_have_names_and_ids_of_their_own(bed: Testbed) -> None:
    assert each(bed, "hostname") == ["spark1", "spark2"]
    assert each(bed, "cat", "/etc/hostname") == ["spark1", "spark2"]
    ids = each(bed, "cat", "/etc/machine-id")
    assert each(bed, "cat", "/var/lib/dbus/machine-id") == ids
    machine = Path("/etc/machine-id")
    assert len({*ids, machine.read_text("ascii").strip() if machine.exists() else ""}) == 3
    boots = each(bed, "cat", BOOT_ID)
    assert len({*boots, Path(BOOT_ID).read_text("ascii").strip()}) == 3


def test_two_testbeds_are_apart(bed: Testbed, simhosts: Testbed) -> None:
    assert bed.name != simhosts.name
    assert bed.hosts[0].address == simhosts.hosts[0].address
    identities = ("cat", "/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub")
    assert said(bed, 1, *identities) != said(simhosts, 1, *identities)
    # sockets of shared ssh connections are named by address: they must lie apart
    runtime = [each.control(["sh", "-c", "echo $XDG_RUNTIME_DIR"]).stdout for each in (bed, simhosts)]
    assert runtime[0] != runtime[1]


@pytest.mark.parametrize("address", ["name", "address", "second_rail", "management"])
def test_control_logs_in_with_checked_host_keys(bed: Testbed, address: str) -> None:
    for host in bed.hosts:
        login = [*SSH, getattr(host, address), "hostname; id -u"]
        assert bed.control(login).stdout.split() == [host.name, "0"]


def test_hosts_log_in_at_each_other_as_root_and_as_spark(bed: Testbed) -> None:
    for here, there in (bed.hosts, bed.hosts[::-1]):
        login = [*SSH, there.name, "hostname"]
        assert said(bed, here.number, *login) == there.name
        as_spark = [*SSH, f"spark@{there.name}", "id -un"]
        assert said(bed, here.number, "sudo", "-Hu", "spark", *as_spark) == "spark"


def test_an_unknown_host_key_is_refused(bed: Testbed) -> None:
    login = [*SSH, "-o", "UserKnownHostsFile=/dev/null", "spark1", "true"]
    done = bed.control(login, check=False)
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_control_cannot_touch_the_machines_ssh_folder_or_hosts_file(bed: Testbed) -> None:
    names = Path("/etc/hosts").read_bytes()
    script = "touch ~/.ssh/mark; echo 192.0.2.1 mark >> /etc/hosts; ssh -G spark1"
    config = bed.control(["sh", "-c", script], env={"HOME": "/root"}).stdout
    elsewhere = bed.control(["ssh", "-G", "spark1"], env={"HOME": "/nowhere"}).stdout
    assert config == elsewhere  # ssh finds its folder by the password file
    assert not Path("/root/.ssh/mark").exists()
    assert Path("/etc/hosts").read_bytes() == names


@pytest.mark.parametrize("place", OWN_PLACES)
def test_state_folders_are_apart(bed: Testbed, place: str) -> None:
    mark = f"{place}/mark-{bed.name}"
    bed.exec(1, ["mkdir", "-p", place])
    bed.exec(1, ["tee", mark], stdin="1")
    assert bed.exec(2, ["test", "-e", mark], check=False).returncode == 1
    assert not Path(mark).exists()


def test_python_serves_root_and_spark(bed: Testbed) -> None:
    script = "import json, ssl, sys; assert sys.version_info >= (3, 8); print(sys.executable)"
    for user in ("root", "spark"):
        python = said(bed, 1, "sudo", "-Hu", user, "python3", "-c", script)
        assert python.startswith("/usr/")


def test_shared_folder_can_be_read_only(bed: Testbed, shared: Path) -> None:
    assert each(bed, f"{shared}/program") == ["from the machine"] * 2
    done = bed.exec(1, ["touch", f"{shared}/mark"], check=False)
    assert "Read-only file system" in done.stderr
    assert each(bed, "ls", str(shared.parent)) == [shared.name] * 2  # and nothing beside it


@pytest.mark.parametrize("folder", ["/usr", "/root", "/proc/self", "relative", "/no/such/folder"])
def test_a_share_that_would_hide_the_hosts_own_is_refused(folder: str) -> None:
    skip_unless_able("none")
    with (
        pytest.raises(AssertionError, match="--share"),
        booted(Setup(hosts=1, shares=(Path(folder),))),
    ):
        pass


def test_rdma_devices_are_in_sysfs(bed: Testbed) -> None:
    states = [f"/sys/class/infiniband/rocep1s0f{port}/ports/1/state" for port in (0, 1)]
    assert said(bed, 1, "cat", *states) == "1: DOWN\n4: ACTIVE"
    gid = "/sys/class/infiniband/rocep1s0f1/ports/1/gids/3"
    assert each(bed, "cat", gid) == [f"0000:0000:0000:0000:0000:ffff:c0a8:b10{n}" for n in "bc"]


def test_pulled_cables_cut_a_host_off(bed: Testbed) -> None:
    login = [*SSH, "spark2", "true"]
    bed.link(2, up=False)
    try:
        done = bed.control(login, check=False)
        assert done.returncode == 255
        assert "timed out" in done.stderr or "No route" in done.stderr
    finally:
        bed.link(2, up=True)
    bed.control(login)


def test_a_power_cut_ends_processes_and_keeps_the_disk(bed: Testbed) -> None:
    identity = ("cat", "/etc/machine-id")
    before, boot = said(bed, 2, *identity), said(bed, 2, "cat", BOOT_ID)
    bed.exec(2, ["touch", "/var/lib/kept", "/run/lost"])
    bed.kill(2)
    try:
        assert bed.exec(2, ["true"], check=False).stderr == "simhosts: host 2 is not up\n"
    finally:
        bed.up(2)
    bed.control([*SSH, "spark2", "test -e /var/lib/kept -a ! -e /run/lost"])
    assert said(bed, 2, *identity) == before
    assert said(bed, 2, "cat", BOOT_ID) != boot


def test_spark_hosts_are_numbered_from_one() -> None:
    host = SimHost(1)
    assert (host.name, host.address, host.second_rail, host.management) == (
        "spark1",
        "192.168.177.11",
        "192.168.178.11",
        "192.168.176.11",
    )
