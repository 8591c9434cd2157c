"""Who is in the cluster: a server on the head, and its clients. One JSON line is a question or an answer.

{"join": NODE}  the node is there until the connection ends
{"nodes": 1}    answered by the list of the nodes that are there
"""

import json
import socket
import socketserver
import threading
import time
from typing import Any, cast

Node = dict[str, Any]
AGAIN = 0.05  # seconds


class Server(socketserver.ThreadingTCPServer):
    """The head's server."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, address: str, port: int) -> None:
        super().__init__((address, port), Handler)
        self.nodes: dict[int, Node] = {}
        self.lock = threading.Lock()


class Handler(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Answer until the other side has gone."""
        server = cast("Server", self.server)
        try:
            for line in self.rfile:
                told = json.loads(line)
                with server.lock:
                    if "join" in told:
                        server.nodes[id(self)] = told["join"]
                    nodes = list(server.nodes.values())
                self.wfile.write(json.dumps(nodes).encode() + b"\n")
        except OSError:
            pass
        finally:
            with server.lock:
                server.nodes.pop(id(self), None)


class Client:
    """A connection to the head; raises OSError."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), 5)
        self.answers = self.socket.makefile("rb")

    def ask(self, question: dict[str, Any]) -> list[Node]:
        """Send one line and return what answers it."""
        self.socket.sendall(json.dumps(question).encode() + b"\n")
        line = self.answers.readline()
        if not line:
            raise ConnectionResetError(f"{self.socket} was closed")
        nodes: list[Node] = json.loads(line)
        return nodes


def joined(address: str, node: Node) -> Client:
    """Join the cluster as soon as its head listens; the node is in it while the client lives."""
    while True:
        try:
            client = Client(address)
        except OSError:
            time.sleep(AGAIN)
        else:
            client.ask({"join": node})
            return client
