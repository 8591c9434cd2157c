"""`ask`: one real request to the server of a launch, as a client would send it."""

import sys
from collections.abc import Iterator

import pytest
from tests.node.servers import Reply, Served, engine, json_reply, serving, stream
from tests.node.side import ONCE, Answer, Json, Side

PYTHON = sys.executable
SLEEP = ("sleep", "600")
NO_ROUTE = json_reply({"detail": "Not Found"}, 404)
NOT_THAT = json_reply({"error": {"message": "The model does not support Completions API"}}, 400)


@pytest.fixture
def served() -> Iterator[Served]:
    """A server without routes for requests."""
    with serving(engine()) as there:
        yield there


def ask(side: Side, *words: str) -> Answer:
    """Ask the launch a."""
    return side.run(side.on("ask", "a", *words))


@pytest.mark.parametrize(
    ("routes", "task"),
    [
        ({"/v1/completions": json_reply({"choices": [{"text": "1"}]})}, "generate"),
        ({"/v1/completions": NOT_THAT, "/v1/embeddings": json_reply({"data": [[0.1]]})}, "embed"),
        pytest.param({"/pooling": json_reply({"data": [[0.1]]})}, "pooling", marks=pytest.mark.e2e),
        ({"/v1/completions": json_reply({}, 501), "/rerank": json_reply({"results": []})}, "rerank"),
        pytest.param({"/score": json_reply({"data": []})}, "score", marks=pytest.mark.e2e),
        pytest.param({"/classify": json_reply({"data": []})}, "classify", marks=pytest.mark.e2e),
        ({}, "unknown"),
    ],
)
def test_the_smallest_request_a_model_can_answer(
    side: Side, served: Served, routes: dict[str, Reply], task: str
) -> None:
    served.routes.update(routes)
    side.started(SLEEP, url=served.url)
    answer = ask(side)
    assert answer.status == 0
    assert (answer.value["ok"], answer.value["task"], answer.value["model"]) == (True, task, "tiny")
    assert all(body["model"] == "tiny" for path, body, _ in served.asked if path != "/v1/models")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        pytest.param(
            json_reply({"error": {"message": "EngineCore is dead"}}, 500),
            "EngineCore is dead",
            marks=pytest.mark.e2e,
        ),
        (json_reply({"error": {"message": "inside a good status"}}), "inside a good status"),
        pytest.param(Reply(200, b"<html>no JSON"), "Expecting value", marks=pytest.mark.e2e),
        (Reply(200, b'{"choices": ', cut=True), "IncompleteRead"),
        pytest.param(Reply(status=401, body=b'{"error": "Unauthorized"}'), "401", marks=pytest.mark.e2e),
    ],
)
def test_an_answer_that_is_none(side: Side, served: Served, reply: Reply, problem: str) -> None:
    served.routes["/v1/completions"] = reply
    side.started(SLEEP, url=served.url)
    answer = ask(side)
    assert (answer.status, answer.value["ok"]) == (1, False)
    assert problem in answer.value["problem"]


@pytest.mark.parametrize(("key", "well"), [("", True), ("wrong", False)])
def test_a_key_that_only_a_file_knows_locks_nobody_out_of_readiness(
    side: Side, served: Served, key: str, well: bool
) -> None:
    served.routes["/v1/models"] = json_reply({"error": "Unauthorized"}, 401)
    side.started(SLEEP, url=served.url, env={"VLLM_API_KEY": key} if key else {})
    answer = ask(side)
    assert answer.value["ok"] is well
    assert answer.value.get("task") == ("locked" if well else None)


@pytest.mark.parametrize(
    "models", [json_reply({"data": []}), json_reply([]), Reply(200, b""), json_reply({}, 500)]
)
def test_a_server_without_models(side: Side, served: Served, models: Reply) -> None:
    served.routes["/v1/models"] = models
    side.started(SLEEP, url=served.url)
    answer = ask(side)
    assert (answer.status, answer.value["ok"]) == (1, False)
    assert answer.value["problem"]
    assert answer.stderr == ""


NOBODY = {"ok": False, "problem": "[Errno 111] Connection refused", "refused": False}


def test_nobody_answers(side: Side) -> None:
    side.started(SLEEP, url="http://127.0.0.1:1")
    answer = ask(side)
    assert (answer.status, answer.value) == (1, NOBODY)


