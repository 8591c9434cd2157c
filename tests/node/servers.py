"""A server inside the test, for programs that ask one: it answers what the test says, and remembers."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "tiny"
MODELS: dict[str, Any] = {"data": [{"id": MODEL}]}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answers. `hangs`: it never does; `cut`: less comes than was announced."""

    status: int = 200
    body: bytes = b"{}"
    hangs: bool = False
    cut: bool = False
    kind: str = "application/json"


@dataclass(slots=True)
class Served:
    """A server: its routes, which a test may change while it runs, and what it was asked."""

    routes: dict[str, Reply]
    port: int = 0
    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)  # path, body, authorization
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Return its base."""
        return f"http://127.0.0.1:{self.port}"


def json_reply(value: object, status: int = 200) -> Reply:
    """Return a reply of JSON."""
    return Reply(status, json.dumps(value).encode())


def stream(*chunks: object, done: bool = True) -> Reply:
    """Return a reply that is a stream of events, as the chat route gives."""
    events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"] * done
    return Reply(200, "".join(events).encode())


def engine(**routes: Reply) -> dict[str, Reply]:
    """Return the routes of a healthy server; names are paths without slashes: v1_completions."""
    paths = {f"/{name.replace('_', '/')}": reply for name, reply in routes.items()}
    return {"/health": Reply(200, b""), "/v1/models": json_reply(MODELS), **paths}


@contextmanager
def serving(routes: Mapping[str, Reply]) -> Iterator[Served]:
    """Serve routes for the time of a `with`; others are answered with 404."""
    served = Served(dict(routes))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, served, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer(self, served, json.loads(body))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        served.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler: BaseHTTPRequestHandler, served: Served, body: dict[str, Any]) -> None:
    """Answer one request."""
    served.asked.append((handler.path, body, handler.headers.get("Authorization", "")))
    reply = served.routes.get(handler.path, json_reply({"detail": "Not Found"}, 404))
    if reply.hangs:
        served.over.wait(60)
        return
    with contextlib.suppress(OSError):  # whoever asked has gone
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.kind)
        handler.send_header("Content-Length", str(len(reply.body) + reply.cut * 10))
        handler.end_headers()
        handler.wfile.write(reply.body)
