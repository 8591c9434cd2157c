"""`watch`: a launch as JSON lines, until it ends or whoever listens hangs up; the judge behind its looks."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import processes
from tests.node.servers import Reply, engine, json_reply, serving
from tests.node.side import Json, Side
from tests.waiting import LONG, until

PYTHON = sys.executable
SLEEP = ("sleep", "600")
COMPLETED = json_reply({"choices": [{"text": "1"}]})


def records(process: subprocess.Popen[bytes]) -> Iterator[Json]:
    """Yield what a watch says, to its end."""
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def first(found: Iterator[Json], name: str) -> Json:
    """Return the first record of a kind."""
    return next(record for record in found if name in record)


def whole(side: Side, attempt: str = "") -> list[Json]:
    """Return all that a watch says of a launch that ends by itself."""
    with side.running(side.on("watch", "a", "--attempt", attempt)) as process:
        return list(records(process))


def lines(found: list[Json]) -> list[str]:
    """Return the log lines of a watch."""
    return [line for record in found for line in record.get("log", [])]


def test_the_log_and_the_end(side: Side) -> None:
    side.started(["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done; exit 5"])
    found = whole(side)
    assert lines(found) == ["1", "2", "3"]
    assert found[-1]["exit"]["status"] == 5
    assert [record for record in found if "look" in record] == [{"look": {"state": "ready"}}]


def test_what_was_printed_before_comes_first(side: Side) -> None:
    side.started(["sh", "-c", "echo before; sleep 600"])
    side.printed("before")
    with side.running(side.on("watch", "a")) as process:
        assert first(records(process), "log")["log"] == ["before"]


def test_a_bar_of_progress_is_lines(side: Side) -> None:
    code = (
        "import sys, time\n"
        "for part in ('  0%\\r', ' 50%\\r', '100%\\r\\n', 'crlf\\r', '\\n', '\\n', 'last without end'):\n"
        "  sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.15)"
    )
    side.started([PYTHON, "-c", code])
    found = whole(side)
    assert lines(found) == ["  0%", " 50%", "100%", "crlf", "last without end"]


def test_many_lines_come_in_batches(side: Side) -> None:
    side.started(["seq", "20000"])
    side.ended()
    found = whole(side)
    assert lines(found) == [str(number) for number in range(1, 20001)]
    assert max(len(record["log"]) for record in found if "log" in record) <= 500


def test_a_log_that_turns_over_is_followed(side: Side, tmp_path: Path) -> None:
    script = 'seq 3000; while ! [ -e "$0" ]; do sleep 0.02; done; seq 3001 5000'
    side.started(["sh", "-c", script, str(tmp_path / "go")], log_limit=13_000)
    with side.running(side.on("watch", "a")) as process:
        found = records(process)
        shown: list[str] = []
        while len(shown) < 3000:
            shown += first(found, "log")["log"]
        (tmp_path / "go").touch()
        assert shown + lines(list(found)) == [str(number) for number in range(1, 5001)]
    assert (side.folder() / "log.1").exists()


def test_bytes_that_are_no_text(side: Side) -> None:
    side.started([PYTHON, "-c", "import sys; sys.stdout.buffer.write(b'a \\xff b\\n\\xe2\\x80\\n')"])
    assert lines(whole(side)) == ["a \ufffd b", "\ufffd"]


def test_hanging_up_ends_it_within_a_second(side: Side) -> None:
    rank = side.started(["sh", "-c", "while :; do echo line; sleep 0.01; done"])
    with side.running(side.on("watch", "a")) as process:
        first(records(process), "log")
        assert process.stdin is not None
        process.stdin.close()
        begun = time.monotonic()
        for _ in records(process):
            pass
        assert process.wait(LONG) == 0
        assert time.monotonic() - begun < 1 + 1  # the second one for a loaded machine
    assert processes.lives(rank["child"])


def test_hanging_up_during_a_request_ends_it_too(side: Side) -> None:
    with serving(engine(v1_completions=Reply(hangs=True))) as served:
        side.started(SLEEP, ready="server", url=served.url)
        with side.running(side.on("watch", "a")) as process:
            until(lambda: served.asked[2:], "a canary is on its way")
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(2) == 0


def test_a_reader_that_goes_away_ends_it(side: Side) -> None:
    side.started(["sh", "-c", "while :; do echo line; sleep 0.01; done"])
    with side.running(side.on("watch", "a")) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(LONG)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_another_attempt_is_over(side: Side) -> None:
    side.started(SLEEP)
    assert whole(side, "another") == [{"exit": None}]


def test_a_lost_supervisor_is_an_end_without_a_record(side: Side) -> None:
    rank = side.started(SLEEP)
    with side.running(side.on("watch", "a")) as process:
        found = records(process)
        first(found, "look")
        os.kill(rank["pid"], signal.SIGKILL)
        assert list(found)[-1]["exit"] is None


def test_a_supervisor_that_still_ends_the_rest_is_waited_for(side: Side) -> None:
    """The first process may be gone while the last lines of others still come."""
    side.started(["sh", "-c", "(trap 'echo last; exit' TERM; while :; do sleep 0.05; done) & sleep 0.3"])
    found = whole(side)
    assert lines(found)[-1] == "last"
    assert found[-1]["exit"]["status"] == 0


def looks(side: Side, count: int) -> list[Json]:
    """Return the first looks at the readiness of a launch."""
    with side.running(side.on("watch", "a")) as process:
        found = records(process)
        return [first(found, "look")["look"] for _ in range(count)]


def looked(side: Side) -> Json:
    """Wait for the first look of the judge of a launch."""

    def look() -> Json:
        with contextlib.suppress(OSError, ValueError):  # it is not there, or it is empty
            return side.read("look.json")
        return {}

    return until(look, "the judge has looked")


def test_ready_by_port(side: Side) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        side.started(SLEEP, ready="port", ready_target=str(server.getsockname()[1]))
        with side.running(side.on("watch", "a")) as process:
            found = records(process)
            assert first(found, "look")["look"] == {"state": "not-yet"}
            server.listen()
            assert first(found, "look")["look"]["state"] == "ready"
            until((side.folder() / "ready.json").exists, "the verdict is kept")
    assert side.read("ready.json")["state"] == "ready"


def test_ready_by_http(side: Side) -> None:
    with serving({"/up": Reply(503)}) as served:
        side.started(SLEEP, ready="http", ready_target=f"{served.url}/up")
        with side.running(side.on("watch", "a")) as process:
            found = records(process)
            assert first(found, "look")["look"] == {"state": "not-yet"}
            served.routes["/up"] = Reply(204, b"")
            assert first(found, "look")["look"]["state"] == "ready"


def test_ready_by_a_real_answer(side: Side) -> None:
    with serving(engine()) as served:
        served.routes["/health"] = Reply(503)
        side.started(["sh", "-c", "echo up; sleep 600"], ready="server", url=served.url)
        side.printed("up")
        with side.running(side.on("watch", "a")) as process:
            found = records(process)
            assert first(found, "look")["look"] == {"state": "not-yet", "health": 503}
            served.routes["/v1/completions"] = json_reply({"error": {"message": "no engine"}}, 500)
            served.routes["/health"] = Reply(200, b"")
            refused = first(found, "look")["look"]
            assert (refused["state"], refused["health"], refused["refusals"]) == ("not-yet", 200, 1)
            assert "no engine" in refused["canary"]["problem"]
            served.routes["/v1/completions"] = COMPLETED
            ready = next(look for look in found if look.get("look", {}).get("state") == "ready")["look"]
        assert ready["canary"]["ok"] is True
        assert (ready["canary"]["task"], ready["canary"]["model"]) == ("generate", "tiny")
    until((side.folder() / "ready.json").exists, "the verdict is kept")
    kept = side.read("ready.json")
    assert (kept["state"], kept["offset"]) == ("ready", len("up\n"))
    assert kept["canary"] == ready["canary"]


def test_ready_at_once(side: Side) -> None:
    side.started(SLEEP)
    assert looks(side, 1) == [{"state": "ready"}]


@pytest.mark.parametrize(
    ("target", "verdict", "status"),
    [("open", "ready", 0), ("shut", "not-yet", 75)],
)
def test_one_look(side: Side, target: str, verdict: str, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if target == "open" else 1
        side.started(SLEEP, ready="port", ready_target=str(port))
        looked(side)
        answer = side.run(side.on("ready", "a"))
    assert (answer.status, answer.value["state"]) == (status, verdict)


def test_one_look_at_what_has_ended(side: Side) -> None:
    side.started(["sh", "-c", "exit 3"])
    side.ended()
    answer = side.run(side.on("ready", "a"))
    assert (answer.status, answer.value["state"], answer.value["exit"]["status"]) == (70, "ended", 3)
    assert side.run(side.on("ready", "nothing")).status == 70


def test_a_server_of_somebody_else_on_the_port_makes_nothing_ready(side: Side) -> None:
    """Asked with our key it might even answer well."""
    with serving(engine(v1_completions=COMPLETED)) as served:
        side.started(SLEEP, ready="server", url=served.url, port=served.port)
        assert looked(side) == {"state": "not-yet", "health": None}
        answer = side.run(side.on("ready", "a"))
        assert (answer.status, answer.value) == (75, {"state": "not-yet", "health": None})
        assert served.asked == []


def test_a_server_of_the_launch_itself_makes_it_ready(side: Side, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    (tmp_path / "health").write_text("well")
    program = (
        "import os, sys; os.chdir(sys.argv[1]); from http.server import test, SimpleHTTPRequestHandler as H;"
    )
    program += "test(H, port=int(sys.argv[2]), bind='127.0.0.1')"
    argv = (PYTHON, "-c", program, str(tmp_path), str(port))
    side.started(argv, ready="server", url=f"http://127.0.0.1:{port}", port=port)

    def healthy() -> bool:
        health: int | None = side.run(side.on("ready", "a")).value.get("health")
        return health == 200

    until(healthy, "the launch's own server to be asked")


def test_a_caller_that_knocks_renews_the_lease_and_one_that_is_silent_does_not(side: Side) -> None:
    side.started(SLEEP, lease=600.0)
    lease = side.folder() / "lease"
    with side.running(side.on("watch", "a")) as process:
        until(lease.exists, "it was renewed by the watch's beginning")
        first_time = lease.read_text()
        time.sleep(1)
        assert lease.read_text() == first_time
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        until(lambda: lease.read_text() not in ("", first_time), "it was renewed by the knock")
