"""gather.py: many questions to a host in one round trip; a fault in one costs no other its answer."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from tests.node.servers import Reply, serving
from tests.node.side import ONCE, Json
from tests.waiting import LONG, until

from sparkup.run.gather import LOADER
from sparkup.run.program import gatherer


def gather(python: str, requests: Json, **variables: str) -> Json:
    """Ask as we ask hosts: the program and then the questions on standard input."""
    program = gatherer()
    done = subprocess.run(
        [python, "-c", LOADER, str(len(program))],
        input=program + json.dumps({"requests": requests}).encode(),
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **variables},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    value: Json = json.loads(done.stdout)
    return value


def ask(python: str, kind: str, /, **body: object) -> Json:
    """Ask one question."""
    answer: Json = gather(python, {"it": {"kind": kind, **body}})["answers"]["it"]
    return answer


def test_all_answers_come_by_name(python: str) -> None:
    names = [f"request {number}\0part" for number in range(50)]
    told = gather(python, {name: {"kind": "run", "argv": ["echo", name[:-5]]} for name in names})
    assert list(told["answers"]) == names
    assert [told["answers"][name]["out"] for name in names] == [f"{name[:-5]}\n" for name in names]
    assert told["python"].startswith("3.")
    assert told["seconds"] > 0


def test_no_question_has_no_answer(python: str) -> None:
    assert gather(python, {})["answers"] == {}


def test_programs(python: str) -> None:
    answer = ask(python, "run", argv=["sh", "-c", "echo out; echo err >&2; cat; echo $LC_ALL; exit 3"])
    assert (answer["status"], answer["out"], answer["err"]) == (3, "out\nC\n", "err\n")
    assert "missing" not in answer
    assert "timeout" not in answer
    answer = ask(python, "run", argv=["printf", r"\377 \303\274"])
    assert answer["out"] == "\ufffd \u00fc"


def test_programs_that_cannot_be_run(python: str, tmp_path: Path) -> None:
    answer = ask(python, "run", argv=["no-such-program"])
    assert (answer["status"], answer["missing"]) == (None, True)
    (tmp_path / "file").touch(mode=0o644)
    answer = ask(python, "run", argv=[str(tmp_path / "file")])
    assert answer["status"] is None
    assert "PermissionError" in answer["error"]
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    answer = ask(python, "run", argv=[str(tmp_path / "text")])
    assert (answer["status"], answer["out"]) == (None, "")
    assert "Exec format error" in answer["error"]


def test_programs_that_take_too_long(python: str) -> None:
    begun = time.monotonic()
    told = gather(
        python,
        {
            "slow": {"kind": "run", "argv": ["sleep", "600"], "timeout": 0.3},
            "quick": {"kind": "run", "argv": ["echo", "done"]},
        },
    )["answers"]
    assert (told["slow"]["status"], told["slow"]["timeout"]) == (None, True)
    assert told["quick"]["out"] == "done\n"
    assert time.monotonic() - begun < 20


def test_a_program_is_fed_with_the_lines_that_another_prints(python: str) -> None:
    answer = ask(python, "fed", source=["printf", r"b\na b\n\nb\n"], argv=["printf", r"<%s>"])
    assert (answer["status"], answer["out"]) == (0, "<b><a b>")


@pytest.mark.parametrize(
    ("source", "status", "out"), [("true", 0, ""), ("echo x; exit 3", 3, "x\n"), ("exec no-such", 127, "")]
)
def test_a_program_is_not_run_without_something_to_feed_it(
    python: str, source: str, status: int, out: str
) -> None:
    answer = ask(python, "fed", source=["sh", "-c", source], argv=["echo", "ran"])
    assert (answer["status"], answer["out"]) == (status, out)


def test_nothing_is_fed_by_a_program_that_is_not_there(python: str) -> None:
    answer = ask(python, "fed", source=["no-such-program"], argv=["echo", "ran"])
    assert (answer["status"], answer["out"], answer["missing"]) == (None, "", True)


def test_questions_wait_on_others_side_by_side(python: str) -> None:
    told = gather(python, {str(n): {"kind": "run", "argv": ["sleep", "0.4"]} for n in range(8)})
    assert told["seconds"] < 8 * 0.4


def test_files(python: str, tmp_path: Path) -> None:
    for name, text in (("a", "first"), ("b", "second"), ("c", "0123456789")):
        (tmp_path / name).write_text(text)
    globs = [f"{tmp_path}/[ab]", f"{tmp_path}/a", f"{tmp_path}/none", f"{tmp_path}/none*"]
    answer = ask(python, "files", globs=globs, max_bytes=100)
    assert answer["files"] == {f"{tmp_path}/a": "first", f"{tmp_path}/b": "second"}
    assert list(answer["files"]) == [f"{tmp_path}/a", f"{tmp_path}/b"]


@pytest.mark.parametrize(("tail", "expected"), [(False, "0123"), (True, "6789")])
def test_parts_of_files(python: str, tmp_path: Path, tail: bool, expected: str) -> None:
    (tmp_path / "c").write_text("0123456789")
    path = f"{tmp_path}/c"
    assert ask(python, "files", globs=[path], max_bytes=4, tail=tail)["files"] == {path: expected}
    assert ask(python, "files", globs=[path], max_bytes=99, tail=tail)["files"] == {path: "0123456789"}


def test_only_the_lines_that_are_asked_for_travel(python: str, tmp_path: Path) -> None:
    path = str(tmp_path / "config.yaml")
    Path(path).write_text("port: 9\napi-key: hidden\nhost: a\n")
    answer = ask(python, "files", globs=[path], max_bytes=99, keep="(host|port)[ ]*:")
    assert answer["files"] == {path: "port: 9\nhost: a\n"}


def test_of_many_files_only_those_that_say_something(python: str, tmp_path: Path) -> None:
    """As the free entries of a table of addresses in sysfs, half of which cannot be read."""
    for name, text in (("1", "fe80::1\n"), ("2", "::\n"), ("3", "\n"), ("4", "fe80::4\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "5").symlink_to("/proc/self/mem")  # reading it is an error
    answer = ask(python, "files", globs=[f"{tmp_path}/*"], max_bytes=99, keep="(?!::$)", sparse=True)
    assert answer == {"files": {f"{tmp_path}/1": "fe80::1\n", f"{tmp_path}/4": "fe80::4\n"}, "owners": {}}
    everything = ask(python, "files", globs=[f"{tmp_path}/*"], max_bytes=99)
    assert f"!{tmp_path}/5" in everything["files"]


def test_the_end_of_a_file_of_the_kernel(python: str) -> None:
    """It has no size and cannot be sought in from its end."""
    answer = ask(python, "files", globs=["/proc/sys/kernel/ostype"], max_bytes=64, tail=True)
    assert answer["files"] == {"/proc/sys/kernel/ostype": "Linux\n"}


def test_files_that_cannot_be_read(python: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "text").write_text("text")
    answer = ask(python, "files", globs=[f"{tmp_path}/*"], max_bytes=100)
    assert answer["files"][f"{tmp_path}/text"] == "text"
    assert answer["files"][f"!{tmp_path}/folder"] == "Is a directory"
    assert f"{tmp_path}/loop" not in answer["files"]


def as_nobody(request: Json) -> Json:
    """Ask one question as another user than root."""
    system = shutil.which("python3", path="/usr/bin")  # one that any user may run
    if os.getuid() != 0 or system is None:
        pytest.skip("needs root, to be somebody else, and a Python in /usr/bin")
    program = gatherer()
    done = subprocess.run(
        [system, "-c", f"import os; os.setuid(65534); {LOADER}", str(len(program))],
        input=program + json.dumps({"requests": {"it": request}}).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    answer: Json = json.loads(done.stdout)["answers"]["it"]
    return answer


@ONCE
def test_what_only_root_is_to_run(python: str) -> None:
    asked = {"kind": "run", "argv": ["id", "-u"], "only_root": True}
    told = as_nobody(asked)
    assert (told["out"], told["missing"]) == ("", True)
    assert gather(python, {"it": asked})["answers"]["it"]["out"] == "0\n"


@ONCE
def test_files_of_others(python: str) -> None:
    """A user that may not look is told so, and gets the rest."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        for name, mode in (("secret", 0o600), ("open", 0o644)):
            (Path(folder) / name).write_text(name)
            (Path(folder) / name).chmod(mode)
        told = as_nobody({"kind": "files", "globs": [f"{folder}/*"], "max_bytes": 10})
    expected = {f"{folder}/open": "open", f"!{folder}/secret": "Permission denied"}
    assert told["files"] == expected
    assert told["owners"] == dict.fromkeys(expected, 0)


