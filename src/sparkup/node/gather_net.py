"""The questions of gather.py that go over the network: a URL, and the ways to other hosts.

Travels with gather.py as one program (run/program.py): it imports nothing of ours.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import Any, Dict

Json = Dict[str, Any]


def decoded(data: bytes) -> str:
    """Return bytes as text that JSON can hold, whatever they are."""
    return data.decode("utf-8", "replace")


def get(body: Json) -> Json:
    """Get a URL as this host sees it; one of this host itself past any proxy."""
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

    A port that refuses proves a way as well as one that takes a connection; where a firewall drops both,
    the neighbour table does, as its entry came over the cable.
    """
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        return {"reach": list(pool.map(lambda way: reached(way, body), body["ways"]))}


def reached(way: list[str], body: Json) -> bool:
    """Try one way from this host to another."""
    netdev, own, other = way
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        found.settimeout(body.get("timeout", 1.0))
        with contextlib.suppress(OSError):  # older kernels let only root choose it; the address does as well
            found.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, netdev.encode())
        try:
            found.bind((own, 0))
            found.connect((other, body.get("port", 22)))
        except ConnectionRefusedError:
            return True
        except OSError:
            return neighbour(netdev, other)
    return True


def neighbour(netdev: str, address: str) -> bool:
    """Say whether the kernel has heard of an address on an interface: a complete entry of /proc/net/arp."""
    with contextlib.suppress(OSError), open("/proc/net/arp", encoding="ascii", errors="replace") as table:
        for line in table:
            words = line.split()
            if len(words) > 5 and (words[0], words[5]) == (address, netdev) and int(words[2], 16) & 2:
                return True
    return False
