"""Where the program of a launch is on a host, and whether its model is there."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, Request, files, paths, which, whole
from sparkup.facts.machine import ENVIRONMENTS, NAMED_ENVIRONMENTS

# Of a file for `vllm serve --config`: where it listens, on how many GPUs it runs, how much memory it takes.
KEPT = (
    r"(host|port|[a-z_-]+[_-]parallel[_-]size|distributed[_-]executor[_-]backend"
    r"|gpu[_-]memory[_-]utilization|kv[_-]cache[_-]memory[_-]bytes)[ \t]*:"
)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a command line needs of a host. `model` is its kind: folder, file, "" for nothing."""

    program: str = ""  # path along the PATH of the launch, "" for none
    model: str = ""
    model_configured: bool = False  # there is a config.json or params.json in the folder
    config: str = ""  # what the file given with --config says of host and port
    known: bool = True  # False in an offline plan for another command than was recorded
    provided: frozenset[PurePosixPath] = frozenset()  # the managed environments that have the program
    model_path: str = ""  # the path of the model with ~ and variables expanded
    config_path: str = ""  # the same of the config file, "" where there is none


def lookup(program: str, model: str, config: str, path: str = "") -> Fact[Lookup]:
    """Return a fact for one command line; "" where it names no model, config file or PATH of its own."""
    folder = model or "."
    # transformers' own file, and Mistral's (vllm serve --config-format)
    markers = [f"{folder}/config.json", f"{folder}/params.json"]

    def parse(answers: Answers) -> Lookup:
        places = answers["model"]["paths"]
        return Lookup(
            program=answers["program"]["which"][program] or "",
            model=places[folder]["kind"] if model else "",
            model_configured=bool(model) and any(places[marker]["kind"] for marker in markers),
            config=next(iter(answers["config"]["files"].values()), ""),
            model_path=places[folder]["path"] if model else "",
            config_path=next(iter(answers["config"]["files"]), ""),
            provided=frozenset(PurePosixPath(each).parents[1] for each in answers["environments"]["files"]),
        )

    return Fact(
        f"lookup of {program} {model}{config and f' with {config}'}{path and f' along {path}'}",
        {
            "program": which(program, path=path),
            "environments": _in_environments(program),
            "model": paths(folder, *markers),
            # Such a file may hold keys: only what we look for travels, and is recorded.
            "config": files(*([config] if config else []), keep=KEPT),
        },
        parse,
        unknown=Lookup(known=False),
        recorded=whole,
    )


def _in_environments(program: str) -> Request:
    """Ask which environments have a program: which one is taken is decided when all of them are known."""
    name = re.sub(r"([*?[])", r"[\1]", program)
    roots = () if "/" in program else (ENVIRONMENTS, NAMED_ENVIRONMENTS)
    return files(*(f"{root}/*/bin/{name}" for root in roots), max_bytes=0)
