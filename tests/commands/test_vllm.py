"""`vllm serve` read as its own parser reads it: vLLM 0.32 was given the same words."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sparkup.commands.vllm import Serve, complete, exposed_secret, parse_serve, whole, without_secrets
from sparkup.commands.vllm_options import FLAGS, ONE_VALUE, OPTIONAL_VALUE, SEVERAL_VALUES

SERVE = ("vllm", "serve")
KEY = "sk-3f9c1e77"


def serve(*words: str) -> Serve:
    found = parse_serve((*SERVE, *words))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "port"),
    [
        (("m", "--port", "9000"), "9000"),
        (("m", "--port=9000"), "9000"),
        (("--port", "9000", "m"), "9000"),
        (("m", "--por", "9000"), "9000"),
        (("m", "--port", "1", "--port=2"), "2"),  # argparse: the last one wins
        (("m", "--port=2", "--port", "1"), "1"),
        (("m", "--port"), ""),  # vLLM itself refuses it
        (("m", "--port="), ""),
        (("m", "--port", "--host"), "--host"),
        (("m", "--portal", "9000"), None),
        (("m", "-p", "9000"), None),
        (("m",), None),
    ],
)
def test_the_port(words: tuple[str, ...], port: str | None) -> None:
    assert serve(*words).port == port


@pytest.mark.parametrize("word", ["--host", "--hos", "--ho"])
def test_the_host(word: str) -> None:
    assert serve("m", word, "::1").host == "::1"
    assert serve("m", f"{word}=0.0.0.0").host == "0.0.0.0"
    assert serve("m").host is None


@pytest.mark.parametrize(
    ("words", "option", "value"),
    [
        (("-tp", "2"), "--tensor-parallel-size", "2"),
        (("-tp=2",), "--tensor-parallel-size", "2"),
        (("--tensor_parallel_size", "2"), "--tensor-parallel-size", "2"),
        (("--tensor", "2"), "--tensor-parallel-size", "2"),
        (("--pipe=3",), "--pipeline-parallel-size", "3"),
        (("-dp", "2", "-dp", "4"), "--data-parallel-size", "4"),
        (("--data-parallel", "2"), "--data-parallel-size", None),  # ambiguous: vLLM refuses it
        (("--distributed-exec", "ray"), "--distributed-executor-backend", "ray"),
        (("-n", "2"), "--nnodes", "2"),
        (("-r", "1"), "--node-rank", "1"),
        (("--served-model-name", "a", "b", "--port", "1"), "--served-model-name", "a b"),
        (("-cc.mode", "2", "-tp", "2"), "--tensor-parallel-size", "2"),
        (("--attention-config.backend", "flashinfer"), "--attention-config", "flashinfer"),
        (("--gpu-mem", "0.5"), "--gpu-memory-utilization", "0.5"),
        (("--device-memory-utilization", "0.5"), "--gpu-memory-utilization", "0.5"),
        (("--headless",), "--headless", ""),
        ((), "--nnodes", None),
    ],
)
def test_any_option(words: tuple[str, ...], option: str, value: str | None) -> None:
    assert serve("m", *words).value(option) == value


def test_the_options_are_those_of_the_parser() -> None:
    takes = {"0": FLAGS, "1": ONE_VALUE, "+": SEVERAL_VALUES, "?": OPTIONAL_VALUE}
    table = Path(__file__).parents[1] / "fakes" / "fake_vllm" / "options.tsv"
    found: dict[str, set[str]] = {kind: set() for kind in takes}
    for row in table.read_text().splitlines():
        spellings, kind = row.split("\t")[:2]
        found[kind] |= {each for each in spellings.split() if each.startswith("--")}
        assert {whole(each) for each in spellings.split() if not each.startswith("--no-")} <= takes[kind]
    assert found == takes


def test_underscores_are_dashes() -> None:
    assert serve("m", "--api_key", KEY).api_keys == (KEY,)
    assert serve("m", f"--api_key={KEY}").api_keys == (KEY,)
    assert serve("a_b", "--host", "my_host").host == "my_host"


@pytest.mark.parametrize(
    ("words", "model"),
    [
        (("org/name", "--port", "1"), "org/name"),
        (("--model", "org/name"), "org/name"),
        (("--model=org/name", "--port", "1"), "org/name"),
        (("first", "--model", "second"), "second"),
        (("--model", "a", "--model", "b"), "b"),
        (("--enforce-eager", "org/name"), "org/name"),
        (("-tp", "2", "org/name", "--port", "1"), "org/name"),
        (("-O3", "org/name"), ""),  # of an option that is not known nobody knows what it takes
        (("--of-tomorrow", "org/name"), ""),
        ((), ""),
    ],
)
def test_the_model(words: tuple[str, ...], model: str) -> None:
    assert serve(*words).model == model


def test_a_config_file_is_read_only_where_it_is_a_word_of_its_own() -> None:
    """`--config=FILE` is taken and never opened (FlexibleArgumentParser looks for the word --config)."""
    assert serve("--config", "serve.yaml").config == "serve.yaml"
    assert serve("m", "--config=serve.yaml").config is None


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("m", "--api-key", "a", "b"), ("a", "b")),
        (("--api-key", "a", "m"), ("a", "m")),
        (("--api-key=a", "m"), ("a",)),
        (("m", "--api-key", "a", "--api-key", "b"), ("b",)),
        (("m", "--api-key", "a", "b", "--port", "1"), ("a", "b")),
        (("m", "--api-key", ""), ()),
        (("m", "--api-key"), ()),
        (("m", "--api-server-count", "2"), ()),
    ],
)
def test_every_word_after_api_key_is_a_key(words: tuple[str, ...], keys: tuple[str, ...]) -> None:
    assert serve(*words).api_keys == keys


@pytest.mark.parametrize(
    "argv",
    [
        ("vllm", "serve", "m", "--port", "1"),
        ("/opt/env/bin/vllm", "serve", "m", "--port", "1"),
        ("python", "-m", "vllm.entrypoints.openai.api_server", "--model", "m", "--port=1"),
        ("/usr/bin/python3.12", "-u", "-m", "vllm.entrypoints.openai.api_server", "--model=m", "--port=1"),
        ("python3", "-m", "vllm.entrypoints.cli.main", "serve", "m", "--port", "1"),
        ("python3", "-X", "utf8", "-u", "/opt/env/bin/vllm", "serve", "m", "--port", "1"),
    ],
)
def test_what_is_a_server(argv: tuple[str, ...]) -> None:
    found = parse_serve(argv)
    assert found is not None
    assert (found.model, found.port) == ("m", "1")
    assert argv[found.first - 1] in ("serve", "vllm.entrypoints.openai.api_server")


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("vllm",),
        ("vllm", "--version"),
        ("vllm", "bench", "serve"),
        ("bash", "-c", "vllm serve m"),
        ("env", "X=1", "vllm", "serve", "m"),
        ("python", "vllm.entrypoints.openai.api_server"),
        ("python", "-m", "vllm.entrypoints.cli.main", "bench", "serve"),
        ("python", "-m", "vllm.entrypoints.cli.main"),
        ("python", "-m"),
        ("python", "-u"),
        ("python", "tool.py", "-m", "vllm.entrypoints.openai.api_server"),
        ("python", "-m", "vllm", "serve"),
        ("python", "-c", "print(1)", "vllm.entrypoints.openai.api_server"),
        ("sleep", "5"),
        ("myvllm", "serve", "m"),
    ],
)
def test_what_is_no_server(argv: tuple[str, ...]) -> None:
    assert parse_serve(argv) is None
    assert without_secrets(argv) == argv


@pytest.mark.parametrize(
    "words", [("--api-key", KEY), (f"--api_key={KEY}",), ("--api-k", KEY), ("--hf-token", KEY)]
)
@pytest.mark.parametrize(
    "before",
    [
        ("env", "X=1", "vllm", "serve", "m"),
        ("nice", "-n", "5", "/opt/bin/vllm", "serve", "m"),
        ("uv", "run", "vllm", "serve", "m", "--port"),
        ("uvx", "vllm==0.32.0", "serve", "m"),
        ("docker", "run", "vllm/vllm-openai:latest", "--model", "m"),
        ("torchrun", "-m", "vllm.entrypoints.openai.api_server"),
        ("python", "-mvllm.entrypoints.openai.api_server"),
        ("vllm", "chat"),
    ],
)
def test_a_key_inside_another_command_is_seen(before: tuple[str, ...], words: tuple[str, ...]) -> None:
    option = "--hf-token" if "--hf-token" in words else "--api-key"
    assert exposed_secret((*before, *words, "--port", "1")) == option
    assert exposed_secret(("sh", "-ec", f"cd /m; exec {' '.join((*before, *words))}")) == option


@pytest.mark.parametrize(
    "line",
    [
        'vllm serve m \\\n  --api-key "sk 1"',
        "(vllm serve m --api-key=sk)&",
        "true;vllm serve m '--hf-token' x",
        'vllm serve m --api-key "$KEY"',  # the shell puts it there for all to see
    ],
)
def test_a_key_in_the_line_of_a_shell_is_seen(line: str) -> None:
    assert exposed_secret(("bash", "-c", line))


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("vllm", "serve", "m", "--api-key", KEY),  # travels as a variable
        ("vllm", "serve", "m", "--chat-template", "vllm --api-key x"),
        ("litellm", "--api-key", KEY),  # not vLLM's: its own command line is all it understands
        ("mytool", "--backend=vllm", "--api-key", KEY),
        ("mytool", "--config", "vllm.yaml", "--api-key", KEY),
        ("mytool", "--api-key", KEY, "--then", "vllm"),
        ("sh", "-c", "vllm serve m --hf-token --port 1"),
        ("sh", "-c", "vllm serve m --hf-token"),
        ("env", "vllm", "serve", "m", "--api-server-count", "2"),
    ],
)
def test_where_no_key_is_exposed(argv: tuple[str, ...]) -> None:
    assert exposed_secret(argv) == ""


def test_a_key_behind_an_option_without_its_value_is_taken_out_as_well() -> None:
    argv = (*SERVE, "m", "--host", "--api-key", KEY)
    assert without_secrets(argv) == (*SERVE, "m", "--host")
    assert serve("m", "--host", "--api-key", KEY).api_keys == (KEY,)


def test_what_is_left_out_is_added_at_the_end() -> None:
    assert complete(("vllm", "serve", "m"), host=None, port=None) == ("vllm", "serve", "m")
    assert complete(("vllm", "serve", "m"), host="127.0.0.1", port=8001) == (
        *("vllm", "serve", "m"),
        *("--host", "127.0.0.1", "--port", "8001"),
    )


def test_behind_two_dashes_no_option_is_added() -> None:
    assert serve("--port", "9000", "--", "m").model == "m"
    assert serve("--port", "9000", "--").model == ""
    assert complete((*SERVE, "--", "m"), host="127.0.0.1", port=8001) == (
        *(*SERVE, "--host", "127.0.0.1", "--port", "8001"),
        *("--", "m"),
    )


SPELLINGS = st.sampled_from(["--api-key", "--api_key", "--api-ke", "--api-k", "--api_k"])
JOINED = SPELLINGS.map(lambda name: (f"{name}={KEY}",))
SEPARATE = SPELLINGS.map(lambda name: (name, KEY))
OTHERS = st.sampled_from(
    [
        ("--port", "1"),
        ("--port=1",),
        ("--host", "h"),
        ("--enforce-eager",),
        ("--api-server-count", "2"),
        ("-tp", "2"),
    ]
)
WORDS = st.lists(OTHERS | JOINED | SEPARATE, max_size=6)
PROGRAMS = st.sampled_from(
    [SERVE, ("/opt/bin/vllm", "serve"), ("python3", "-m", "vllm.entrypoints.openai.api_server")]
)


@given(PROGRAMS, WORDS)
@example(SERVE, [("--api-key", KEY), ("--api_k", KEY)])
def test_a_key_is_nowhere_in_the_arguments_that_remain(
    program: tuple[str, ...], words: list[tuple[str, ...]]
) -> None:
    argv = (*program, "model", *(word for group in words for word in group))
    found, left = parse_serve(argv), without_secrets(argv)
    assert found is not None
    assert (found.api_keys == (KEY,)) == any(KEY in word for word in argv)
    assert not any(KEY in word for word in left)
    again = parse_serve(left)
    assert again is not None
    assert (again.port, again.host, again.model) == (found.port, found.host, "model")
    assert again.api_keys == ()


@given(st.lists(st.text()))
def test_any_words_at_all_can_be_read(words: list[str]) -> None:
    argv = (*SERVE, *words)
    found = parse_serve(argv)
    assert found is not None
    assert len(without_secrets(argv)) <= len(argv)


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("env", f"VLLM_API_KEY={KEY}", "vllm", "serve", "m"), "VLLM_API_KEY"),
        (("sh", "-c", f"HF_TOKEN={KEY} exec vllm serve m"), "HF_TOKEN"),
        (("env", "HTTPS_PROXY=http://ada:pw@proxy", "vllm", "serve", "m"), "HTTPS_PROXY"),
        (("env", "VLLM_API_KEY=", "vllm", "serve", "m"), ""),
        (("env", "NCCL_DEBUG=INFO", "vllm", "serve", "m"), ""),
        (("env", f"VLLM_API_KEY={KEY}", "litellm"), ""),  # no vLLM: it is not ours to judge
    ],
)
def test_a_secret_that_is_set_before_vllm_is_seen(argv: tuple[str, ...], name: str) -> None:
    assert exposed_secret(argv) == name
