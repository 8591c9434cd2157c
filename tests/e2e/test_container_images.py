"""Images of all kinds, rights and limits: what a command is given in its container."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked import Docked, docked
from tests.waiting import until

pytestmark = pytest.mark.e2e
USER_IMAGE = """FROM base:1
RUN groupadd -g 3001 extra && groupadd -g 3002 other
RUN useradd -m -u 2001 -G extra,other somebody
USER somebody
WORKDIR /home/somebody
"""
WHO = "id -u; id -g; id -G; echo $HOME; pwd; grep -E 'Cap(Eff|Prm|Inh|Amb)' /proc/self/status; umask"


def built(dock: Docked, tag: str, text: str) -> str:
    """Build an image of a Dockerfile on the host."""
    dock.there("docker", "build", "-q", "-t", tag, "-", given=text)
    return tag


def said(dock: Docked, *words: str) -> str:
    """Return what an attached launch prints."""
    done = dock.run("launch", *words)
    assert done.status == 0, done
    return done.out


def test_an_image_whose_user_is_not_root(dock: Docked) -> None:
    """What the engine itself would give, the command gets: rights, groups, home, folder, capabilities."""
    image = built(dock, "user:1", USER_IMAGE)
    dock.there("sh", "-c", "mkdir -p /root/out; chmod 777 /root/out")
    expected = dock.there("docker", "run", "--rm", "--privileged", image, "sh", "-c", WHO)
    command = ("--", "sh", "-c", f"{WHO}; touch /out/file")
    assert said(dock, "-t", image, "-v", "/root/out:/out", *command) == expected
    assert expected.startswith("2001\n2001\n2001 3001 3002\n/home/somebody\n/home/somebody\n")
    assert dock.there("stat", "-c", "%u:%g", "/root/out/file") == "2001:2001\n"
    dock.nothing_is_left()


@pytest.mark.parametrize("user", ["2001", "2001:3001", "somebody:other", "4242", "4242:4243"])
def test_users_in_all_forms(dock: Docked, user: str) -> None:
    image = built(dock, "form:1", f"{USER_IMAGE}USER {user}\n")
    expected = dock.there("docker", "run", "--rm", image, "sh", "-c", "id -u; id -g; id -G; echo $HOME")
    assert said(dock, "-t", image, "--", "sh", "-c", "id -u; id -g; id -G; echo $HOME") == expected


def test_exec_has_the_rights_of_the_command(dock: Docked) -> None:
    image = built(dock, "user:1", USER_IMAGE)
    assert dock.run("launch", "-d", "-t", image, "--", "sleep", "600").status == 0
    done = dock.run("exec", "--", "sh", "-c", "id -u; pwd; echo $HOME; exit 9")
    assert (done.status, done.out) == (9, "2001\n/home/somebody\n/home/somebody\n"), done
    with dock.at_terminal("exec", "--", "sh", "-c", "tty; exit 3") as terminal:
        terminal.expect("/dev/pts/")
        assert terminal.status() == 3
    assert dock.run("stop").status == 0


def test_an_image_that_says_where_the_home_is(dock: Docked) -> None:
    image = built(dock, "home:1", f"{USER_IMAGE}ENV HOME=/tmp\n")
    assert said(dock, "-t", image, "--", "sh", "-c", "echo $HOME") == "/tmp\n"


def test_an_image_with_an_entrypoint(dock: Docked) -> None:
    image = built(dock, "entry:1", 'FROM base:1\nENTRYPOINT ["echo", "entry"]\n')
    assert said(dock, "-t", image, "--", "echo", "a b") == "a b\n"
    assert said(dock, "-t", image, "--keep-entrypoint", "--", "x", "a b") == "entry x a b\n"


FOREIGN = """
import hashlib, io, json, tarfile
layer = io.BytesIO()
tarfile.open(fileobj=layer, mode="w").close()
digest = "sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()
rootfs = {"type": "layers", "diff_ids": [digest]}
config = {"architecture": "arm64", "os": "linux", "config": {}, "rootfs": rootfs}
manifest = [{"Config": "config.json", "RepoTags": ["arm:1"], "Layers": ["layer.tar"]}]
parts = {"layer.tar": layer.getvalue()}
parts["config.json"] = json.dumps(config).encode()
parts["manifest.json"] = json.dumps(manifest).encode()
with tarfile.open("/root/arm.tar", "w") as image:
    for name, data in parts.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        image.addfile(info, io.BytesIO(data))
