"""Requests are what node/gather.py understands; observations of two looks are one."""

import importlib
import json
from typing import Any

import pytest

from sparkup.domain import fact
from sparkup.domain.fact import SHAPES, Fact, Request, Seen, fits
from sparkup.node.gather import KINDS, answer

REQUESTS = [
    fact.run("echo", "hi", timeout=5),
    fact.fed(("echo", "hi"), "echo", timeout=5, only_root=True),
    fact.files("/proc/meminfo", max_bytes=10),
    fact.files("/proc/meminfo", max_bytes=10, tail=True),
    fact.files("/proc/meminfo", "/proc/self/mem", keep="Mem", sparse=True),
    fact.files("/proc/meminfo", "/proc/self/exe", max_bytes=10, links=False),
    fact.links("/proc/self/exe"),
    fact.foreign("/proc/self/comm", "~/no-such/*"),
    fact.digests("/proc/self/comm"),
    fact.paths("/", "/no/such"),
    fact.env("HOME"),
    fact.which("sh", first=("/bin",)),
    fact.http("http://127.0.0.1:9/", timeout=0.5),
    fact.http("http://127.0.0.1:9/", timeout=0.5, proxy=True),
    fact.scan(("lo", "127.0.0.1", "127.0.0.0/30"), timeout=0.5),
    fact.reach(("lo", "127.0.0.1", "127.0.0.2"), timeout=0.5),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.kind)
def test_a_request_travels_as_json_and_is_of_a_kind_that_hosts_know(request_: Request) -> None:
    sent: dict[str, Any] = json.loads(json.dumps({"kind": request_.kind, **request_.body}))
    assert sent.pop("kind") in KINDS
    assert sent == dict(request_.body)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.kind)
def test_what_a_host_answers_has_the_shape_of_its_kind(request_: Request) -> None:
    told = json.loads(json.dumps(answer({"kind": request_.kind, **request_.body})))
    assert fits(told, SHAPES[request_.kind])


def test_every_kind_that_hosts_know_has_a_shape() -> None:
    assert set(SHAPES) == set(KINDS) == {each.kind for each in REQUESTS}


@pytest.mark.parametrize("odd", [None, [], "text", {}, {"files": []}, {"files": {"/a": 5}, "owners": {}}])
def test_what_is_of_another_shape_is_seen(odd: object) -> None:
    assert not fits(odd, SHAPES["files"])


def test_facts_are_told_apart_by_their_identity() -> None:
    one, two = (Fact("a", {}, len) for _ in range(2))
    assert one != two
    assert len({one, two}) == 2


def test_what_was_seen_last_counts() -> None:
    first: Fact[int] = Fact("first", {}, len)
    second: Fact[int] = Fact("second", {}, len)
    early, late = Seen("h", {"first": 1, "second": 1}), Seen("h", {"second": 2})
    both = late.after(early)
    assert (both[first], both[second]) == (1, 2)
    with pytest.raises(KeyError):
        late[first]


@pytest.mark.parametrize("name", ["machine", "launches", "listeners", "systemd", "environments"])
def test_every_module_of_facts_asks_for_kinds_that_hosts_know(name: str) -> None:
    module = importlib.import_module(f"sparkup.facts.{name}")
    facts = [value for value in vars(module).values() if isinstance(value, Fact)]
    assert facts
    assert {request.kind for each in facts for request in each.requests.values()} <= set(KINDS)
