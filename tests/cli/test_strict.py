"""A command line without its `--`: where the command begins, and what is shown of it."""

import click
import pytest

from sparkup.cli.strict import WithRest, problems, rest, suggestion


@click.command(cls=WithRest)
@click.argument("launch", required=False)
@click.option("--name")
@click.option("-e", "env", multiple=True)
@click.option("-d", "detach", is_flag=True)
@click.option("-n", "hosts", multiple=True)
def enter(**_: object) -> None:
    """Stand in for a verb that takes another program's command line."""


def parsed(*words: str) -> click.Context:
    return enter.make_context("sparkup enter", list(words))


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("node", "vllm", "serve", "x"), ("vllm", "serve", "x")),
        (("--name", "vllm", "node", "vllm", "serve", "x"), ("vllm", "serve", "x")),
        (("--name", "vllm", "-e", "vllm", "vllm", "vllm", "vllm"), ("vllm", "vllm")),
        (("vllm", "-d", "vllm", "--name", "vllm"), ("vllm", "--name", "vllm")),
        (("node", "--name=vllm", "vllm", "--port", "3"), ("vllm", "--port", "3")),
    ],
)
def test_the_command_begins_at_the_first_stray_word(words: tuple[str, ...], command: tuple[str, ...]) -> None:
    found = parsed(*words)
    assert rest(found) == command
    (problem,) = problems(found)
    assert problem.message == "the command to run has no -- before it"


def test_the_hint_shows_where_the_dashes_belong_and_no_more() -> None:
    (problem,) = problems(parsed("node", "-e", "HF_TOKEN=hf_1", "vllm", "serve", "m", "--api-key", "sk-1"))
    assert problem.hint == "sparkup enter ... -- vllm serve m ..."
    (problem,) = problems(parsed("node", "vllm", "serve", "m"))
    assert problem.hint == "sparkup enter ... -- vllm serve m"


def test_a_host_behind_the_option_of_hosts_is_shown_where_it_belongs() -> None:
    (problem,) = problems(parsed("-n", "spark1", "node", "spark2", "-d", "--", "vllm", "serve", "m"))
    assert problem.message == "unexpected word 'spark2'"
    assert problem.hint == "if it is a host, in one word with the others: -n spark1,spark2"
    (problem,) = problems(parsed("node", "vllm", "--", "serve", "m"))
    assert problem.hint == "put all of the command after --"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("--nmae", ("--name", "--nodes"), "did you mean --name?"),
        ("--tial", ("--tail",), "did you mean --tail?"),
        ("--json", ("--solo",), ""),
        ("--nope", ("--nodes",), ""),
        ("lauch", ("launch", "logs"), "did you mean launch?"),
    ],
)
def test_only_what_is_like_a_word_is_suggested(word: str, known: tuple[str, ...], hint: str) -> None:
    assert suggestion(word, known) == hint
