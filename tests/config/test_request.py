"""What was typed, as a request: every refusal, all of them at once, and what becomes a secret."""

import contextlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.config.problems import Problems
from sparkup.config.request import Typed, parse
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.launch import Engine, LaunchRequest, Limits, Readiness
from sparkup.domain.secret_names import SECRET_NAME
from sparkup.errors import InputRefused, Problem

COMMAND = ("vllm", "serve", "m")
HERE = {"FROM_HERE": "a b", "HF_TOKEN": "hf_9a8b7c6d", "EMPTY": ""}
TYPED = Typed(command=COMMAND, surroundings=HERE)


def refusals(typed: Typed) -> list[Problem]:
    with pytest.raises(InputRefused) as caught:
        parse(typed)
    assert caught.value.exit_status == 2
    return list(caught.value.problems)


def environment(*env: str, typed: Typed = TYPED) -> tuple[dict[str, str], dict[str, str]]:
    """Return plain variables and secret ones."""
    found = parse(replace(typed, env=env)).environment
    return dict(found.plain), {each.name: each.reveal() for each in found.secret}


def test_a_command_alone_is_a_request() -> None:
    assert parse(TYPED) == LaunchRequest(COMMAND, (LOCAL,), cwd=str(Path.cwd()))


def test_all_that_can_be_asked_for() -> None:
    typed = replace(
        TYPED,
        hosts=(Host("ada@spark1", "ada@spark1"),),
        name="mine",
        engine="host",
        venv="cpu",
        mem_limit_gb="8",
        pids_limit="512",
        ready="port:1234",
        stall_timeout="30",
        ready_timeout="90",
        outlives=False,
    )
    assert parse(typed) == LaunchRequest(
        COMMAND,
        (Host("ada@spark1", "ada@spark1"),),
        name="mine",
        engine=Engine.HOST,
        python_environment="cpu",
        limits=Limits(8 << 30, 512),
        readiness=Readiness("port", "1234", 30.0, 90.0),
        cwd="",
        outlives=False,
    )


@pytest.mark.parametrize(
    ("typed", "code", "message", "hint"),
    [
        (
            Typed(),
            "no-command",
            "there is no command to launch",
            "put it after --, as in: sparkup launch -- vllm serve MODEL",
        ),
        (Typed(command=[""]), "no-command", "there is no command to launch", ""),
        (Typed(COMMAND, backend="rey"), "bad-option", "unknown backend 'rey'", "did you mean ray?"),
        (
            Typed(COMMAND, master_port="70000"),
            "bad-option",
            "--master-port 70000 is no port",
            "use a number from 1 to 65535",
        ),
        (
            Typed(COMMAND, name="my launch"),
            "bad-name",
            "'my launch' cannot be the name of a launch",
            "letters, digits, dots, dashes and underscores; at most 63; a letter or digit first",
        ),
        (Typed(COMMAND, engine="dokcer"), "bad-option", "unknown engine 'dokcer'", "did you mean docker?"),
        (Typed(COMMAND, engine="hots"), "bad-option", "unknown engine 'hots'", "did you mean host?"),
        (
            Typed(COMMAND, engine="kubernetes"),
            "bad-option",
            "unknown engine 'kubernetes'",
            "there are: host, docker, podman",
        ),
        (
            Typed(COMMAND, env=["=x"]),
            "bad-environment-variable",
            "-e '=...' has no variable name",
            "write -e NAME=VALUE, or -e NAME to take it from here",
        ),
        (
            Typed(COMMAND, env=["a-b"], surroundings={"a-b": "x"}),
            "bad-environment-variable",
            "-e 'a-b' has no variable name",
            "",
        ),
        (
            Typed(COMMAND, env=["1A=x"]),
            "bad-environment-variable",
            "-e '1A=...' has no variable name",
            "",
        ),
        (
            Typed(COMMAND, env=["GONE"], surroundings={}),
            "bad-environment-variable",
            "-e GONE: GONE is not set here",
            "write -e GONE=VALUE, or export it first",
        ),
        (Typed(COMMAND, jobs="many"), "bad-option", "-j 'many' is no number above 0", ""),
        (Typed(COMMAND, jobs="0"), "bad-option", "-j '0' is no number above 0", ""),
        (
            Typed(COMMAND, nccl_debug="loud"),
            "bad-option",
            "--nccl-debug 'loud' is no level",
            "there are: VERSION, WARN, INFO, TRACE",
        ),
        (Typed(COMMAND, mem_limit_gb="8.5"), "bad-option", "--mem-limit-gb '8.5' is no number above 0", ""),
        (Typed(COMMAND, pids_limit="-1"), "bad-option", "--pids-limit '-1' is no number above 0", ""),
        (Typed(COMMAND, stall_timeout="²"), "bad-option", "--stall-timeout '²' is no number above 0", ""),
        (Typed(COMMAND, ready_timeout=""), "bad-option", "--ready-timeout '' is no number above 0", ""),
        (
            Typed(COMMAND, ready="soon"),
            "bad-option",
            "--ready 'soon' is unknown",
            "use auto, none, port:NUMBER or http:URL",
        ),
    ],
)
def test_what_is_refused(typed: Typed, code: str, message: str, hint: str) -> None:
    (problem,) = refusals(typed)
    assert (problem.code, problem.message) == (code, message)
    assert problem.hint
    assert problem.hint.startswith(hint)


