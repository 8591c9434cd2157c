"""How many ranks a command asks for, how they find each other, and what contradicts that."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparkup.commands.vllm import OF_RANKS, Serve, parse_serve
from sparkup.domain.backend import Backend
from sparkup.domain.host import Host
from sparkup.errors import Problem

# Their product is the number of GPUs (vllm/config/parallel.py: world_size, times the data-parallel size).
SIZES = (
    "--tensor-parallel-size",
    "--pipeline-parallel-size",
    "--prefill-context-parallel-size",
    "--data-parallel-size",
)
SHORT = dict(zip(SIZES, ("-tp", "-pp", "-pcp", "-dp"), strict=True))
EXECUTOR = "--distributed-executor-backend"


@dataclass(frozen=True, slots=True)
class Parallel:
    """What a command asks for: GPUs in all, and how many copies of the model share them."""

    gpus: int
    copies: int = 1


def read_parallel(serve: Serve, config: str, problems: list[Problem]) -> Parallel:
    """Read the sizes of a command line, or of its configuration file; notes words that are no sizes."""
    sizes = {option: _size(option, serve, config, problems) for option in SIZES}
    return Parallel(math.prod(sizes.values()), sizes["--data-parallel-size"])


def wrong_sizes(argv: Sequence[str]) -> list[Problem]:
    """Find the words of a command line that are no sizes, which vLLM would refuse once it has started."""
    problems: list[Problem] = []
    if serve := parse_serve(argv):
        read_parallel(serve, "", problems)
    return problems


def _size(option: str, serve: Serve, config: str, problems: list[Problem]) -> int:
    said = serve.value(option)
    text = configured(config).get(option, "1") if said is None else said
    try:
        size = int(text)  # as argparse does, whose words and pydantic's (vllm/config/parallel.py) are told
    except ValueError:
        said = f"invalid int value: {text!r}"
    else:
        if size > 0:
            return size
        said = f"Input should be greater than or equal to 1, not {size}"
    message = f"{option} {text or '(nothing)'} is no size; vLLM would say: {said}"
    problems.append(Problem("bad-option", message, hint="use a whole number from 1 on"))
    return 1


def configured(config: str, options: Sequence[str] = (*SIZES, EXECUTOR)) -> Mapping[str, str]:
    """Return which of some options a file for `vllm serve --config` says; by default sizes and backend."""
    names = "|".join(re.escape(each[2:]) for each in options).replace(r"\-", "[-_]")
    found = re.findall(rf"^({names})[ \t]*:[ \t]*[\"']?([^\s\"'#]+)", config, re.MULTILINE)
    return {f"--{name.replace('_', '-')}": value for name, value in found}


def nodes_needed(parallel: Parallel, gpus_of_each: int) -> int:
    """Return on how many hosts so many GPUs are."""
    return math.ceil(parallel.gpus / max(1, gpus_of_each))


def too_few(wanted: int, there: int, where: str) -> Problem:
    """Say that a command needs more GPUs than its hosts have."""
    message = f"the command needs {wanted} GPUs, and there are {there} on {where}"
    hint = "name more hosts with -n (sparkup detect looks for them), or lower -tp, -pp or -dp"
    return Problem("too-few-hosts", message, hint=hint)


def not_needed(needed: int, there: int, left: Iterable[Host]) -> str:
    """Say that a command needs fewer hosts than there are, and which are left out."""
    names = ", ".join(host.name for host in left)
    return f"the command needs {needed} of {there} hosts (-tp x -pp x -dp); not used: {names}"


def backend_of(asked: Backend | None, serve: Serve | None, config: str) -> Backend:
    """Return the backend: as asked, else as the command says, else vLLM's own; Ray for what is no vLLM."""
    if asked is not None:
        return asked
    if serve is None:
        return Backend.RAY
    said = serve.value(EXECUTOR) or configured(config).get(EXECUTOR)
    return Backend.RAY if said == Backend.RAY else Backend.MP


def no_ray(where: str, host: str) -> Problem:
    """Say that a host's image, environment or PATH has no Ray."""
    hint = (
        "an image gets it with `pip install ray` in its Dockerfile, an environment from sparkup env create; "
        "vllm serve can do without: --backend mp"
    )
    return Problem("ray-not-found", f"ranks are to meet through Ray, and {where} has none", host, hint)


def contradictions(
    backend: Backend, serve: Serve | None, parallel: Parallel, config: str
) -> Iterator[Problem]:
    """Find what a command for several hosts says against its backend."""
    if serve is None:
        if backend is Backend.MP:
            hint = "use --backend ray: the command then runs on the head of a Ray cluster"
            yield Problem(
                "bad-option", "mp needs a `vllm serve` command: each host gets a part of it", hint=hint
            )
        return
    said = serve.value(EXECUTOR) or configured(config).get(EXECUTOR)
    if said is not None and said != backend:
        hint = (
            f"leave {EXECUTOR} out, or say --backend {said}"
            if said in list(Backend)
            else f"leave {EXECUTOR} out"
        )
        yield Problem("bad-option", f"{EXECUTOR} {said} contradicts the backend {backend}", hint=hint)
    for option in OF_RANKS:  # what we say to each ourselves
        if option in serve.said:
            hint = "leave it out: sparkup says it to each host; --master-port is an option of sparkup too"
            yield Problem("bad-option", f"{option} speaks of one host, and there are several", hint=hint)
    if backend is Backend.MP and parallel.copies > 1:
        hint = "use --backend ray, or launch a copy on each host"
        message = "mp over several hosts serves one copy of a model: --data-parallel-size must be 1"
        yield Problem("bad-option", message, hint=hint)
