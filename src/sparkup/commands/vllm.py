"""`vllm serve` as an argument vector: what it says, and the same with what it leaves out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

MODULE = "vllm.entrypoints.openai.api_server"
OPTIONS = frozenset({"--host", "--port", "--model", "--api-key", "--config"})


@dataclass(frozen=True, slots=True)
class Serve:
    """What a `vllm serve` command line says of where and what it serves; None: it does not say."""

    model: str
    host: str | None = None
    port: str | None = None  # as written: what is no number is refused by who reads it
    api_key: str | None = None
    config: str | None = None  # a YAML file that may say the rest
    first: int = 0  # index in argv of the first argument of `serve`


def parse_serve(argv: Sequence[str]) -> Serve | None:
    """Read a command line; None when it is no vLLM server."""
    first = _first_argument(argv)
    if first is None:
        return None
    words = list(argv[first:])
    found = {name: value for name, value, _ in _options(words)}  # argparse: the last one wins
    model = found.get("--model", "")
    if not model and words and not words[0].startswith("-"):
        model = words[0]
    return Serve(
        model=model,
        host=found.get("--host"),
        port=found.get("--port"),
        api_key=found.get("--api-key"),
        config=found.get("--config"),
        first=first,
    )


def complete(argv: Sequence[str], *, host: str | None, port: int | None) -> tuple[str, ...]:
    """Return the command line with what it does not say about where to listen."""
    extra: list[str] = []
    if host is not None:
        extra += ["--host", host]
    if port is not None:
        extra += ["--port", str(port)]
    return (*argv, *extra)


def without_api_key(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line without its API key, which VLLM_API_KEY says as well (vllm serve --help)."""
    first = _first_argument(argv)
    if first is None:
        return tuple(argv)
    drop: set[int] = set()
    for name, _, where in _options(argv[first:]):
        if name == "--api-key":
            drop.update(first + index for index in where)
    return tuple(word for index, word in enumerate(argv) if index not in drop)


def _first_argument(argv: Sequence[str]) -> int | None:
    program = PurePosixPath(argv[0]).name if argv else ""
    if program == "vllm" and len(argv) > 1 and argv[1] == "serve":
        return 2
    if program.startswith("python") and MODULE in argv[1:] and argv[argv.index(MODULE) - 1] == "-m":
        return argv.index(MODULE) + 1
    return None


def _options(words: Sequence[str]) -> Iterator[tuple[str, str, range]]:
    """Yield the options we know with their values and their places; values that look like options too.

    vLLM takes underscores for dashes, `--name=value`, and argparse's unambiguous abbreviations; of
    the names here only whole ones are taken, as an abbreviation is rather one of another option.
    """
    index = 0
    while index < len(words):
        name, equals, value = words[index].partition("=")
        name = name.replace("_", "-")
        if name not in OPTIONS:
            index += 1
        elif equals:
            yield name, value, range(index, index + 1)
            index += 1
        else:
            yield name, words[index + 1] if index + 1 < len(words) else "", range(index, index + 2)
            index += 2
