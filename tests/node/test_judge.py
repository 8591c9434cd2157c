"""The judge of a launch: the supervisor's own, so that it matters to none whether anybody waits."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests import processes
from tests.disks import fill
from tests.node.servers import Reply, engine, json_reply, serving
from tests.node.side import Json, Side
from tests.node.test_watch import COMPLETED, SLEEP, first, looked, records
from tests.waiting import until


def answered(side: Side) -> Json:
    """Wait for the look at a server that says it is well, with a canary in it."""
    until(lambda: "canary" in looked(side), "a canary was sent")
    return looked(side)


def test_a_launch_that_nobody_waits_for_becomes_ready(side: Side) -> None:
    with serving(engine(v1_completions=COMPLETED)) as served:
        rank = side.started(SLEEP, ready="server", url=served.url)
        until((side.folder() / "ready.json").exists, "the verdict is kept")
        assert side.read("ready.json")["canary"]["model"] == "tiny"
        asked = len(served.asked)
        assert side.run(side.on("ready", "a")).status == 0
        with side.running(side.on("watch", "a")) as process:
            assert first(records(process), "look")["look"]["state"] == "ready"
        assert len(served.asked) == asked  # there is one judge, and it has judged
    assert processes.children(rank["pid"]) == [rank["child"]]


def test_no_answer_in_time_or_half_of_one_is_no_refusal(side: Side) -> None:
    """A server that compiles, or begins anew, has not said no."""
    with serving(engine(v1_completions=Reply(200, b'{"choices": ', cut=True))) as served:
        side.started(SLEEP, ready="server", url=served.url)
        found = answered(side)
        assert (found["canary"]["refused"], found["refusals"]) == (False, 0)
        until(lambda: len(served.asked) > 6, "it is asked again")
        assert looked(side)["refusals"] == 0
        served.routes["/v1/completions"] = COMPLETED
        until(lambda: looked(side)["state"] == "ready", "it is ready")


def test_an_error_is_a_refusal(side: Side) -> None:
    with serving(engine(v1_completions=json_reply({"error": {"message": "no"}}, 500))) as served:
        side.started(SLEEP, ready="server", url=served.url)
        until(lambda: answered(side)["refusals"] == 3, "it was refused three times")
    assert not (side.folder() / "ready.json").exists()


@pytest.mark.parametrize("key", ["two\nlines-of-secret", "\u20ac-of-secret", "\udcff-of-secret"])
def test_a_key_that_cannot_be_sent_is_named_and_not_shown(side: Side, key: str) -> None:
    with serving(engine(v1_completions=COMPLETED)) as served:
        side.start(side.spec(SLEEP, ready="server", url=served.url), env={"VLLM_API_KEY": key})
        canary = answered(side)["canary"]
    assert "VLLM_API_KEY" in canary["problem"]
    assert "of-secret" not in str(canary)
    assert canary["refused"]
    assert {path for path, *_ in served.asked} == {"/health"}


def test_whatever_goes_wrong_is_said(side: Side) -> None:
    side.started(SLEEP, ready="port", ready_target="no number")
    assert "invalid literal" in looked(side)["problem"]


def test_a_look_that_is_too_long_is_told_in_short(side: Side) -> None:
    long = json_reply({"error": {"message": "\u20ac" * 2000}}, 500)
    models = json_reply({"data": [{"id": "m" * 5000}]})
    with serving({**engine(v1_completions=long), "/v1/models": models}) as served:
        side.started(SLEEP, ready="server", url=served.url)
        until(lambda: looked(side).get("refusals") == 1, "it was refused")
        assert looked(side) == {"state": "not-yet", "health": 200, "refusals": 1}


def test_a_full_disk_hides_no_readiness(side: Side, tiny_disk: Path) -> None:
    full = replace(side, root=tiny_disk / "state")
    try:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            full.started(SLEEP, ready="port", ready_target=str(server.getsockname()[1]))
            fill(tiny_disk)
            server.listen()
            with full.running(full.on("watch", "a")) as process:
                found = records(process)
                while first(found, "look")["look"]["state"] != "ready":
                    pass
    finally:
        full.close()


def test_nothing_of_it_outlives_the_launch(side: Side) -> None:
    with serving(engine(v1_completions=Reply(hangs=True))) as served:
        rank = side.started(SLEEP, ready="server", url=served.url)
        until(lambda: served.asked[2:], "a canary is on its way")
        answer = side.stop("a", rank["attempt"])
        assert (answer.status, answer.value["processes"]) == (0, 1)
        assert answer.value["seconds"] < 20
    assert not processes.lives(rank["pid"])