def test_everything_wrong_is_said_at_once_with_what_was_found_before() -> None:
    before = Problems()
    before.add("--offline goes with --dry-run")
    typed = Typed(
        hosts=(Host("a", "a"), Host("b", "b")),
        name="-",
        engine="lxc",
        env=["=", "GONE"],
        jobs="x",
        nccl_debug="x",
        mem_limit_gb="x",
        pids_limit="x",
        ready="x",
        stall_timeout="x",
        ready_timeout="x",
        surroundings={},
    )
    with pytest.raises(InputRefused) as caught:
        parse(typed, before)
    problems = caught.value.problems
    assert len(problems) == 13
    assert problems[0].message == "--offline goes with --dry-run"
    assert len({problem.message for problem in problems}) == 13


@pytest.mark.parametrize(
    ("ready", "kind", "target"),
    [
        ("auto", "auto", ""),
        ("none", "none", ""),
        ("none:", "none", ""),
        ("port:1", "port", "1"),
        ("port:65535", "port", "65535"),
        ("http:http://h:1/x", "http", "http://h:1/x"),
        ("http:https://h/x", "http", "https://h/x"),
        ("http://h:1/x", "http", "http://h:1/x"),
        ("https://h/x?a=b:c", "http", "https://h/x?a=b:c"),
    ],
)
def test_when_a_launch_counts_as_ready(ready: str, kind: str, target: str) -> None:
    found = parse(replace(TYPED, ready=ready)).readiness
    assert (found.kind, found.target, found.stall, found.total) == (kind, target, 600.0, None)


@pytest.mark.parametrize(
    "ready",
    [
        *("", "autos", "auto:1", "none:1", "port", "port:", "port:0", "port:65536", "port:x", "port:²"),
        *("http", "http:", "http:h", "https:h", "https:https://h", "ftp://h", "server"),
    ],
)
def test_when_it_cannot(ready: str) -> None:
    (problem,) = refusals(replace(TYPED, ready=ready))
    assert problem.message == f"--ready {ready!r} is unknown"


@pytest.mark.parametrize(
    ("word", "name", "value"),
    [
        ("A=b", "A", "b"),
        ("A=", "A", ""),
        ("A=b=c==", "A", "b=c=="),
        ("A= b  c ", "A", " b  c "),
        ("_a1=x\ny", "_a1", "x\ny"),
        ("FROM_HERE", "FROM_HERE", "a b"),
        ("EMPTY", "EMPTY", ""),
    ],
)
def test_an_environment_variable(word: str, name: str, value: str) -> None:
    assert environment(word) == ({name: value}, {})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "HF_TOKEN",
            "OPENAI_API_KEY",
            "DB_PASSWORD",
            "VLLM_API_KEY",
            "API_KEY",
            "APIKEY",
            "TOKEN",
            "SECRET",
        ),
        *(
            "hf_token",
            "AWS_SECRET_ACCESS_KEY",
            "CLIENT_SECRET",
            "PGPASSWORD",
            "DB_PASSWORD_OLD",
            "MYSQL_PASSWD",
        ),
        *("GOOGLE_CREDENTIALS", "NGC_APIKEY", "SMTP_PASS", "GITHUB_PAT", "SSH_PASSPHRASE", "SECRET_VALUE"),
        *("AWS_CREDENTIALS_JSON", "CLIENT_SECRETS", "S3_SECRET_ACCESS_KEY"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert environment(f"{name}=v=1") == ({}, {name: "v=1"})


@pytest.mark.parametrize(
    "name",
    [
        *("KEYBOARD", "TOKENIZERS_PARALLELISM", "MONKEY", "HF_TOKEN_PATH", "KEY", "SECRETARY", "PASS"),
        *("HF_HOME", "VLLM_USE_V1", "TOKENS", "CUDA_VISIBLE_DEVICES", "MAX_TOKENS", "NCCL_DEBUG"),
        *("NCCL_IB_HCA", "NCCL_SOCKET_IFNAME", "VLLM_ENABLE_PREGRAD_PASSES", "COMPASS", "PATH", "HTTP_PAT_H"),
        *("VLLM_MAX_TOKENS_PER_EXPERT_FP4_MOE", "PYTHONPATH", "OMP_NUM_THREADS", "NO_PROXY"),
    ],
)
def test_names_of_what_is_no_secret(name: str) -> None:
    assert environment(f"{name}=v") == ({name: "v"}, {})


@pytest.mark.parametrize(
    "word",
    [
        "HTTPS_PROXY=http://ada:pw@proxy:3128",
        "https_proxy=ada:pw@proxy:3128",
        "PIP_INDEX_URL=https://glpat-1@gitlab.example/simple",
        "PIP_EXTRA_INDEX_URL=https://a.example/simple https://u:p@b.example/simple",
        "DATABASE_URL=postgresql+asyncpg://ada:pw@db/x",
    ],
)
def test_a_login_in_a_url_is_a_secret(word: str) -> None:
    name, _, value = word.partition("=")
    assert environment(word) == ({}, {name: value})


@pytest.mark.parametrize(
    "word",
    [
        "HTTPS_PROXY=http://proxy:3128",
        "PIP_INDEX_URL=https://a.example/simple/@scope",
        "URL=https://a.example?mail=a@b.example",
        "MAIL=ada@b.example",
        "IMAGE=name:tag@sha256:0123",
    ],
)
def test_an_address_without_a_login_is_none(word: str) -> None:
    name, _, value = word.partition("=")
    assert environment(word) == ({name: value}, {})


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        (("env", "A=1", "vllm", "serve", "m", "--api-key", "sk-9a8b"), "VLLM_API_KEY"),
        (("sh", "-c", "vllm serve m --hf-token=sk-9a8b"), "HF_TOKEN"),
    ],
)
def test_a_key_that_could_not_be_hidden_is_refused(command: tuple[str, ...], variable: str) -> None:
    (problem,) = refusals(replace(TYPED, command=command))
    assert problem.code == "bad-option"
    assert problem.hint.endswith(f"-e {variable}=...")
    assert "sk-9a8b" not in f"{problem}"


