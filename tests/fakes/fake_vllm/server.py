"""The routes of the API server, plain and streamed."""

import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import answers
from .engine import Engine
from .metrics import Counters, exposition
from .options import VERSION, Options
from .processes import KILLS
from .recording import Printer

GENERATE = ("/v1/chat/completions", "/v1/completions")
POOL = ("/v1/embeddings", "/rerank", "/v1/rerank", "/v2/rerank", "/score", "/v1/score")
NEEDS = {
    "/v1/chat/completions": ("messages",),
    "/v1/completions": ("prompt",),
    "/v1/embeddings": ("input",),
    "/rerank": ("query", "documents"),
    "/score": ("text_1", "text_2"),
}


@dataclass
class State:
    """What the routes know of the server."""

    options: Options
    max_model_len: int
    engine: Engine
    printer: Printer
    faults: Mapping[str, str]
    token_seconds: float
    counters: Counters = field(default_factory=Counters)
    stuck: threading.Event = field(default_factory=threading.Event)  # never set: who waits, hangs


class Handler(BaseHTTPRequestHandler):
    """One request; `state` is set on a subclass."""

    protocol_version = "HTTP/1.1"
    state: State

    def version_string(self) -> str:
        """Return the name of the server alone."""
        return "uvicorn"

    def do_GET(self) -> None:
        """Answer the routes that look."""
        state = self.state
        routes: dict[str, Callable[[], None]] = {
            "/health": lambda: self._empty(503 if state.engine.dead.is_set() else 200),
            "/ping": lambda: self._empty(503 if state.engine.dead.is_set() else 200),
            "/version": lambda: self._json(200, {"version": VERSION}),
            "/load": lambda: self._json(200, {"server_load": state.counters.running}),
            "/metrics": self._metrics,
            "/v1/models": lambda: self._json(200, answers.models(state.options, state.max_model_len)),
        }
        route = routes.get(self.path, self._not_found)
        if self._let_in():
            route()

    def do_POST(self) -> None:
        """Answer the routes that work."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        served = POOL if self.state.options.pooling else GENERATE
        if not self._let_in():
            return
        if self.path not in served:
            self._not_found()
            return
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._json(400, answers.error("Invalid JSON", "Bad Request", 400))
            return
        self._checked(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print an access line as uvicorn does."""
        status = int(code) if str(code).isdigit() else 0
        phrase = self.responses.get(status, ("",))[0]
        client = f"{self.client_address[0]}:{self.client_address[1]}"
        self.state.printer.raw(f'INFO:     {client} - "{self.requestline}" {status} {phrase}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the base)
        """Print nothing: broken connections are no news."""

    def _checked(self, body: dict[str, Any]) -> None:
        needs = NEEDS.get(self.path.removeprefix("/v1").removeprefix("/v2"), NEEDS.get(self.path, ()))
        body.setdefault("model", self.state.options.names[0])
        if lacking := [name for name in needs if name not in body]:
            self._json(400, answers.missing(lacking[0]))
        elif body["model"] not in self.state.options.names:
            self._json(404, answers.unknown_model(body["model"], self.state.options))
        else:
            self._work(body)

    def _work(self, body: dict[str, Any]) -> None:
        state = self.state
        state.counters.begin()
        prompt = generated = 0
        try:
            if not self._engine_answers():
                self._json(500, answers.engine_dead())
            elif state.options.pooling:
                self._pool(body)
            else:
                prompt = answers.count(body.get("messages") or body.get("prompt"))
                generated = self._generate(body, prompt)
        finally:
            state.counters.end(prompt, generated)

    def _engine_answers(self) -> bool:
        state = self.state
        if "dies-on-first-request" in state.faults:
            state.engine.ask(KILLS)
            state.engine.dead.wait(5)
            return False
        if state.faults.get("healthy-but-dead") == "fail":
            return False
        if "healthy-but-dead" in state.faults:
            state.stuck.wait()
        return state.engine.ask()

    def _pool(self, body: dict[str, Any]) -> None:
        if self.path.endswith("embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            self._json(200, answers.embeddings(body, texts))
        else:
            self._json(200, answers.rerank(body) if "rerank" in self.path else answers.score(body))

    def _generate(self, body: dict[str, Any], prompt: int) -> int:
        chat = self.path == GENERATE[0]
        wanted = body.get("max_completion_tokens") or body.get("max_tokens") or 16
        tokens = [f" {number}" for number in range(min(wanted, self.state.max_model_len))]
        if body.get("stream"):
            self._stream(body, tokens, prompt, chat=chat)
            return len(tokens)
        for _ in tokens:
            time.sleep(self.state.token_seconds)
            if self.state.engine.dead.is_set():
                self._json(500, answers.engine_dead())
                return 0
        self._json(200, answers.completion(body, tokens, prompt, chat=chat))
        return len(tokens)

    def _stream(self, body: dict[str, Any], tokens: list[str], prompt: int, *, chat: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, chunk in enumerate(answers.chunks(body, tokens, prompt, chat=chat)):
            time.sleep(self.state.token_seconds)
            if self.state.engine.dead.is_set() or (number and "stream-error" in self.state.faults):
                self._event(compact(answers.engine_dead()))
                break
            self._event(compact(chunk))
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, data: str) -> None:
        text = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        self.wfile.flush()

    def _let_in(self) -> bool:
        """Check the API key: the real one guards /v1 alone, whatever the route is."""
        keys = self.state.options.api_keys
        if not keys or not self.path.startswith("/v1"):
            return True
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if any(hmac.compare_digest(sent.encode(), key.encode()) for key in keys):
            return True
        self._json(401, {"error": "Unauthorized"})
        return False

    def _metrics(self) -> None:
        state = self.state
        text = exposition(state.options, state.max_model_len, state.counters)
        self._send(200, text.encode(), "text/plain; version=1.0.0; charset=utf-8")

    def _not_found(self) -> None:
        self._json(404, {"detail": "Not Found"})

    def _empty(self, status: int) -> None:
        self._send(status, b"", None)

    def _json(self, status: int, value: object) -> None:
        self._send(status, compact(value).encode(), "application/json")

    def _send(self, status: int, data: bytes, kind: str | None) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        if kind:
            self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    """An HTTP server on a socket that is bound already."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, bound: socket.socket, state: State) -> None:
        """Take the socket and begin to listen."""
        address = bound.getsockname()
        handler = type("BoundHandler", (Handler,), {"state": state})
        super().__init__(address[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound
        self.server_name, self.server_port = address[:2]
        self.server_activate()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


def compact(value: object) -> str:
    """Return JSON without spaces, as the real one sends it."""
    return json.dumps(value, separators=(",", ":"))


def bind(options: Options) -> socket.socket:
    """Take the port early, as the real one does, so that a taken one is seen before the start."""
    host = options.host or "0.0.0.0"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, options.port))
    return bound
