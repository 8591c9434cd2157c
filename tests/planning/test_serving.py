"""Where a server listens, and what is wrong with its model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.planning.hosts import running, seen

from sparkup.commands.vllm import parse_serve
from sparkup.errors import Problem
from sparkup.facts.listeners import Listener
from sparkup.facts.programs import Lookup
from sparkup.planning.serving import Serving, model_problem, place, port_problem

SERVE = ("vllm", "serve", "m")


def placed(*words: str, config: str = "", taken: tuple[int, ...] = ()) -> Serving:
    argv = (*SERVE, *words)
    serve = parse_serve(argv)
    assert serve is not None
    found = place(argv, serve, config, taken)
    assert isinstance(found, Serving), found
    return found


def test_a_server_that_says_nothing_gets_the_loopback_and_8000() -> None:
    assert placed() == Serving((*SERVE, "--host", "127.0.0.1"), 8000, "127.0.0.1", "127.0.0.1")


def test_the_next_free_port_where_8000_is_taken() -> None:
    found = placed(taken=(8000, 8001, 9000))
    assert found == Serving((*SERVE, "--host", "127.0.0.1", "--port", "8002"), 8002, "127.0.0.1", "127.0.0.1")


def test_a_port_that_was_chosen_stays_even_where_it_is_taken() -> None:
    assert placed("--port", "9000", taken=(9000,)).port == 9000
    assert placed("--port", "8000", taken=(8000,)).argv == (*SERVE, "--port", "8000", "--host", "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("::1", "::1"),
        ("localhost", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("spark1", "spark1"),
        ("10.0.0.2", "10.0.0.2"),
    ],
)
def test_where_a_client_on_the_host_finds_it(host: str, client: str) -> None:
    found = placed("--host", host)
    assert found.api_host == client
    assert found.argv == (*SERVE, "--host", host)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "", "8.5", "²", "\uff18", "+8000", " 8000"])
def test_what_is_no_port(port: str) -> None:
    argv = (*SERVE, f"--port={port}")
    serve = parse_serve(argv)
    assert serve is not None
    found = place(argv, serve, "", ())
    assert isinstance(found, Problem)
    assert (found.code, found.message) == ("bad-option", f"--port {port} is no port")


@given(st.sets(st.integers(8000, 8050)))
def test_a_port_of_our_choice_is_never_taken(taken: set[int]) -> None:
    found = placed(taken=tuple(taken))
    assert found.port not in taken
    again = parse_serve(found.argv)
    assert again is not None
    assert int(again.port or "8000") == found.port


CONFIG = """\
# ours
model: m
host: "0.0.0.0"
port : 9100 # not 9000
compilation-config:
  port: 1
"""


def test_a_config_file_says_where_and_the_command_line_wins() -> None:
    assert placed(config=CONFIG) == Serving(SERVE, 9100, "127.0.0.1", "0.0.0.0")
    found = placed("--port", "9200", "--host", "::1", config=CONFIG, taken=(9100,))
    assert (found.port, found.api_host) == (9200, "::1")


@pytest.mark.parametrize("config", ["", "hosts: 1\nreport: 2\n", "host:\nport:\n", "host:\nport: # none\n"])
def test_a_config_file_that_says_nothing_of_it(config: str) -> None:
    assert placed(config=config).argv == (*SERVE, "--host", "127.0.0.1")


def test_a_bad_port_of_a_config_file_is_refused_like_any_other() -> None:
    serve = parse_serve(SERVE)
    assert serve is not None
    assert isinstance(place(SERVE, serve, "port: many\n", ()), Problem)


LISTENING = Listener(8000, inode=77)


def test_a_free_port_is_no_problem() -> None:
    assert port_problem(8001, seen(listeners_=[LISTENING])) is None


def test_who_holds_a_port() -> None:
    ours = port_problem(8000, seen(listeners_=[LISTENING], launches_=[running("other")]))
    theirs = port_problem(8000, seen(listeners_=[LISTENING], holders={77: "nginx (pid 5)"}))
    hidden = port_problem(8000, seen(listeners_=[LISTENING], launches_=[running(alive=False)]))
    assert ours is not None
    assert theirs is not None
    assert hidden is not None
    assert ours.message == "port 8000 is held by the launch other"
    assert ours.hint == "choose another with --port, or sparkup stop other"
    assert theirs.message == "port 8000 is held by nginx (pid 5)"
    assert theirs.hint == "choose another with --port, or end that process"
    assert hidden.message == "port 8000 is held by a process of another user"
    assert {each.code for each in (ours, theirs, hidden)} == {"port-taken"}


NOTHING = Lookup("/bin/vllm")


@pytest.mark.parametrize(
    "model",
    [
        *("gpt2", "org/name", "org/name:Q4_K_M", "Org-1/na_me.v2", "s3://bucket/model", "gs://b/m"),
        "models/none",  # a folder that is not there, or a name: only the hub knows
    ],
)
def test_names_of_the_hub_and_of_stores_are_the_engines_to_judge(model: str) -> None:
    assert model_problem(model, NOTHING, "h") is None


@pytest.mark.parametrize(
    ("model", "found", "message"),
    [
        ("/models/none", NOTHING, "there is no model folder /models/none"),
        ("./none", NOTHING, "there is no model folder ./none"),
        ("../none", NOTHING, "there is no model folder ../none"),
        ("~/none", NOTHING, "there is no model folder ~/none"),
        ("/m/empty", Lookup(model="folder"), "the model folder /m/empty has no config.json"),
        ("here", Lookup(model="folder"), "the model folder here has no config.json"),
        ("a/b/c", NOTHING, "'a/b/c' is neither a folder nor ORGANISATION/NAME of the hub"),
        ("two words", NOTHING, "'two words' is neither a folder nor ORGANISATION/NAME of the hub"),
    ],
)
def test_what_is_wrong_with_a_model(model: str, found: Lookup, message: str) -> None:
    problem = model_problem(model, found, "h")
    assert problem is not None
    assert (problem.code, problem.message, problem.where) == ("model-not-found", message, "h")
    assert problem.hint


@pytest.mark.parametrize("model", ["/m/good", "models/good", "./good"])
def test_a_folder_with_a_configuration_is_a_model(model: str) -> None:
    assert model_problem(model, Lookup(model="folder", model_configured=True), "h") is None


def test_a_file_is_the_engines_to_judge() -> None:
    assert model_problem("/m/model.gguf", Lookup(model="file"), "h") is None
