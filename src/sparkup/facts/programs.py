"""Where the program of a launch is on a host, and whether its model is there."""

from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, files, paths, which


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a command line needs of a host. `model` is its kind: folder, file, "" for nothing."""

    program: str = ""  # path along the login's PATH, "" for none
    model: str = ""
    model_configured: bool = False  # there is a config.json or params.json in the folder
    config: str = ""  # what the file given with --config says of host and port
    known: bool = True  # False in an offline plan for another command than was recorded


def lookup(program: str, model: str, config: str) -> Fact[Lookup]:
    """Return a fact for one command line; "" where it names no model or config file."""
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
        )

    return Fact(
        f"lookup of {program} {model}",
        {
            "program": which(program),
            "model": paths(folder, *markers),
            # Such a file may hold keys: only what we look for travels, and is recorded.
            "config": files(*([config] if config else []), keep="(host|port)[ \\t]*:"),
        },
        parse,
        unknown=Lookup(known=False),
    )
