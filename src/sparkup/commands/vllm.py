"""`vllm serve` as an argument vector: what it says, and the same with what it leaves out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.secret_names import is_secret

MODULE, PROGRAM_MODULE = "vllm.entrypoints.openai.api_server", "vllm.entrypoints.cli.main"
PYTHON_TAKES_A_VALUE = frozenset({"-X", "-W"})
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
BETWEEN_WORDS = re.compile(r"[\s;&|()<>`'\"]+")  # of a shell
# The program, a package, an image or a module: vllm, vllm==0.32, vllm/vllm-openai:latest, vllm.entrypoints.X
IS_VLLM = re.compile(r"(?!-).*vllm(-openai)?([=@:\[].*)?|(-\w*m)?vllm\.entrypoints\..+")
FLAGS = frozenset({"--headless"})
OPTIONAL = frozenset({"--hf-token"})  # their value may be left out
OPTIONS = (
    FLAGS | OPTIONAL | {"--host", "--port", "--model", "--api-key", "--config", "--uds", "--ssl-keyfile"}
)
SECRETS = {"--api-key": "VLLM_API_KEY", "--hf-token": "HF_TOKEN"}  # and the variables that say the same
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


def exposed_secret(argv: Sequence[str]) -> str:
    """Return the option or the variable that says a secret to a vLLM inside another command, "" for none.

    `env`, `nice` or a shell may stand before it, and a shell has it all in one word.
    """
    if _first_argument(argv) is not None:
        return ""
    words = [part for word in argv for part in BETWEEN_WORDS.split(word) if part]
    begin = next((place for place, word in enumerate(words) if IS_VLLM.fullmatch(word)), None)
    if begin is None:
        return ""
    variables = (word.partition("=") for word in words[:begin] if VARIABLE.match(word))
    variable = next((name for name, _, value in variables if value and is_secret(name, value)), "")
    found = (option for option in _options(words[begin:]) if option.name in SECRETS)
    option = next((each.name for each in found if each.name not in OPTIONAL or each.values[0]), "")
    return option or variable


def _first_argument(argv: Sequence[str]) -> int | None:
    begin = _behind_python(argv)
    first, second, third = (*argv[begin : begin + 3], "", "", "")[:3]
    if begin and first == "-m":
        if second == MODULE:
            return begin + 2
        return begin + 3 if (second, third) == (PROGRAM_MODULE, "serve") else None
    return begin + 2 if PurePosixPath(first).name == "vllm" and second == "serve" else None


def _behind_python(argv: Sequence[str]) -> int:
    """Return where the program begins that a Python is to run, 0 where there is no Python."""
    if not argv or not PurePosixPath(argv[0]).name.startswith("python"):
        return 0
    place = 1
    while place < len(argv) and argv[place].startswith("-") and argv[place] not in ("-m", "-c"):
        place += 2 if argv[place] in PYTHON_TAKES_A_VALUE else 1
    return place


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
        name = _whole(name)
        end = index + 1
        if name in OPTIONS:
            if not equals:
                end = _end_of_values(words, end, name)
            values = (value,) if equals else tuple(words[index + 1 : end]) or ("",)
            if not (name == "--config" and equals):
                yield _Option(name, values, range(index, end))
        index = end


def _whole(name: str) -> str:
    name = name.replace("_", "-")
    return ABBREVIATED.get(name, name)


def _end_of_values(words: Sequence[str], begin: int, name: str) -> int:
    """Return where the values of an option end that begin there."""
    following = words[begin] if begin < len(words) else ""
    if name in FLAGS or (name in OPTIONAL and following.startswith("-")):
        return begin
    if _whole(following.partition("=")[0]) in SECRETS:  # its value was forgotten; the key is one all the same
        return begin
    end = min(begin + 1, len(words))
    while name == "--api-key" and end < len(words) and not words[end].startswith("-"):
        end += 1
    return end
