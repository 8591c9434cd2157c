"""Whoever is root in a container without privileges chooses nothing of what is done on its host."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.docked import STATE, Docked
from tests.waiting import until

from sparkup.domain.container import STATE as INSIDE

pytestmark = pytest.mark.e2e
LIMITS = ("--non-privileged", "--mem-limit-gb", "2", "--shm-size-gb", "1")
FOLDER = f"{STATE}/launches/aa"
TREASURE = "/root/treasure"
# Tells of each way that has worked to put something else where the host looks.
ATTACK = """cd $1
for file in spec.json rank.json; do
    echo '{"engine": "host", "pid": 1}' 2>/dev/null >new
    (cp new $file || cat new >$file) 2>/dev/null && echo written: $file
    mv -f new $file 2>/dev/null && echo moved: $file
    rm -f $file 2>/dev/null && echo removed: $file
    umount $file 2>/dev/null && echo unmounted: $file
    mount -o remount,rw $file 2>/dev/null && echo made writable: $file
    chmod 666 $file 2>/dev/null && echo given away: $file
done
mv $1 $1.old 2>/dev/null && echo moved: the folder
for file in inside.json exit.json; do echo "$2" >$file; done
for file in log log.index log.1 ready.json look.json peers.json; do rm -f $file; ln -s $3 $file; done
ls -l . >/dev/null
"""


def attack(user: Docked, victim: int) -> str:
    """Do in a running container what is worst for its host; return which of it has worked."""
    told = {"pid": victim, "pid_start": 1, "child": victim, "left": [victim], "status": 0, "asked": True}
    words = ("sh", "-c", ATTACK, "sh", f"{INSIDE}/launches/aa", json.dumps(told), TREASURE)
    done = user.run("exec", "aa", "--", *words)
    assert done.status == 0, done
    return done.out


@contextmanager
def victim(user: Docked) -> Iterator[int]:
    """Run something on the host that is nobody's business; its pid there."""
    assert user.bed is not None
    with subprocess.Popen(user.bed.argv(1, ["sleep", "599"])) as process:
        try:
            until(lambda: bool(user.there("pgrep", "-xf", "sleep 599", check=False)), "it runs")
            yield int(user.there("pgrep", "-xf", "sleep 599").split()[-1])
        finally:
            user.there("pkill", "-xf", "sleep 599", check=False)
            process.wait()


def test_what_it_writes_in_its_folder(contained: Docked) -> None:
    user = contained
    user.there("sh", "-c", f"echo do-not-tell >{TREASURE}")
    assert user.run("launch", "-d", "--name", "aa", *LIMITS, "--", "sleep", "600").status == 0
    before = [user.there("cat", f"{FOLDER}/{file}") for file in ("spec.json", "rank.json")]
    assert json.loads(before[1])["container"]
    with victim(user) as pid:
        assert attack(user, pid) == ""
        assert [user.there("cat", f"{FOLDER}/{file}") for file in ("spec.json", "rank.json")] == before
        for words in (("logs", "aa"), ("logs", "aa", "--tail", "3"), ("status",), ("status", "--json")):
            done = user.run(*words)
            assert "do-not-tell" not in done.out + done.err
        assert user.row("aa")["phase"] == "running"
        done = user.run("exec", "aa", "--", "cat", "/proc/1/cmdline")
        assert "inside\0aa" in done.out
        assert user.run("stop", "aa").status == 0
        assert user.there("ps", "-o", "pid=", "-p", str(pid)).strip() == str(pid)
    user.nothing_is_left()
    assert user.run("launch", "--name", "aa", "--", "true").status == 0


# The daemon dies when it has made the container and is to start it, or as soon as there is one.
DYING = """#!/bin/sh
if [ "$1" = run ]; then
  if [ MOMENT = between ]; then shift 2; id=$(/usr/bin/docker create "$@"); set -- start $id
    pkill -9 -x dockerd
  else
    (until [ -n "$(/usr/bin/docker ps -aq)" ]; do :; done; pkill -9 -x dockerd) >/dev/null 2>&1 &
  fi
fi
exec /usr/bin/docker "$@"
"""
WRAPPER = "/usr/local/sbin/docker"


@pytest.mark.parametrize("moment", ["between", "during"])
def test_an_engine_that_dies_in_the_middle_of_a_start(dock: Docked, moment: str) -> None:
    script = DYING.replace("MOMENT", moment)
    dock.there("sh", "-c", f"cat >{WRAPPER}; chmod +x {WRAPPER}", given=script)
    try:
        done = dock.run("launch", "-d", "--engine", "docker", "--name", "aa", "--", "sleep", "600")
        assert done.status == 1, done
        assert "no-engine" in done.err, done
        assert "not-undone" in done.err, done
        assert "its container has the label sparkup.attempt=" in done.err
        assert dock.names() == ["aa"]
    finally:
        dock.there("rm", "-f", WRAPPER)
        dock.there("sh", "-c", "rm -f /run/docker.pid; systemctl restart docker", check=False)
        until(
            lambda: bool(dock.there("docker", "info", "-f", "{{.ID}}", check=False).strip()), "it is back", 60
        )
    assert dock.run("stop", "aa").status == 0
    dock.nothing_is_left()