def test_no_launch(side: Side) -> None:
    answer = ask(side)
    assert (answer.status, answer.value) == (69, {"ok": False, "problem": "no launch a runs here"})


@pytest.mark.parametrize("words", [(), ("--question", "Hello?")])
def test_a_server_that_hangs(side: Side, served: Served, words: tuple[str, ...]) -> None:
    served.routes["/v1/completions"] = served.routes["/v1/chat/completions"] = Reply(hangs=True)
    side.started(SLEEP, url=served.url)
    answer = ask(side, "--timeout", "0.5", *words)
    assert (answer.status, answer.value["ok"], answer.value["problem"]) == (1, False, "timed out")
    assert not answer.value.get("refused")  # the first answer may take its time


def test_the_key_is_that_of_the_launch(side: Side, served: Served) -> None:
    """It is read from the process that got it: no file and no argument has it."""
    served.routes["/v1/completions"] = json_reply({})
    side.start(side.spec(SLEEP, url=served.url), {"VLLM_API_KEY": "sk-secret=1"})
    assert ask(side).status == 0
    assert {key for *_, key in served.asked} == {"Bearer sk-secret=1"}


def test_no_key_is_sent_where_there_is_none(side: Side, served: Served) -> None:
    served.routes["/v1/completions"] = json_reply({})
    side.started(SLEEP, url=served.url)
    ask(side)
    assert {key for *_, key in served.asked} == {""}


def test_a_proxy_has_no_part_in_it(side: Side, served: Served) -> None:
    served.routes["/v1/completions"] = json_reply({})
    side.started(SLEEP, url=served.url)
    proxy = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    assert side.run(side.on("ask", "a"), env=proxy).status == 0


def chunk(text: str, field: str = "content") -> Json:
    """Return a chunk of a chat's stream."""
    return {"choices": [{"delta": {field: text}}]}


END: Json = {"choices": [], "usage": {"completion_tokens": 2}}


@pytest.mark.parametrize(
    "field",
    ["content", *(pytest.param(each, marks=pytest.mark.e2e) for each in ("reasoning_content", "reasoning"))],
)
def test_a_question_is_answered(side: Side, served: Served, field: str) -> None:
    served.routes["/v1/chat/completions"] = stream(chunk("Hel", field), chunk("lo", field), END)
    side.started(SLEEP, url=served.url)
    answer = ask(side, "--question", "Who? \u00fc", "--max-tokens", "7")
    assert answer.status == 0
    assert (answer.value["answer"], answer.value["tokens"], answer.value["model"]) == ("Hello", 2, "tiny")
    assert 0 <= answer.value["first_token"] <= answer.value["seconds"]
    asked = served.asked[-1][1]
    assert asked["messages"] == [{"role": "user", "content": "Who? \u00fc"}]
    assert (asked["max_tokens"], asked["stream"]) == (7, True)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (stream(chunk("Hel"), {"error": {"message": "EngineCore died", "code": 500}}), "EngineCore died"),
        pytest.param(
            json_reply({"error": {"message": "no such thing"}}, 400), "HTTP 400", marks=pytest.mark.e2e
        ),
        pytest.param(Reply(200, b'data: {"choices": ['), "Expecting", marks=pytest.mark.e2e),
        (Reply(200, stream(chunk("Hel"), done=False).body, cut=True), "broke off"),
        (stream(chunk("Hel"), done=False), "broke off"),
    ],
)
def test_a_stream_that_fails(side: Side, served: Served, reply: Reply, problem: str) -> None:
    """An error may come inside a stream of status 200, and [DONE] after it."""
    served.routes["/v1/chat/completions"] = reply
    side.started(SLEEP, url=served.url)
    answer = ask(side, "--question", "Hello?")
    assert (answer.status, answer.value["ok"]) == (1, False)
    assert problem in answer.value["problem"]


@ONCE
def test_a_stream_of_other_events_is_read(side: Side, served: Served) -> None:
    body = b": comment\n\nevent: x\ndata: 5\n\n" + stream(chunk("Hi"), END).body
    served.routes["/v1/chat/completions"] = Reply(200, body)
    side.started(SLEEP, url=served.url)
    assert ask(side, "--question", "Hello?").value["answer"] == "Hi"