def test_a_folder_that_was_removed_is_refused_as_a_place_to_launch_from(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    program = "from sparkup.config.request import Typed, parse; parse(Typed(['true']))"
    gone.mkdir()
    argv = ["sh", "-c", 'rmdir "$PWD"; exec "$0" -c "$1"', sys.executable, program]
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(argv, cwd=gone, env=path, capture_output=True, text=True, check=False)
    assert "InputRefused: the folder that you are in was removed" in done.stderr


def test_a_secret_is_taken_from_here_as_well() -> None:
    assert environment("HF_TOKEN") == ({}, {"HF_TOKEN": "hf_9a8b7c6d"})


def test_a_secret_is_shown_in_no_refusal() -> None:
    value = "hf_9a8b7c6d"
    mistyped = [f"{name}={value}" for name in ("2HF_TOKEN", "HF-TOKEN", "HF TOKEN", "", "HF_TOKEN")]
    problems = refusals(replace(TYPED, env=mistyped, name="-"))
    assert len(problems) == 5
    assert value not in f"{problems}"


def test_the_last_of_one_name_wins() -> None:
    assert environment("A=1", "B=2", "A=3") == ({"B": "2", "A": "3"}, {})
    assert environment("HF_TOKEN=1", "HF_TOKEN=2") == ({}, {"HF_TOKEN": "2"})


def test_options_that_stand_for_variables() -> None:
    typed = replace(TYPED, jobs="4", nccl_debug="info")
    assert environment(typed=typed)[0] == {
        "MAX_JOBS": "4",
        "CMAKE_BUILD_PARALLEL_LEVEL": "4",
        "NINJAFLAGS": "-j4",
        "MAKEFLAGS": "-j4",
        "NCCL_DEBUG": "INFO",
    }


def test_e_wins_over_them() -> None:
    typed = replace(TYPED, jobs="4", nccl_debug="INFO")
    plain, _ = environment("MAX_JOBS=2", "NCCL_DEBUG=TRACE", "MAKEFLAGS=", typed=typed)
    assert (plain["MAX_JOBS"], plain["NCCL_DEBUG"], plain["MAKEFLAGS"]) == ("2", "TRACE", "")
    assert plain["NINJAFLAGS"] == "-j4"


@given(st.lists(st.text(), max_size=4), st.text(), st.text())
def test_whatever_is_typed_is_taken_or_refused(env: list[str], ready: str, number: str) -> None:
    typed = replace(TYPED, env=env, ready=ready, jobs=number, pids_limit=number, name=number)
    with contextlib.suppress(InputRefused):
        plain = parse(typed).environment.plain
        assert not any(SECRET_NAME.search(name) for name in plain)


@pytest.mark.parametrize("key", ["sk\n", "sk\t1", "☃"])
def test_a_key_that_no_request_can_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InputRefused) as caught:
        parse(Typed(COMMAND, env=[f"VLLM_API_KEY={key}"]))
    (problem,) = caught.value.problems
    assert problem.code == "bad-environment-variable"
    assert key not in problem.message
