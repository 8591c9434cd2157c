"""The questions of gather.py that go over the network: a URL, and the ways to other hosts.

Travels with gather.py as one program (run/program.py): it imports nothing of ours.
"""

from __future__ import annotations

import collections
import contextlib
import selectors
import socket
import subprocess
import threading
import time
from typing import Any, Callable, Dict, Iterator, Sequence, Tuple

Json = Dict[str, Any]
Way = Tuple[str, str, str]  # interface, own address, other address
REFUSES, SOON = 9, 0.2  # a port on which nothing has listened for decades, and seconds for its answer
ASKS_AGAIN = 9.0  # seconds in which a kernel knows whether who is in its neighbour table is still there


def decoded(data: bytes) -> str:
    """Return bytes as text that JSON can hold, whatever they are."""
    return data.decode("utf-8", "replace")


def get(body: Json) -> Json:
    """Get a URL as this host sees it; one of this host itself past any proxy."""
    # Here: most questions are about other things, and these take as long to import as all else to answer.
    import http.client
    import ssl
    import urllib.error
    import urllib.request

    begun = time.monotonic()
    proxies = urllib.request.ProxyHandler(None if body.get("proxy") else {})
    # A server of this host proves nothing to itself: what it shows is often self-signed.
    context = None if body.get("proxy") else ssl._create_unverified_context()  # noqa: S323, SLF001
    opener = urllib.request.build_opener(proxies, urllib.request.HTTPSHandler(context=context))
    answer: Json = {"status": None, "body": ""}
    try:
        with opener.open(web(body["url"]), timeout=body.get("timeout", 5)) as reply:
            answer.update(
                status=reply.status, body=decoded(beginning(reply, begun + 2 * body.get("timeout", 5)))
            )
    except urllib.error.HTTPError as error:
        answer.update(status=error.code, body=decoded(error.read(65536)))
    except (OSError, ValueError, http.client.HTTPException) as error:
        answer["error"] = str(error) or type(error).__name__
    answer["seconds"] = round(time.monotonic() - begun, 4)
    return answer