"""


def test_an_image_of_another_architecture(dock: Docked) -> None:
    dock.there("python3", "-", given=FOREIGN)
    dock.there("docker", "load", "-i", "/root/arm.tar")
    done = dock.run("launch", "-t", "arm:1", "--", "true")
    assert done.status in (2, 5), done
    assert "arm:1 is for linux/arm64, this machine is amd64" in done.err
    dock.nothing_is_left()


@pytest.fixture
def bare(dock: Docked) -> Docked:
    """Somebody with an image that has a shell and nothing else."""
    busybox = Path("/usr/bin/busybox")
    if (
        not busybox.exists()
        or "dynamic"
        not in subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False).stderr
    ):
        pytest.skip("there is no static busybox here")
    script = (
        "rm -rf /root/bare; mkdir -p /root/bare/bin; cat > /root/bare/bin/busybox; cd /root/bare;"
        "chmod +x bin/busybox; for each in sh echo sleep nc httpd id; do ln -s busybox bin/$each; done;"
        "tar -c . | docker import - bare:1"
    )
    dock.there("true")
    assert dock.bed is not None
    with busybox.open("rb") as file:
        subprocess.run(dock.bed.argv(1, ["sh", "-c", script]), stdin=file, check=True, capture_output=True)
    return dock


NOTE = "no python3 is on the PATH"


def test_an_image_without_python(bare: Docked) -> None:
    done = bare.run("launch", "-t", "bare:1", "--", "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (done.status, sorted(done.out.split())) == (5, ["err", "out"]), done
    assert NOTE in done.err
    bare.nothing_is_left()
    assert sorted(bare.run("logs", "vllm_node").out.split()) == ["err", "out"]


def test_a_server_without_python(bare: Docked) -> None:
    serve = ("--", "sh", "-c", "echo up; mkdir /w; exec httpd -f -p 127.0.0.1:8123 -h /")
    done = bare.run("launch", "-t", "bare:1", "--no-follow", "--ready", "port:8123", *serve)
    assert done.status == 0, done
    assert bare.row()["phase"] == "ready"
    assert "up" in bare.run("logs").out
    assert bare.there("docker", "logs", "vllm_node") == bare.run("logs").out
    done = bare.run("exec", "--", "sh", "-c", "echo in; exit 4")
    assert (done.status, done.out) == (4, "in\n")
    assert bare.run("stop").status == 0
    bare.nothing_is_left()


LOOP = ("--", "sh", "-c", "while :; do sleep 1; done")


def test_a_shell_without_python_hears_signals(bare: Docked) -> None:
    """It would not as the first process of its container, which the engine's init is instead."""
    done = bare.run("launch", "-d", "-t", "bare:1", *LOOP)
    assert done.status == 0, done
    assert bare.json("stop")["launches"][0]["seconds"] < 15
    bare.nothing_is_left()


def test_a_shell_that_is_an_images_own_entrypoint_hears_none(bare: Docked) -> None:
    image = built(bare, "entry:2", 'FROM bare:1\nENTRYPOINT ["sh"]\n')
    done = bare.run("launch", "-d", "-t", image, "--keep-entrypoint", "--", *LOOP[2:])
    assert done.status == 0, done
    assert 15 < bare.json("stop")["launches"][0]["seconds"] < 60
    bare.nothing_is_left()


def test_one_without_python_is_ended_by_a_restart(bare: Docked) -> None:
    """It would run unwatched."""
    assert bare.run("launch", "-d", "-t", "bare:1", *LOOP).status == 0
    bare.there("docker", "restart", "vllm_node", check=False)
    until(lambda: bare.containers() == [], "it is gone")
    assert bare.row()["phase"] == "failed"
    assert bare.run("launch", "-d", "-t", "bare:1", *LOOP).status == 0
    until(lambda: bare.containers() == ["vllm_node running"], "the engine has started it")
    assert bare.run("stop").status == 0
    bare.nothing_is_left()


def test_one_without_python_that_is_started_again_is_kept_until_it_is_stopped(bare: Docked) -> None:
    """Of one whose supervisor was lost as well the container is still there."""
    assert bare.run("launch", "-d", "-t", "bare:1", *LOOP).status == 0
    bare.there("pkill", "-9", "-f", "node-.*[p]yz start")
    until(lambda: bare.row()["phase"] == "lost", "nobody looks after it")
    bare.there("docker", "stop", "--time", "1", "vllm_node")
    bare.there("docker", "start", "vllm_node")
    done = bare.run("launch", "-d", "-t", "bare:1", "--name", "vllm_node", *LOOP)
    assert (done.status, "sparkup stop vllm_node" in done.err) == (5, True), done
    assert bare.containers() == ["vllm_node running"]
    assert bare.run("stop").status == 0
    bare.nothing_is_left()


