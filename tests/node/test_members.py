"""The hosts of a launch that have joined its Ray cluster, and when an idle cluster counts as ready."""

import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.node.side import Json, Side
from tests.node.test_watch import SLEEP, looked
from tests.waiting import until

from sparkup.node import members


@pytest.fixture
def beats() -> Iterator[Json]:
    """What a head is told of the others; at its address somebody takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peers = [{"rank": 1, "host": "spark2", "address": "127.0.0.2"}]
        yield {"port": server.getsockname()[1], "address": "127.0.0.1", "peers": peers}


def programs(folder: Path, answer: str) -> str:
    """Make a `ray`, and beside it a python3 that says an answer; return their folder."""
    for name in ("ray", "python3"):
        (folder / name).write_text(f"#!/bin/sh\ncat <<'end'\n{answer}\nend\n")
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def joined(addresses: Sequence[str]) -> str:
    """Return what node/joined.py prints."""
    return json.dumps({"nodes": [{"address": each, "gpus": 1} for each in addresses]})


def start(side: Side, beats: Json, path: str) -> None:
    env = {"PATH": path}
    side.started(SLEEP, env=env, backend="ray", ready="ray", ready_target="2", beats=beats)


def test_it_is_ready_when_all_have_joined(side: Side, beats: Json, tmp_path: Path) -> None:
    start(side, beats, programs(tmp_path, joined(["127.0.0.1", "10.9.9.9"])))
    until(lambda: len(looked(side).get("joined", ())) == 1, "the head has joined, a stranger does not count")
    assert looked(side)["state"] == "not-yet"
    programs(tmp_path, joined(["127.0.0.1", "127.0.0.2"]))
    until((side.folder() / "ready.json").exists, "both have joined")
    assert [each["address"] for each in side.read("ready.json")["joined"]] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"problem": "RpcError: no"}', "RpcError: no"),
        ("no JSON", "no word of who has joined: it ended with status 0: no JSON"),
        ("5", "no word of who has joined: it ended with status 0: 5"),
        ("", "no word of who has joined: it ended with status 0"),
    ],
)
def test_what_went_wrong_is_told(side: Side, beats: Json, tmp_path: Path, answer: str, told: str) -> None:
    start(side, beats, programs(tmp_path, answer))
    until(lambda: told in looked(side).get("problem", ""), "it is told")
    assert looked(side)["joined"] == []


def test_what_is_printed_beside_answers_keeps_nobody_from_joining(
    side: Side, beats: Json, tmp_path: Path
) -> None:
    """A site's Python says something at its start, and Ray warns."""
    aside = 'loading site hooks\n[1]\n5\n{"level": "warning"}\n'
    start(side, beats, programs(tmp_path, aside + joined(["127.0.0.1", "127.0.0.2"])))
    until((side.folder() / "ready.json").exists, "both have joined")


def test_why_nobody_can_ask_is_told(side: Side, beats: Json, tmp_path: Path) -> None:
    path = programs(tmp_path, "")
    (tmp_path / "python3").write_text("#!/bin/sh\necho 'Fatal Python error: no codec' >&2\nexit 1\n")
    start(side, beats, path)
    until(lambda: looked(side).get("problem", "").endswith("status 1: Fatal Python error: no codec"), "told")


def test_who_asks_and_hangs_is_missed(beats: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told before may be true no more."""
    monkeypatch.setattr(members, "TIMEOUT", 1.0)
    path = programs(tmp_path, "")
    (tmp_path / "python3").write_text(f"#!/bin/sh\necho '{joined(['127.0.0.1'])}'\nexec sleep 600\n")
    crowd = members.Crowd({"attempt": "a1", "beats": beats, "env": {"PATH": path}, "bin": ""})
    try:
        assert [each["address"] for each in crowd.news(9.0)["joined"]] == ["127.0.0.1"]
        assert crowd.news(2.0) == {
            "joined": [],
            "problem": "no word of who has joined: no answer within 1 s",
        }
    finally:
        crowd.close()
    assert crowd.asking is None


def test_a_python_without_ray_says_so(side: Side, beats: Json, tmp_path: Path) -> None:
    start(side, beats, f"{tmp_path}:/usr/bin:/bin")  # no ray beside it: the first that there is
    until(lambda: "No module named 'ray'" in looked(side).get("problem", ""), "it is told")


def test_nobody_is_asked_before_the_head_listens(side: Side, beats: Json, tmp_path: Path) -> None:
    start(side, {**beats, "port": 1}, programs(tmp_path, joined(["127.0.0.1"])))
    assert looked(side) == {"state": "not-yet", "joined": []}