def test_pipes_and_devices_hold_nothing_up(python: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("text")
    answer = ask(python, "files", globs=[f"{tmp_path}/*", "/dev/zero"], max_bytes=100)
    assert answer["files"] == {f"{tmp_path}/text": "text"}


def test_links(python: str, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/no/such/target")
    (tmp_path / "b").touch()
    answer = ask(python, "links", globs=[f"{tmp_path}/*", "/no/such/*"])
    assert answer["links"] == {f"{tmp_path}/a": "/no/such/target"}
    (tmp_path / "c").symlink_to("socket:[7]")
    answer = ask(python, "links", globs=[f"{tmp_path}/*"], keep="socket:")
    assert answer["links"] == {f"{tmp_path}/c": "socket:[7]"}


def test_paths(python: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o755)
    os.mkfifo(tmp_path / "pipe")
    names = [f"$FOLDER/{name}" for name in ("file", "pipe", "new/er/folder", "file/below", "")]
    told = gather(python, {"it": {"kind": "paths", "paths": names}}, FOLDER=str(tmp_path))
    found = told["answers"]["it"]["paths"]
    assert [found[name]["kind"] for name in names] == ["file", "other", "", "", "folder"]
    assert [found[name]["executable"] for name in names] == [True, False, False, False, False]
    assert found[names[2]]["path"] == f"{tmp_path}/new/er/folder"
    assert found[names[2]]["writable"] is True  # its nearest parent is
    disk = os.statvfs(tmp_path)
    assert found[names[2]]["free"] == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.1)


def test_two_points_lead_to_where_whoever_stands_there_sees_them(python: str, tmp_path: Path) -> None:
    (tmp_path / "disk" / "ada").mkdir(parents=True)
    (tmp_path / "disk" / "model.yaml").write_text("port: 1\n")
    (tmp_path / "home").symlink_to(tmp_path / "disk" / "ada")
    home = str(tmp_path / "home")
    requests = {
        "paths": {"kind": "paths", "paths": ["~/../model.yaml", "~/..", "~/../no", "~"]},
        "files": {"kind": "files", "globs": ["~/../*.yaml"], "max_bytes": 99},
    }
    answers = gather(python, requests, HOME=home)["answers"]
    found = {name: (each["path"], each["kind"]) for name, each in answers["paths"]["paths"].items()}
    disk = f"{tmp_path}/disk"
    assert found == {
        "~/../model.yaml": (f"{disk}/model.yaml", "file"),
        "~/..": (disk, "folder"),
        "~/../no": (f"{disk}/no", ""),
        "~": (home, "folder"),
    }
    assert answers["files"]["files"] == {f"{disk}/model.yaml": "port: 1\n"}


def test_what_keeps_a_folder_from_being_made(python: str, tmp_path: Path) -> None:
    (tmp_path / "away").symlink_to("/no/such/disk")
    (tmp_path / "file").touch()
    (tmp_path / "whole").symlink_to(tmp_path)
    names = [f"{tmp_path}/{name}" for name in ("away", "away/x", "file", "file/x/y", "whole/new", "new", ".")]
    found = ask(python, "paths", paths=names)["paths"]
    told = [(each.get("blocked"), each.get("link")) for each in found.values()]
    away, file = (f"{tmp_path}/away", "/no/such/disk"), (f"{tmp_path}/file", "")
    assert told == [away, away, file, file, *3 * [(None, None)]]


def test_a_path_that_names_no_root_is_below_where_we_are(python: str) -> None:
    found = ask(python, "paths", paths=["no/such/folder"])["paths"]["no/such/folder"]
    disk = os.statvfs(".")
    assert found["kind"] == ""
    assert found["free"] == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.1)


