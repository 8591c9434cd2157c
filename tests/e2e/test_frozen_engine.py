"""A Docker daemon that hangs: who waits is told so in seconds, and what it has begun ends by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.docked import Docked
from tests.waiting import until

pytestmark = pytest.mark.e2e


@contextmanager
def frozen(dock: Docked) -> Iterator[None]:
    """Hold the daemon for the time of a `with`."""
    dock.there("pkill", "-STOP", "-x", "dockerd")
    try:
        yield
    finally:
        dock.there("pkill", "-CONT", "-x", "dockerd")


def within(seconds: float, begun: float) -> bool:
    """Say whether so little time has gone by."""
    return time.monotonic() - begun < seconds


def test_a_launch_runs_on_is_seen_and_stops_past_it(dock: Docked) -> None:
    chatty = ("sh", "-c", "while :; do seq 2000; sleep 0.2; done")
    assert dock.run("launch", "-d", "--name", "aa", "--", *chatty).status == 0
    with frozen(dock):
        log = len(dock.run("logs", "aa").out)
        until(lambda: len(dock.run("logs", "aa").out) > log + 500_000, "nothing holds its output up")
        begun = time.monotonic()
        seen = dock.run("status")
        assert "docker does not answer, or knows no container of aa" in seen.err
        assert "running" in seen.out
        assert within(20, begun)
        done = dock.run("stop", "aa")
        assert done.status == 1
        assert "aa has ended, its container is still there: docker does not answer" in done.err
        assert "its container has the label sparkup.attempt=" in done.err
        assert within(60, begun)
        assert dock.row("aa")["phase"] == "ended"
        assert not dock.there("pgrep", "-f", "[s]eq 2000", check=False)
    assert dock.run("stop", "aa").status == 0
    dock.nothing_is_left()


def test_a_start_is_refused(dock: Docked) -> None:
    with frozen(dock):
        done = dock.run("launch", "-d", "--engine", "docker", "--name", "aa", "--", "sleep", "600")
    assert done.status == 5, done
    assert "no-engine" in done.err
    dock.nothing_is_left()


WRAPPER = "/usr/local/sbin/docker"
# The daemon hangs when it is to make the container, or when it has made it and is to start it.
FREEZES = {
    "create": "pkill -STOP -x dockerd",
    "start": "id=$(/usr/bin/docker create $*); pkill -STOP -x dockerd; exec /usr/bin/docker start $id",
}


@pytest.mark.parametrize("moment", ["create", "start"])
def test_a_start_that_is_broken_off(dock: Docked, moment: str) -> None:
    script = f"""#!/bin/sh
if [ "$1" = run ]; then shift 2; touch /tmp/asked; {FREEZES[moment]}; set -- run --detach "$@"; fi
exec /usr/bin/docker "$@"
"""
    dock.there("sh", "-c", f"cat > {WRAPPER}; chmod +x {WRAPPER}", given=script)
    try:
        with dock.running("launch", "--name", "aa", *dock.serve()) as command:
            until(lambda: bool(dock.there("ls", "/tmp/asked", check=False)), "the engine is asked")
            begun = time.monotonic()
            command.signal()
            done = command.done()
        assert done.status == 130, done
        assert within(75, begun)
        assert "not-undone" in done.err
        assert "its container has the label sparkup.attempt=" in done.err
        assert dock.row("aa")["phase"] == "lost"
    finally:
        dock.there("pkill", "-CONT", "-x", "dockerd")
        dock.there("rm", "-f", WRAPPER, "/tmp/asked")
    until(lambda: "aa running" not in dock.containers(), "what came up late has ended")
    assert dock.names() == ["aa"]
    assert dock.run("stop", "aa").status == 0
    dock.nothing_is_left()


# The engine takes its time to make the container: whoever asked for that is gone by then.
LATE = """#!/bin/sh
if [ "$1" = run ]; then
  setsid sh -c 'touch /tmp/asked; until [ -e /tmp/go ]; do sleep 0.1; done
    /usr/bin/docker "$@" 2>/tmp/said; touch /tmp/carried-out' sh "$@" >/dev/null 2>&1 &
  wait
fi
exec /usr/bin/docker "$@"
"""


def test_a_container_made_when_its_launch_was_put_away_makes_no_folder(dock: Docked) -> None:
    dock.there("sh", "-c", f"cat > {WRAPPER}; chmod +x {WRAPPER}", given=LATE)
    try:
        with dock.running("launch", "--name", "aa", *dock.serve()) as command:
            until(lambda: bool(dock.there("ls", "/tmp/asked", check=False)), "the engine is asked")
            command.signal()
            assert command.done().status == 130
        assert dock.names() == []
        dock.there("touch", "/tmp/go")
        until(lambda: bool(dock.there("ls", "/tmp/carried-out", check=False)), "the engine has come to it")
        assert "bind source path does not exist" in dock.there("cat", "/tmp/said")
    finally:
        dock.there("sh", "-c", f"touch /tmp/go; rm -f {WRAPPER}")
        dock.there("sh", "-c", "rm -f /tmp/asked /tmp/go /tmp/said /tmp/carried-out")
    dock.nothing_is_left()
