"""What a command asks of several hosts, and what contradicts it."""

import pytest

from sparkup.commands.vllm import Serve, parse_serve
from sparkup.domain.backend import Backend
from sparkup.errors import Problem
from sparkup.planning.parallel import (
    Parallel,
    backend_of,
    contradictions,
    nodes_needed,
    read_parallel,
)


def serve(*words: str) -> Serve:
    found = parse_serve(("vllm", "serve", "m", *words))
    assert found is not None
    return found


def sizes(*words: str, config: str = "") -> tuple[Parallel, list[str]]:
    problems: list[Problem] = []
    found = read_parallel(serve(*words), config, problems)
    return found, [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("words", "gpus", "copies"),
    [
        ((), 1, 1),
        (("-tp", "2"), 2, 1),
        (("--tensor-parallel-size=4", "-pp", "2"), 8, 1),
        (("-tp", "2", "-dp", "3"), 6, 3),
        (("-pcp", "2", "-tp", "2"), 4, 1),
        (("-dcp", "2", "-tp", "2"), 2, 1),  # it divides the ranks of tensor parallelism
        (("--tensor_par", "2"), 2, 1),
    ],
)
def test_sizes_of_a_command(words: tuple[str, ...], gpus: int, copies: int) -> None:
    assert sizes(*words) == (Parallel(gpus, copies), [])


def test_sizes_of_a_configuration_file() -> None:
    config = "port: 8000\ntensor-parallel-size: 2\npipeline_parallel_size: '3' # stages\n"
    assert sizes(config=config)[0] == Parallel(6)
    assert sizes("-tp", "4", config=config)[0] == Parallel(12), "the command line wins"


@pytest.mark.parametrize(
    ("word", "shown", "said"),
    [
        ("two", "two", "invalid int value: 'two'"),
        ("1.5", "1.5", "invalid int value: '1.5'"),
        ("", "(nothing)", "invalid int value: ''"),
        ("0", "0", "Input should be greater than or equal to 1, not 0"),
        ("-1", "-1", "Input should be greater than or equal to 1, not -1"),
    ],
)
def test_words_that_are_no_sizes(word: str, shown: str, said: str) -> None:
    found, problems = sizes("-tp", word)
    assert found == Parallel(1)
    assert problems == [f"--tensor-parallel-size {shown} is no size; vLLM would say: {said}"]


def test_all_words_that_are_no_sizes_are_told_at_once() -> None:
    assert len(sizes("-tp", "x", "-pp", "y")[1]) == 2


@pytest.mark.parametrize(("gpus", "each", "hosts"), [(1, 1, 1), (2, 1, 2), (5, 2, 3), (4, 0, 4), (8, 8, 1)])
def test_nodes_that_are_needed(gpus: int, each: int, hosts: int) -> None:
    assert nodes_needed(Parallel(gpus), each) == hosts


EXECUTOR = "--distributed-executor-backend"


@pytest.mark.parametrize(
    ("asked", "words", "config", "backend"),
    [
        (None, (), "", Backend.MP),
        (None, (EXECUTOR, "ray"), "", Backend.RAY),
        (None, (EXECUTOR, "mp"), "", Backend.MP),
        (None, (), "distributed-executor-backend: ray\n", Backend.RAY),
        (None, (EXECUTOR, "mp"), "distributed_executor_backend: ray\n", Backend.MP),
        (Backend.RAY, (), "", Backend.RAY),
        (Backend.MP, (EXECUTOR, "ray"), "", Backend.MP),
    ],
)
def test_the_backend(asked: Backend | None, words: tuple[str, ...], config: str, backend: Backend) -> None:
    assert backend_of(asked, serve(*words), config) is backend


def test_another_command_runs_on_the_head_of_a_ray_cluster() -> None:
    assert backend_of(None, None, "") is Backend.RAY
    assert list(contradictions(Backend.RAY, None, Parallel(2), "")) == []
    (problem,) = contradictions(Backend.MP, None, Parallel(2), "")
    assert "mp needs a `vllm serve` command" in problem.message


@pytest.mark.parametrize(
    ("backend", "words", "found"),
    [
        (Backend.MP, ("-tp", "2"), []),
        (Backend.MP, (EXECUTOR, "mp"), []),
        (Backend.RAY, (EXECUTOR, "ray"), []),
        (Backend.RAY, ("-dp", "2"), []),
        (Backend.MP, (EXECUTOR, "ray"), [f"{EXECUTOR} ray contradicts the backend mp"]),
        (Backend.RAY, (EXECUTOR, "mp"), [f"{EXECUTOR} mp contradicts the backend ray"]),
        (Backend.MP, (EXECUTOR, "uni"), [f"{EXECUTOR} uni contradicts the backend mp"]),
        (
            Backend.MP,
            ("--nnodes", "2", "-r", "1", "--headless"),
            [
                f"{option} speaks of one host, and there are several"
                for option in ("--nnodes", "--node-rank", "--headless")
            ],
        ),
        (
            Backend.MP,
            ("-dp", "2"),
            ["mp over several hosts serves one copy of a model: --data-parallel-size must be 1"],
        ),
    ],
)
def test_contradictions(backend: Backend, words: tuple[str, ...], found: list[str]) -> None:
    command = serve(*words)
    problems = contradictions(backend, command, read_parallel(command, "", []), "")
    assert [problem.message for problem in problems] == found


def test_what_to_do_about_a_backend_that_contradicts() -> None:
    (one,) = contradictions(Backend.MP, serve(EXECUTOR, "ray"), Parallel(2), "")
    assert one.hint.endswith("or say --backend ray")
    (other,) = contradictions(Backend.MP, serve(EXECUTOR, "external_launcher"), Parallel(2), "")
    assert other.hint == f"leave {EXECUTOR} out"