@ONCE
def test_a_folder_that_was_removed_costs_no_answer(python: str) -> None:
    requests = {
        "paths": {"kind": "paths", "paths": [".", "new/folder"]},
        "env": {"kind": "env", "names": []},
        "which": {"kind": "which", "names": ["sh"], "first": []},
        "files": {"kind": "files", "globs": ["*", "name"], "max_bytes": 9},
        "run": {"kind": "run", "argv": ["true"]},
    }
    program = gatherer()
    gone = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"'
    with tempfile.TemporaryDirectory() as folder:
        argv = ["sh", "-c", gone, "sh", f"{folder}/gone", python, "-I", "-c", LOADER, str(len(program))]
        told = subprocess.run(
            argv, input=program + json.dumps({"requests": requests}).encode(), capture_output=True, check=True
        )
    answers = json.loads(told.stdout)["answers"]
    assert [name for name, answer in answers.items() if "error" in answer] == []
    assert answers["paths"]["paths"]["new/folder"]["kind"] == ""
    assert answers["run"]["status"] == 0


def test_environment(python: str) -> None:
    requests = {"it": {"kind": "env", "names": ["HOME", "A", "NONE"]}}
    answer = gather(python, requests, HOME="/home/x", A="a b")["answers"]["it"]
    assert answer["env"] == {"HOME": "/home/x", "A": "a b", "NONE": None}
    assert (answer["uid"], answer["machine"]) == (os.getuid(), os.uname().machine)
    assert answer["libc"][0].isdigit()