def test_ctrl_c_without_python(bare: Docked) -> None:
    with bare.running("launch", "-t", "bare:1", "--", "sh", "-c", "echo up; exec sleep 600") as command:
        command.expect("up")
        command.signal()
        assert command.done().status == 130
    bare.nothing_is_left()


def test_a_program_that_is_not_in_the_image(dock: Docked) -> None:
    done = dock.run("launch", "--", "no-such-program", "--flag")
    assert done.status == 2, done
    assert "no-such-program" in done.err
    dock.nothing_is_left()


def test_a_program_that_is_not_in_a_bare_image(bare: Docked) -> None:
    done = bare.run("launch", "-t", "bare:1", "--", "no-such-program", "--flag")
    assert done.status != 0, done
    assert "no-such-program" in done.err + done.out
    bare.nothing_is_left()


def test_memory_that_runs_out(dock: Docked) -> None:
    """In a container of its own limit, the kernel ends what takes most."""
    code = "x = [bytearray(b'x') * (1 << 20) for _ in range(1500)]; print('not reached')"
    limits = ("--non-privileged", "--mem-limit-gb", "1", "--mem-swap-limit-gb", "1")
    done = dock.run("launch", *limits, "--", "python3", "-c", code)
    assert (done.status, done.out) == (137, ""), done
    dock.nothing_is_left()


def test_a_server_without_privileges(dock: Docked) -> None:
    dock.launched("--non-privileged", "--mem-limit-gb", "2", "--shm-size-gb", "1")
    shown = dock.there("docker", "inspect", "-f", "{{.HostConfig.Privileged}}", "vllm_node")
    assert shown == "false\n"
    assert dock.row()["phase"] == "ready"
    assert dock.run("stop").status == 0
    dock.nothing_is_left()


@pytest.fixture
def spark(dock: Docked, tmp_path: Path) -> Iterator[Docked]:
    """A user of the host who is not root, and may use docker."""
    assert dock.bed is not None
    state = "/home/spark/.local/state/sparkup"
    with docked(dock.bed, tmp_path / "spark", "spark@spark1", state) as user:
        yield user


def test_a_user_who_is_not_root(spark: Docked) -> None:
    spark.launched()
    row = spark.row()
    assert (row["phase"], row["log"]) == ("ready", f"{spark.state_there}/launches/vllm_node/log")
    assert set(spark.there("find", spark.state_there, "-printf", "%u\n").split()) == {"spark"}
    assert "Application startup complete" in spark.run("logs").out
    assert spark.run("exec", "--", "true").status == 0
    report = spark.json("stop")["launches"][0]
    assert report["processes"] >= 3
    spark.nothing_is_left()
    assert "Application startup complete" in spark.run("logs", "vllm_node").out
    assert set(spark.there("find", spark.state_there, "-printf", "%u\n").split()) == {"spark"}


def test_a_user_who_may_not_use_docker(spark: Docked) -> None:
    spark.there("gpasswd", "-d", "spark", "docker")
    spark.there("sh", "-c", "pkill -u spark sshd || true")
    try:
        done = spark.run("launch", "--", "true")
        assert done.status == 5, done
        assert "spark may not use docker" in done.err
    finally:
        spark.there("gpasswd", "-a", "spark", "docker")
    spark.nothing_is_left()


def test_what_root_launched_a_user_is_only_told_of(dock: Docked, spark: Docked) -> None:
    dock.launched()
    row = spark.row()
    assert (row["phase"], row["owner"], row["argv"]) == ("hidden", 0, [])
    done = spark.run("stop", "vllm_node")
    assert done.status == 5, done
    assert "belongs to another user (uid 0)" in done.err
    assert dock.row()["phase"] == "ready"
    assert dock.run("stop").status == 0


def test_a_full_disk(dock: Docked) -> None:
    state = dock.state_there
    dock.there("mkdir", "-p", f"{state}/launches")
    assert dock.run("launch", "--", "true").status == 0  # the program is there
    dock.there("mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", f"{state}/launches")
    try:
        dock.there("sh", "-c", f"cat /dev/zero > {state}/launches/.filled", check=False)
        done = dock.run("launch", "--", "true")
        assert done.status == 1, done
        assert "No space left" in done.err
        assert "Traceback" not in done.err
        assert dock.containers() == []
    finally:
        dock.there("umount", "-l", f"{state}/launches")
