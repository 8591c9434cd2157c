"""`vllm serve` as an argument vector: what it says, and the same with what it leaves out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

MODULE = "vllm.entrypoints.openai.api_server"
FLAGS = frozenset({"--headless"})
OPTIONAL = frozenset({"--hf-token"})  # their value may be left out
OPTIONS = (
    FLAGS | OPTIONAL | {"--host", "--port", "--model", "--api-key", "--config", "--uds", "--ssl-keyfile"}
)
SECRETS = frozenset({"--api-key", "--hf-token"})
# argparse takes a beginning that no other option shares; these are the ones of vLLM 0.32.
ABBREVIATED = {
    "--ho": "--host",
    "--hos": "--host",
    "--por": "--port",
    "--api-k": "--api-key",
    "--api-ke": "--api-key",
    "--hf-t": "--hf-token",
    "--hf-to": "--hf-token",
    "--hf-tok": "--hf-token",
    "--hf-toke": "--hf-token",
}


@dataclass(frozen=True, slots=True)
class Serve:
    """What a `vllm serve` command line says of where and what it serves; None: it does not say."""

    model: str
    host: str | None = None
    port: str | None = None  # as written: what is no number is refused by who reads it
    api_keys: tuple[str, ...] = ()  # vLLM takes several
    config: str | None = None  # a YAML file that may say the rest
    hf_token: str | None = None
    elsewhere: str = ""  # the option that keeps its API off every TCP port: --uds or --headless
    tls: bool = False
    first: int = 0  # index in argv of the first argument of `serve`


def parse_serve(argv: Sequence[str]) -> Serve | None:
    """Read a command line; None when it is no vLLM server."""
    first = _first_argument(argv)
    if first is None:
        return None
    words = list(argv[first:])
    found = {option.name: option.values for option in _options(words)}  # argparse: the last one wins
    model, host, port, config = (
        found.get(name, (None,))[0] for name in ("--model", "--host", "--port", "--config")
    )
    if not model and words and not words[0].startswith("-"):
        model = words[0]
    return Serve(
        model=model or "",
        host=host,
        port=port,
        api_keys=tuple(key for key in found.get("--api-key", ()) if key),
        config=config,
        hf_token=found.get("--hf-token", ("",))[0] or None,
        elsewhere=next((name for name in ("--uds", "--headless") if name in found), ""),
        tls="--ssl-keyfile" in found,
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


def without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line without its keys, which VLLM_API_KEY and HF_TOKEN say as well.

    An --hf-token without a value stays: it asks for the token that the hub's login has left.
    """
    first = _first_argument(argv)
    if first is None:
        return tuple(argv)
    found = (option for option in _options(argv[first:]) if option.name in SECRETS)
    places = (option.where for option in found if option.name not in OPTIONAL or option.values[0])
    drop = {first + index for where in places for index in where}
    return tuple(word for index, word in enumerate(argv) if index not in drop)


def _first_argument(argv: Sequence[str]) -> int | None:
    program = PurePosixPath(argv[0]).name if argv else ""
    if program == "vllm" and len(argv) > 1 and argv[1] == "serve":
        return 2
    if program.startswith("python") and MODULE in argv[1:] and argv[argv.index(MODULE) - 1] == "-m":
        return argv.index(MODULE) + 1
    return None


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    values: tuple[str, ...]
    where: range  # its words


def _options(words: Sequence[str]) -> Iterator[_Option]:
    """Yield the options we know with their values and their places; values that look like options too.

    vLLM takes underscores for dashes and `--name=value`, but reads no file of `--config=FILE`.
    """
    index = 0
    while index < len(words):
        name, equals, value = words[index].partition("=")
        name = name.replace("_", "-")
        name = ABBREVIATED.get(name, name)
        end = index + 1
        if name in OPTIONS:
            if not equals:
                end = _end_of_values(words, end, name)
            values = (value,) if equals else tuple(words[index + 1 : end]) or ("",)
            if not (name == "--config" and equals):
                yield _Option(name, values, range(index, end))
        index = end


def _end_of_values(words: Sequence[str], begin: int, name: str) -> int:
    """Return where the values of an option end that begin there."""
    if name in FLAGS or (name in OPTIONAL and words[begin : begin + 1] and words[begin].startswith("-")):
        return begin
    end = min(begin + 1, len(words))
    while name == "--api-key" and end < len(words) and not words[end].startswith("-"):
        end += 1
    return end