def test_programs_along_the_path(python: str, tmp_path: Path) -> None:
    (tmp_path / "sh").touch(mode=0o755)
    (tmp_path / "mine").touch(mode=0o644)
    answer = ask(python, "which", names=["sh", "mine", "no-such-program"], first=[])
    assert answer["which"]["sh"].endswith("/sh")
    assert answer["which"]["no-such-program"] is None
    answer = ask(python, "which", names=["sh", "mine"], first=[str(tmp_path)])
    assert answer["which"] == {"sh": f"{tmp_path}/sh", "mine": None}
    answer = ask(python, "which", names=["sh", "env"], first=[], path=str(tmp_path))
    assert answer["which"] == {"sh": f"{tmp_path}/sh", "env": None}  # not along the login's PATH


def test_addresses(python: str) -> None:
    routes = {"/up": Reply(200, b"fine"), "/down": Reply(503, b"no"), "/hangs": Reply(hangs=True)}
    with serving(routes) as served:
        told = gather(
            python,
            {
                "up": {"kind": "http", "url": f"{served.url}/up"},
                "down": {"kind": "http", "url": f"{served.url}/down"},
                "hangs": {"kind": "http", "url": f"{served.url}/hangs", "timeout": 0.3},
                "nobody": {"kind": "http", "url": "http://127.0.0.1:1/"},
                "no url": {"kind": "http", "url": "nonsense"},
                "proxy": {"kind": "http", "url": "http://example.invalid/up", "proxy": True},
            },
            http_proxy=served.url,
        )["answers"]
    assert (told["up"]["status"], told["up"]["body"]) == (200, "fine")
    assert (told["down"]["status"], told["down"]["body"]) == (503, "no")
    assert (told["hangs"]["status"], told["hangs"]["error"]) == (None, "timed out")
    assert told["nobody"]["status"] is None
    assert "refused" in told["nobody"]["error"]
    assert told["no url"]["status"] is None
    assert told["proxy"]["status"] == 404  # asked the proxy, which has no such page


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 fine\r\nbad header", b""])
def test_a_server_that_speaks_no_http(python: str, words: bytes) -> None:
    def talk() -> None:
        client, _ = server.accept()
        with client:
            client.sendall(words)
            client.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/health"
        answer = ask(python, "http", url=url, timeout=5)
        thread.join()
    assert answer["status"] in (None, 200)
    assert answer["status"] == 200 or answer["error"]


