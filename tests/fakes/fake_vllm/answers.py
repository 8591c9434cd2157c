"""The JSON of the routes, with the members that the real one sends."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

from .options import VERSION, Options

Json = dict[str, Any]
ENGINE_DEAD = "EngineCore encountered an issue. See stack trace (above) for the root cause."
_numbers = itertools.count(0x98B3762980FB6D23)


def error(message: str, kind: str, code: int, param: str | None = None) -> Json:
    """Return an error as vLLM's OpenAI routes send it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def engine_dead() -> Json:
    """Return what a request gets from a server whose engine is dead."""
    return error(ENGINE_DEAD, "InternalServerError", 500)


def unknown_model(asked: object, options: Options) -> Json:
    """Return what a request for another model gets."""
    valid = ", ".join(options.names)
    message = f"The model `{asked}` does not exist. Valid aliases: {valid}."
    return error(message, "NotFoundError", 404, "model")


def missing(field: str) -> Json:
    """Return what a request without a needed member gets."""
    message = f"1 validation error:\n  {{'type': 'missing', 'loc': 'body.{field}', 'msg': 'Field required'}}"
    return error(message, "Bad Request", 400, f"body.{field}")


def models(options: Options, max_model_len: int) -> Json:
    """Return /v1/models."""
    cards: list[Json] = [
        {
            "id": name,
            "object": "model",
            "created": int(time.time()),
            "owned_by": "vllm",
            "root": options.model,
            "parent": None,
            "max_model_len": max_model_len,
            "permission": [],
        }
        for name in options.names
    ]
    return {"object": "list", "data": cards}


def usage(prompt: int, completion: int) -> Json:
    """Return how many tokens a request took."""
    return {
        "prompt_tokens": prompt,
        "total_tokens": prompt + completion,
        "completion_tokens": completion,
    }


def completion(body: Json, tokens: list[str], prompt: int, *, chat: bool) -> Json:
    """Return a whole answer of /v1/chat/completions or /v1/completions."""
    text = "".join(tokens)
    choice: Json = {"index": 0, "logprobs": None, "finish_reason": "length", "stop_reason": None}
    choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return {
        "id": name("chatcmpl" if chat else "cmpl"),
        "object": "chat.completion" if chat else "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [choice],
        "system_fingerprint": f"vllm-{VERSION}-fake",
        "usage": usage(prompt, len(tokens)),
    }


def chunks(body: Json, tokens: list[str], prompt: int, *, chat: bool) -> Iterator[Json]:
    """Yield the chunks of a streamed answer."""
    base = {
        "id": name("chatcmpl" if chat else "cmpl"),
        "object": "chat.completion.chunk" if chat else "text_completion",
        "created": int(time.time()),
        "model": body["model"],
    }
    if chat:
        yield base | {"choices": [_part({"delta": {"role": "assistant", "content": ""}}, None)]}
    for number, token in enumerate(tokens, start=1):
        part = {"delta": {"content": token}} if chat else {"text": token}
        yield base | {"choices": [_part(part, "length" if number == len(tokens) else None)]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield base | {"choices": [], "usage": usage(prompt, len(tokens))}


def embeddings(body: Json, texts: list[str]) -> Json:
    """Return /v1/embeddings."""
    vectors = [
        {"index": index, "object": "embedding", "embedding": [len(text) / 100, 0.5, -0.5]}
        for index, text in enumerate(texts)
    ]
    total = sum(map(count, texts))
    return {
        "id": name("embd"),
        "object": "list",
        "created": int(time.time()),
        "model": body["model"],
        "data": vectors,
        "usage": usage(total, 0),
    }


def rerank(body: Json) -> Json:
    """Return /rerank: the documents, the best first."""
    documents = body["documents"]
    scores = sorted(enumerate(documents), key=lambda pair: -_score(body["query"], pair[1]))
    total = count(body["query"]) + sum(map(count, documents))
    results = [
        {
            "index": index,
            "document": {"text": text, "multi_modal": None},
            "relevance_score": _score(body["query"], text),
        }
        for index, text in scores
    ]
    tokens = {"prompt_tokens": total, "total_tokens": total}
    return {"id": name("score"), "model": body["model"], "usage": tokens, "results": results}


def score(body: Json) -> Json:
    """Return /score: of one text against some others."""
    others = body["text_2"] if isinstance(body["text_2"], list) else [body["text_2"]]
    data = [
        {"index": index, "object": "score", "score": _score(body["text_1"], text)}
        for index, text in enumerate(others)
    ]
    total = count(body["text_1"]) + sum(map(count, others))
    return {
        "id": name("score"),
        "object": "list",
        "created": int(time.time()),
        "model": body["model"],
        "data": data,
        "usage": usage(total, 0),
    }


def count(text: object) -> int:
    """Return how many tokens a text has: a word is one here."""
    return max(1, len(str(text).split()))


def name(kind: str) -> str:
    """Return a new id of a request."""
    return f"{kind}-{next(_numbers):016x}"


def _part(content: Json, reason: str | None) -> Json:
    return {"index": 0, **content, "logprobs": None, "finish_reason": reason}


def _score(query: object, text: object) -> float:
    common = set(str(query).split()) & set(str(text).split())
    return len(common) - len(str(text)) / 1000