def web(url: str) -> str:
    """Return a URL of the web; raises ValueError for one of another kind: urllib would read files as well."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("neither http nor https")
    return url


def beginning(reply: Any, deadline: float) -> bytes:
    """Return the beginning of a body, what comes of it until then: some servers drip for ever."""
    data = b""
    while len(data) < 65536 and time.monotonic() < deadline:
        more = reply.read1(65536 - len(data))
        if not more:
            break
        data += more
    return data


def reach(body: Json) -> Json:
    """Say for each of [interface, own address, other's address] whether something answers there.

    A port that refuses proves a way as well as one that takes a connection, and costs the other host less:
    its SSH server is asked where the first gives no answer, as behind a firewall. Where that drops both,
    the neighbour table proves it, as its entry came over the cable, once the kernel has asked anew.
    """
    return {"reach": at_once(lambda way: reached(way, body), body["ways"], 64)}


def at_once(work: Callable[[Any], Any], items: Sequence[Any], most: int) -> list[Any]:
    """Return what some work makes of each item, in so many threads; the work lets nothing be raised.

    The standard library's own pool takes longer to import than most questions to answer.
    """
    results: list[Any] = [None] * len(items)
    left = collections.deque(enumerate(items))

    def take() -> None:
        with contextlib.suppress(IndexError):  # none is left
            while True:
                place, item = left.popleft()
                results[place] = work(item)

    threads = []
    with contextlib.suppress(RuntimeError):  # a limit of threads: those that there are do all of it
        for _ in range(min(most, len(items)) - 1):
            thread = threading.Thread(target=take)
            thread.start()
            threads.append(thread)
    take()
    for thread in threads:
        thread.join()
    return results


def reached(way: list[str], body: Json) -> bool:
    """Try one way from this host to another."""
    netdev, _, other = way
    tries = ((REFUSES, SOON), (body.get("port", 22), body.get("timeout", 1.0)))
    return any(connected(way, port, timeout) for port, timeout in tries) or neighbour(netdev, other)


def connected(way: list[str], port: int, timeout: float) -> bool:
    """Say whether a port of the other host takes a connection, or refuses it."""
    netdev, own, other = way
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.settimeout(timeout)
        with contextlib.suppress(OSError):  # older kernels let only root choose it; the address does as well
            found.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, netdev.encode())
        try:
            found.bind((own, 0))
            found.connect((other, port))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return True


def neighbour(netdev: str, address: str) -> bool:
    """Say whether the kernel hears of an address on an interface, to which something was just sent.

    What it heard once it keeps for hours. It asks again 5 s after something was sent, three times in 3 s
    (delay_first_probe_time and ucast_solicit of arp(7)); until then nothing is known.
    """
    deadline = time.monotonic() + ASKS_AGAIN
    while time.monotonic() < deadline:
        words = entry(netdev, address)
        if not words & {"STALE", "DELAY", "PROBE"}:
            return bool(words & {"REACHABLE", "PERMANENT", "NOARP"})
        time.sleep(0.2)
    return False


def entry(netdev: str, address: str) -> set[str]:
    """Return the words of the neighbour table about an address; /proc/net/arp does not tell how old it is."""
    argv = ["ip", "-4", "neigh", "show", address, "dev", netdev]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return set()
    return set(done.stdout.decode("ascii", "replace").split())


def met() -> set[tuple[str, str]]:
    """Return interface and address of all of whom the kernel has heard: complete entries of /proc/net/arp."""
    found = set()
    with contextlib.suppress(OSError), open("/proc/net/arp", encoding="ascii", errors="replace") as table:
        for line in table:
            words = line.split()
            if len(words) > 5 and words[2].startswith("0x") and int(words[2], 16) & 2:
                found.add((words[5], words[0]))
    return found


# Connections that are tried together, and seconds between: a kernel holds a place for each address, for the
# 3 s in which it asks for it, and has 1024 (gc_thresh3 of arp(7)).
AT_ONCE, APART = 512, 3.0


def scan(body: Json) -> Json:
    """Say who takes a connection in [interface, own address, network] each; all are asked at once."""
    import ipaddress

    todo = [
        (netdev, own, str(address))
        for netdev, own, network in body["nets"]
        for address in ipaddress.ip_network(network).hosts()
        if str(address) != own
    ]
    found: list[list[str]] = []
    next_at = 0.0
    for begin in range(0, len(todo), AT_ONCE):
        time.sleep(max(0.0, next_at - time.monotonic()))
        next_at = time.monotonic() + APART
        silent = answering(todo[begin : begin + AT_ONCE], body, found)
        there = met() if silent else set()
        answering([way for way in silent if (way[0], way[2]) in there], body, found)  # busy, or closed
    return {"scan": found}


def answering(ways: list[Way], body: Json, found: list[list[str]]) -> list[Way]:
    """Add interface and address of those who take a connection in time; return the ways that stay silent."""
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        for way in ways:
            for opened in begun(way, body.get("port", 22)):
                waiting.register(stack.enter_context(opened), selectors.EVENT_WRITE, way)
        deadline = time.monotonic() + body.get("timeout", 0.6)
        while waiting.get_map() and time.monotonic() < deadline:
            for key, _ in waiting.select(max(0.0, deadline - time.monotonic())):
                tried: Any = key.fileobj
                waiting.unregister(tried)
                if tried.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.append([key.data[0], key.data[2]])
        return [key.data for key in waiting.get_map().values()]


def begun(way: Way, port: int) -> Iterator[socket.socket]:
    """Yield a socket that is on its way to an address, none where that cannot be."""
    netdev, own, other = way
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.settimeout(0.0)
    with contextlib.suppress(OSError):  # as in `reached`
        found.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, netdev.encode())
    try:
        found.bind((own, 0))
        found.connect((other, port))
    except BlockingIOError:
        pass
    except OSError:
        found.close()
        return
    yield found
