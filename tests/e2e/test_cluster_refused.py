"""What is wrong with a launch on several hosts is said at once, of all of them, and nothing is started."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from tests.e2e.pairs import NODES, SERVE, VLLM, Pair

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("pair", ["simhosts"], indirect=True)]
MANAGEMENT = ("-n", "192.168.176.11,192.168.176.12")
HOLD = 'import socket as s, time; u = s.socket(2, 2); u.bind(("0.0.0.0", 7411)); time.sleep(99)'
RAIL, TWIN = "enp1s0f1np1", "enP2p1s0f1np1"


def refused(there: Pair, status: int, words: Sequence[str], command: Sequence[str] = SERVE) -> str:
    """Return what a launch is refused with; nothing of it is on any host."""
    done = there.user.run("launch", *words, "--", *command)
    assert done.status == status, done
    assert done.out == ""
    there.nothing_is_left()
    return done.err


@contextmanager
def on_second(there: Pair, do: Sequence[str], undo: Sequence[str]) -> Iterator[None]:
    """Have a command of the second host undone."""
    there.hosts.exec(2, do)
    try:
        yield
    finally:
        there.hosts.exec(2, undo)


def test_all_that_hosts_and_command_do_not_have(pair: Pair) -> None:
    """Link, interface, RDMA device, GPUs, model, a worker's port, Ray, and words that contradict."""
    contradicting = ("--distributed-executor-backend", "mp", "--node-rank", "1")
    command = (VLLM, "serve", "/root/none", "-tp", "4", *contradicting)
    chosen = ("--eth-if", f"spark2={TWIN}x", "--ib-if", RAIL, "--master-port", "7411")
    words = (*NODES, "--backend", "ray", *chosen)
    mtu = ("ip", "link", "set", RAIL, "mtu")
    held = ("sh", "-c", f"python3 -c '{HOLD}' >/dev/null 2>&1 & echo $! >/root/held; sleep 0.5")
    with (
        on_second(pair, (*mtu, "1500"), (*mtu, "9000")),
        on_second(pair, held, ("sh", "-c", "kill $(cat /root/held)")),
    ):
        said = refused(pair, 2, words, command)
    for told in (
        "error: the command needs 4 GPUs, and there are 2 on spark1 spark2",
        "error [spark1]: there is no model folder /root/none",
        "error: --distributed-executor-backend mp contradicts the backend ray",
        "error: --node-rank speaks of one host, and there are several",
        f"error [spark1]: {RAIL} is a network interface; the RDMA device on it is rocep1s0f1",
        f"error [spark2]: {RAIL} is a network interface; the RDMA device on it is rocep1s0f1",
        f"error [spark2]: there is no network interface {TWIN}x (there: ",
        "error [spark2]: port 7411 of UDP is held by python3",
        f"error [spark1, spark2]: the ends of a link have different MTUs: 1500 on {RAIL} of spark2",
        "error [spark1, spark2]: ranks are to meet through Ray, and the PATH has none",
    ):
        assert told in said


def test_all_hosts_that_cannot_be_reached(pair: Pair) -> None:
    """One is off, one does not let us in, one has another key than it had."""
    keys = pair.user.home / "known"
    other = pair.hosts.control(["ssh-keyscan", "-t", "ed25519", "spark1"]).stdout.split()[1:]
    keys.write_text(f"changed {' '.join(other)}\n")
    config = pair.user.home / "ssh_config"
    config.write_text(
        f"Host changed\n  HostName 192.168.178.12\n  HostKeyAlias changed\n  UserKnownHostsFile {keys}\n"
        "Host off\n  HostName 192.168.177.99\nInclude /root/.ssh/config\n"
    )
    said = refused(pair, 4, ("-n", "spark1,off,nobody@spark2,changed", "--ssh-config", str(config)))
    assert "error [off]: the host cannot be reached: " in said
    assert "error [nobody@spark2]: the login was refused: " in said
    assert "error [changed]: " in said
    assert "(host-key-changed)" in said
    assert "[spark1]" not in said


def test_hosts_whose_cables_are_in_different_networks(pair: Pair) -> None:
    both = ((RAIL, "192.168.177.12/24", "10.1.177.12/24"), (TWIN, "192.168.178.12/24", "10.1.178.12/24"))
    move = "ip addr del {} dev {}; ip addr add {} dev {}"
    do = "; ".join(move.format(old, name, new, name) for name, old, new in both)
    undo = "; ".join(move.format(new, name, old, name) for name, old, new in both)
    with on_second(pair, ("sh", "-c", do), ("sh", "-c", undo)):
        said = refused(pair, 5, MANAGEMENT)
    assert "the RDMA ports of the hosts have no network in common" in said


def test_one_host_by_two_addresses_and_a_host_that_is_named_twice(pair: Pair) -> None:
    named = ("-n", "spark1,192.168.178.11,192.168.176.11")
    said = refused(pair, 2, named, (*SERVE[:-1], "3"))
    assert "spark1 and 192.168.178.11 are one host" in said
    assert "spark1 and 192.168.176.11 are one host" in said
    assert "spark1 is named twice" in refused(pair, 2, ("-n", "spark1,spark2,spark1"))


def test_all_that_is_typed_and_written_wrongly(pair: Pair) -> None:
    """Of the file each line is told; no host is looked at."""
    file = pair.user.home / "cluster.yaml"
    file.write_text("hosts:\n  a:\n    adress: spark1\n  b:\n    address: spark2\ndefautls:\n  name: x\n")
    words = ("--inventory", str(file), "--backend", "rya", "--engine", "dokcer", "--master-port", "99999")
    said = refused(pair, 2, (*words, "--nmae", "x"))
    for told in (
        f"error [{file}:3]: ",
        f"error [{file}:6]: ",
        "unknown backend 'rya'",
        "unknown engine 'dokcer'",
        "--master-port 99999 is no port",
        "unknown option --nmae",
    ):
        assert told in said
    said = refused(pair, 2, ("--solo", *NODES, "--backend", "rya"))
    assert "--solo means one machine" in said
    assert "unknown backend 'rya'" in said
