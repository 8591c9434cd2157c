"""Ask the server of a launch one real request, as a user's client would."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from types import SimpleNamespace
from typing import Any, Iterator

from . import state

# One small request for each kind of model vLLM serves; a route that is not there says 404, 405 or 501.
CANARIES: list[tuple[str, str, dict[str, Any]]] = [
    ("generate", "/v1/completions", {"prompt": "1", "max_tokens": 1}),
    ("embed", "/v1/embeddings", {"input": "1"}),
    ("pooling", "/pooling", {"input": "1"}),
    ("rerank", "/rerank", {"query": "1", "documents": ["1"]}),
    ("score", "/score", {"text_1": "1", "text_2": "1"}),
    ("classify", "/classify", {"input": "1"}),
]
FAILED, NOT_RUNNING = 1, 69  # exit statuses
NOT_SERVED = (404, 405, 501)
LOCKED = (401, 403)


def own_host_opener() -> urllib.request.OpenerDirector:
    """Return what opens URLs of this host: past any proxy, whatever certificate it shows itself."""
    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - it proves nothing to itself
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )


class Server:
    """The API of one launch, reached on this host past any proxy."""

    def __init__(self, url: str, key: str | None, timeout: float) -> None:
        self.url, self.timeout = url.rstrip("/"), timeout
        self.headers = {"Content-Type": "application/json"}
        if key:
            self.headers["Authorization"] = "Bearer " + key
        self.key = key or ""
        self.opener = own_host_opener()

    def open(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request; raises urllib's errors, ValueError for a key that no request can carry."""
        if not all(each.isprintable() and ord(each) < 256 for each in self.key):
            raise ValueError("the API key (VLLM_API_KEY) has characters that no HTTP header can carry")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers)
        return self.opener.open(request, timeout=self.timeout)

    def json(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request and read the JSON that answers it."""
        with self.open(path, body) as reply:
            return json.loads(reply.read() or b"null")

    def health(self) -> int | None:
        """Return the status of /health; None when nobody answers."""
        try:
            with self.opener.open(self.url + "/health", timeout=self.timeout) as reply:  # asks for no key
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return None


def once(root: str, name: str, words: SimpleNamespace) -> tuple[int, state.Json]:
    """Send a canary to a launch, or a question."""
    folder = state.folder(root, name)
    spec = state.read(os.path.join(folder, "spec.json"))
    found = state.read(os.path.join(folder, "rank.json"))
    if spec is None or not state.lives(found):
        return NOT_RUNNING, {"ok": False, "problem": f"no launch {name} runs here"}
    server = of(spec, found, words.timeout)
    reply = question(server, words.question, words.max_tokens) if words.question else canary(server)
    return 0 if reply["ok"] else FAILED, reply


def of(spec: state.Json, rank: state.Json | None, timeout: float = 60.0) -> Server:
    """Return the server of a launch; its API key is read from the process that got it."""
    keys = [spec.get("env", {}).get("VLLM_API_KEY", "")]
    environment = state.environment(int(rank.get("child", -1))) if rank else b""
    keys += [
        record[len(b"VLLM_API_KEY=") :].decode("utf-8", "surrogateescape")
        for record in environment.split(b"\0")
        if record.startswith(b"VLLM_API_KEY=")
    ]
    return Server(spec["url"], next((key for key in keys if key), None), timeout)


def canary(server: Server) -> state.Json:
    """Ask for the smallest real answer that this model can give; {"ok": ..., "task": ..., ...}.

    `refused` says that there was an answer and it was no good one: no answer in time is none yet, as
    kernels may be compiled for the first request.
    """
    begun = time.monotonic()
    try:
        model = server.json("/v1/models")["data"][0]["id"]
        return dict(asked(server, model), seconds=since(begun))
    except urllib.error.HTTPError as error:
        if error.code in LOCKED and not server.key:  # a key from a file: ask no more than it lets us
            return {"ok": True, "task": "locked", "model": "", "seconds": since(begun)}
        return {"ok": False, "problem": describe(error), "refused": True}
    except (OSError, http.client.HTTPException) as error:
        return {"ok": False, "problem": describe(error), "refused": False}
    except (ValueError, LookupError, TypeError) as error:
        return {"ok": False, "problem": describe(error), "refused": True}


def asked(server: Server, model: str) -> state.Json:
    """Try the canaries one after another until the server has the route of one."""
    for task, path, body in CANARIES:
        problem = attempt(server, path, dict(body, model=model))
        if problem is None:
            return {"ok": True, "task": task, "model": model}
        if problem:
            return {"ok": False, "task": task, "model": model, "problem": problem, "refused": True}
    return {"ok": True, "task": "unknown", "model": model}


def attempt(server: Server, path: str, body: state.Json) -> str | None:
    """Send one canary: None is a good answer, "" says that this server has no such route."""
    try:
        answer = server.json(path, body)
    except urllib.error.HTTPError as error:
        text = error.read(4096).decode("utf-8", "replace")
        if error.code in NOT_SERVED or "does not support" in text:
            return ""
        return "HTTP %d from %s: %s" % (error.code, path, text[:500])
    if isinstance(answer, dict) and answer.get("error"):
        return "{} answered an error: {}".format(path, json.dumps(answer["error"])[:500])
    return None


def question(server: Server, text: str, tokens: int) -> state.Json:
    """Ask one chat question and take the answer as a stream; times in seconds."""
    begun = time.monotonic()
    try:
        model = server.json("/v1/models")["data"][0]["id"]
        body = {
            "model": model,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        with server.open("/v1/chat/completions", body) as reply:
            return dict(listen(reply, begun), model=model)
    except urllib.error.HTTPError as error:
        return {
            "ok": False,
            "problem": "HTTP %d: %s" % (error.code, error.read(500).decode("utf-8", "replace")),
        }
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        return {"ok": False, "problem": describe(error)}


def listen(reply: Any, begun: float) -> state.Json:
    """Read a stream of chunks: an error may come inside a good HTTP status."""
    words: list[str] = []
    first: float | None = None
    tokens: int | None = None
    for chunk in chunks(reply):
        if chunk.get("error"):
            return {"ok": False, "problem": json.dumps(chunk["error"])[:500]}
        tokens = (chunk.get("usage") or {}).get("completion_tokens", tokens)
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            piece = delta.get("content") or delta.get("reasoning_content") or delta.get("reasoning")
            if piece:
                first = since(begun) if first is None else first
                words.append(piece)
    return {
        "ok": True,
        "answer": "".join(words),
        "tokens": tokens,
        "first_token": first,
        "seconds": since(begun),
    }


def chunks(reply: Any) -> Iterator[state.Json]:
    """Yield the JSON objects of a server-sent event stream; raises ValueError when it breaks off."""
    for line in reply:
        kind, _, data = line.strip().partition(b":")
        if data.strip() == b"[DONE]":
            return
        if kind == b"data":
            value = json.loads(data)
            if isinstance(value, dict):
                yield value
    raise ValueError("the stream broke off before its end")


def since(begun: float) -> float:
    """Return the seconds since then, to the millisecond."""
    return round(time.monotonic() - begun, 3)


def describe(error: BaseException) -> str:
    """Say in a line what went wrong."""
    reason = getattr(error, "reason", None)
    return str(reason or error) or type(error).__name__


def answers(url: str, timeout: float = 5.0) -> bool:
    """Say whether a URL answers with a good status."""
    try:
        with own_host_opener().open(url, timeout=timeout) as reply:
            return 200 <= int(reply.status) < 400
    except (OSError, http.client.HTTPException, ValueError):
        return False
