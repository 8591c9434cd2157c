"""A command line without its `--`: where the command begins, and what is shown of it."""

import click
import pytest

from sparkup.cli.strict import WithRest, problems, rest


@click.command(cls=WithRest)
@click.argument("launch", required=False)
@click.option("--name")
@click.option("-e", "env", multiple=True)
@click.option("-d", "detach", is_flag=True)
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