@pytest.mark.parametrize(
    "broken",
    [{"kind": "dance"}, {}, {"kind": "run"}, {"kind": "files", "globs": 5}, {"kind": "run", "argv": []}],
)
def test_a_fault_in_one_costs_no_other(python: str, broken: Json) -> None:
    told = gather(python, {"broken": broken, "fine": {"kind": "run", "argv": ["echo", "fine"]}})["answers"]
    assert list(told["broken"]) == ["error"]
    assert told["fine"]["out"] == "fine\n"


@ONCE
def test_a_thousand_processes(python: str) -> None:
    script = "i=0; while [ $i -lt 1000 ]; do sleep 600 & i=$((i+1)); done; echo up; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, process_group=0) as crowd:
        try:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == b"up\n"
            requests = {
                "stats": {"kind": "files", "globs": ["/proc/[0-9]*/stat"], "max_bytes": 1024},
                "sockets": {"kind": "links", "globs": ["/proc/[0-9]*/fd/[0-9]*"]},
            }
            told = gather(python, requests)
            assert len(told["answers"]["stats"]["files"]) > 1000
            assert len(told["answers"]["sockets"]["links"]) > 1000
            assert told["seconds"] < 20
        finally:
            os.killpg(crowd.pid, signal.SIGKILL)


@ONCE
def test_processes_that_come_and_go(python: str) -> None:
    """What went away between listing and reading is left out; it is no fault."""
    loop = ["sh", "-c", "while :; do true & /bin/true; done"]
    with subprocess.Popen(loop, process_group=0) as churn:
        try:
            for _ in range(3):
                globs = ["/proc/[0-9]*/stat", "/proc/[0-9]*/cmdline"]
                answer = ask(python, "files", globs=globs, max_bytes=1024)
                assert not [path for path in answer["files"] if path.startswith("!")]
                assert f"/proc/{os.getpid()}/stat" in answer["files"]
        finally:
            os.killpg(churn.pid, signal.SIGKILL)
    until(lambda: churn.poll() is not None)


def test_text_before_the_questions_is_no_question() -> None:
    program = gatherer()
    argv = [sys.executable, "-c", LOADER, str(len(program))]
    done = subprocess.run(argv, input=program + b"{", capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout == b""


def test_only_the_web_is_asked(python: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    answer = ask(python, "http", url=f"file://{tmp_path}/secret", timeout=5)
    assert (answer["status"], answer["body"]) == (None, "")


def test_a_server_that_drips_is_left(python: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while True:
                    connection.sendall(b".")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        answer = ask(python, "http", url=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.3)
        thread.join(LONG)
    assert answer["status"] == 200
    assert answer["seconds"] < 5


def test_what_is_not_ours_is_named_with_its_owner(python: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    for name, uid in (("ours", 0), ("theirs", 61234)):
        (tmp_path / name).write_text("")
        os.chown(tmp_path / name, uid, uid)
    (tmp_path / "link").symlink_to("nowhere")
    answer = ask(python, "foreign", globs=[f"{tmp_path}/*", "/no/such/*", "$NO_SUCH_VARIABLE/*"])
    assert answer == {"foreign": {str(tmp_path / "theirs"): 61234}}


def test_files_and_no_links_to_any(python: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("ours")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    body = {"globs": [f"{tmp_path}/*"], "max_bytes": 9}
    assert ask(python, "files", **body, links=False)["files"] == {f"{tmp_path}/file": "ours"}
    assert len(ask(python, "files", **body)["files"]) == 2
