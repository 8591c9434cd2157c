"""Simulated hosts whose cables make a ring, or a line, in place of their switch; RJ45 ports stay on one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simhosts.hosts import Setup, Testbed, booted

CAGES = (
    ("enp1s0f1np1", "enp1s0f0np0"),
    ("enP2p1s0f1np1", "enP2p1s0f0np0"),
)  # p1 to p0 of the next, and twins
RJ45 = "enP7s7"


def address(cable: int, number: int, twin: int = 0) -> str:
    """Return the address of a host on the cable that leads from host `cable` to the next, in a /28.

    All hosts share the machine's kernel, and it has places for 1024 addresses that nobody answers for.
    """
    return f"192.168.{200 + 10 * twin + cable}.{10 + number}"


def plug(bed: Testbed, *, line: bool = False) -> None:
    """Take the hosts of a testbed off their switch, and join each to the next; of a line the last to none."""
    numbers = [host.number for host in bed.hosts]
    for number in numbers:
        for netdev in (name for cage in CAGES for name in cage):
            _ip("-n", f"{bed.name}-{number}", "link", "del", netdev)
    for one in numbers[: -1 if line else None]:
        other = one % len(numbers) + 1
        for twin, (out, into) in enumerate(CAGES):
            near, far = f"{bed.name}-{one}", f"{bed.name}-{other}"
            ends = ("mtu", "9000", "type", "veth", "peer", "name", into, "mtu", "9000", "netns", far)
            _ip("-n", near, "link", "add", out, *ends)
            for space, netdev, number in ((near, out, one), (far, into, other)):
                _ip("-n", space, "addr", "add", f"{address(one, number, twin)}/28", "dev", netdev)
                _ip("-n", space, "link", "set", netdev, "up")
    for number in numbers:
        for device in ("rocep1s0f0", "roceP2p1s0f0"):
            port = f"/sys/class/infiniband/{device}/ports/1"
            bed.exec(number, ["tee", f"{port}/state"], stdin="4: ACTIVE\n")
            bed.exec(number, ["tee", f"{port}/phys_state"], stdin="5: LinkUp\n")


@contextmanager
def ring(setup: Setup, *, line: bool = False) -> Iterator[Testbed]:
    """Boot hosts that are cabled so for the time of a `with`."""
    with booted(setup) as bed:
        plug(bed, line=line)
        yield bed


@contextmanager
def without_rj45(bed: Testbed, number: int) -> Iterator[None]:
    """Let a host be reached over its cables alone."""
    space = f"{bed.name}-{number}"
    _ip("-n", space, "link", "set", RJ45, "down")
    try:
        yield
    finally:
        _ip("-n", space, "link", "set", RJ45, "up")


@contextmanager
def cut_off(bed: Testbed, number: int, twin: int) -> Iterator[None]:
    """Let the switch pass nothing to a host on one twin; both have a carrier all the same."""
    port = ("-n", f"{bed.name}-0", "link", "set", f"h{number}.{twin}")
    _ip(*port, "nomaster")
    try:
        yield
    finally:
        _ip(*port, "master", f"rail{twin}")


def other_cage(bed: Testbed, number: int) -> None:
    """Pull the cable of a host out of one cage and plug it into the other; its addresses go with it.

    So it is where both cages are set up alike: interfaces change names, RDMA devices their states. The host
    is booted anew before anything looks: its /sys lies over the kernel's, which must not change below it.
    """
    bed.kill(number)
    bed.up(number)
    space, switch = f"{bed.name}-{number}", f"{bed.name}-0"
    for twin, (full, empty) in enumerate(CAGES):
        port = f"h{number}.{twin}"
        for netdev in (full, empty):
            _ip("-n", space, "link", "del", netdev)
        ends = ("mtu", "9000", "type", "veth", "peer", "name", empty, "mtu", "9000", "netns", space)
        _ip("-n", switch, "link", "add", port, *ends)
        _ip("-n", switch, "link", "set", port, "master", f"rail{twin}", "up")
        _ip("-n", space, "addr", "add", f"192.168.{177 + twin}.{10 + number}/24", "dev", empty)
        _ip("-n", space, "link", "set", empty, "up")
        _ip("-n", space, "tuntap", "add", "mode", "tap", "name", full)
        _ip("-n", space, "link", "set", full, "up")
    for each in range(
        len(bed.hosts) + 1
    ):  # as they do when a cable is pulled: the other cage has another MAC
        _ip("-n", f"{bed.name}-{each}", "neigh", "flush", "all")
    for one, other in (("rocep1s0f0", "rocep1s0f1"), ("roceP2p1s0f0", "roceP2p1s0f1")):
        for file in ("state", "phys_state", *(f"gids/{index}" for index in range(4))):
            paths = [f"/sys/class/infiniband/{device}/ports/1/{file}" for device in (one, other)]
            texts = [bed.exec(number, ["cat", path]).stdout for path in paths]
            for path, text in zip(paths, reversed(texts), strict=True):
                bed.exec(number, ["tee", path], stdin=text)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=30)
