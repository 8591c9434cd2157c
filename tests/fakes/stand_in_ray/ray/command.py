"""The command line: what `ray` does with its arguments."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from . import delays
from .gcs import Client, Server, joined


def main(argv: Sequence[str]) -> int:
    """Return the exit status."""
    words, _ = parser().parse_known_args(argv)
    return status() if words.verb == "status" else start(words)


def parser() -> argparse.ArgumentParser:
    """Return the parser of what is read; all other options are taken as well."""
    top = argparse.ArgumentParser(prog="ray", allow_abbrev=False)
    top.add_argument("verb", choices=["start", "status"])
    top.add_argument("--head", action="store_true")
    top.add_argument("--address", default="")
    top.add_argument("--node-ip-address", default="")
    top.add_argument("--port", type=int, default=6379)
    top.add_argument("--num-gpus", type=int, default=0)
    top.add_argument("--block", action="store_true")
    return top


def status() -> int:
    """Say how many nodes there are."""
    time.sleep(delays.STATUS)
    try:
        nodes = Client(os.environ.get("RAY_ADDRESS", "127.0.0.1:6379")).ask({"nodes": 1})
    except OSError as error:
        sys.stderr.write(f"no cluster: {error}\n")
        return 1
    sys.stdout.write(f"Active: {len(nodes)} nodes\n")
    return 0


def start(words: argparse.Namespace) -> int:
    """Start the daemon of this host, and return when Ray's own would be up; `--block`: stay with it."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()
        daemon(words, begun)
    until(begun, delays.HEAD_STARTED if words.head else delays.STARTED)
    sys.stdout.write("Ray runtime started.\n")
    sys.stdout.flush()
    if words.block:
        os.waitpid(child, 0)
        return 1
    return 0


def daemon(words: argparse.Namespace, begun: float) -> None:
    """Be what stays of Ray on a host: the head's server, and the host's place in the cluster."""
    signal.signal(signal.SIGTERM, ended)
    node = {"address": words.node_ip_address, "gpus": words.num_gpus}
    head = words.address
    if words.head:
        until(begun, delays.LISTENS)
        server = Server(words.node_ip_address, words.port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        head = f"{words.node_ip_address}:{words.port}"
    until(begun, delays.HEAD_JOINS if words.head else delays.JOINS)
    client = joined(head, node)
    client.socket.settimeout(None)
    client.answers.read()  # until the head has gone
    time.sleep(delays.ALONE)
    os._exit(1)


def ended(_number: int, _frame: FrameType | None) -> None:
    """End as late as the real one."""
    time.sleep(delays.ENDS)
    os._exit(0)


def until(begun: float, seconds: float) -> None:
    """Wait until so long after the beginning."""
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
