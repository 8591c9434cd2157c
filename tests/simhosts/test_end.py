"""Nothing of a testbed is left behind, however its test run ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.simhosts.fixture import skip_unless_able
from tests.simhosts.hosts import SIMHOSTS, Setup, booted, run, sweep

pytestmark = pytest.mark.simhosts
ROOT = Path(__file__).resolve().parents[2]
NETNS = Path("/run/netns")


@pytest.fixture(autouse=True)
def _able() -> None:
    skip_unless_able("none")


def left(name: str) -> list[str]:
    """Return what can be seen of a testbed on this machine."""
    places = [Path("/var/lib/simhosts") / name, *NETNS.glob(f"{name}-*")]
    cgroups = [str(path) for path in Path("/sys/fs/cgroup").rglob(name)]
    mounts = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    seen = [str(place) for place in places if place.exists()]
    return seen + cgroups + [line for line in mounts if name in line]


def gone(name: str) -> bool:
    """Wait for a testbed to vanish: the sweep of another test run may be at it."""
    deadline = time.monotonic() + 30
    while left(name) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left(name)


def processes(networks: set[int]) -> Iterator[str]:
    """Yield what runs in these network namespaces; a zombie is in none."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "ns/net").stat().st_ino in networks:
                yield (place / "cmdline").read_text("utf-8").replace("\0", " ")
        except OSError:  # it has gone, or is not ours to look into
            continue


def test_down_leaves_nothing() -> None:
    ssh_folder = Path("/root/.ssh").exists()
    with booted(Setup(hosts=2)) as bed:
        # Both outlive what started them: a program in a host, and the master of shared connections.
        bed.exec(1, ["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 &"])
        master = 'exec ssh -fN -M -S "$XDG_RUNTIME_DIR/master" -o ControlPersist=yes spark2'
        bed.control(["sh", "-c", f"{master} >/dev/null 2>&1"])
        networks = {path.stat().st_ino for path in NETNS.glob(f"{bed.name}-*")}
        assert len(networks) == 3
        running = " ".join(processes(networks))
        assert "sleep 1000" in running
        assert "/master" in running
        assert len(left(bed.name)) > 3
    assert left(bed.name) == []
    assert list(processes(networks)) == []
    # the folder goes with the last testbed, which may be another run's
    assert Path("/root/.ssh").exists() == ssh_folder or any(Path("/var/lib").glob("simhosts/t*"))
    bed.down()  # again, which is no error


def test_sweep_takes_what_a_dead_owner_left() -> None:
    with subprocess.Popen(["sleep", "1000"]) as owner:
        try:
            name = f"t{owner.pid:x}sweep"[:10]
            up = ["env", f"SIMHOSTS_NAME={name}", str(SIMHOSTS), "up", "1", "--engine", "none"]
            run([*up, "--owner", str(owner.pid)])
            sweep()
            assert left(name) != []  # its owner lives
        finally:
            owner.kill()
    sweep()
    assert gone(name)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_test_run_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os, pathlib\n"
        "def test_it(simhosts):\n"
        f"    pathlib.Path({str(tmp_path / 'name')!r}).write_text(simhosts.name)\n"
        f"    os.kill(os.getpid(), {int(end)})\n"
        "    import time; time.sleep(100)\n",
        encoding="utf-8",
    )
    # A shell that starts us in the background has us ignore Ctrl-C; that is not what is tested.
    python = ["env", "--default-signal=INT", sys.executable]
    pytest_ = [*python, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    plugin = ["-p", "tests.simhosts.fixture", str(tmp_path / "test_it.py")]
    run([*pytest_, *plugin], cwd=ROOT, check=False)
    name = (tmp_path / "name").read_text(encoding="utf-8")
    if end == signal.SIGKILL:
        assert left(name) != []  # else the sweep proves nothing
        sweep()
    assert gone(name)


def test_a_command_that_takes_too_long_is_ended_in_the_host() -> None:
    with booted(Setup(hosts=1)) as bed:
        with pytest.raises(subprocess.TimeoutExpired):
            bed.exec(1, ["sh", "-c", "sleep 999; true"], timeout=1)
        deadline = time.monotonic() + 10
        while not bed.exec(1, ["pgrep", "-fx", "sleep 999"], check=False).returncode:
            assert time.monotonic() < deadline, "still running"


def test_what_a_machine_lacks_is_said() -> None:
    done = run(["unshare", "--user", str(SIMHOSTS), "check", "--engine", "none"], check=False)
    assert (done.returncode, done.stderr) == (1, "this needs root\n")
