"""`vllm serve` as an argument vector: what it says, and the same with what it leaves out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath

from sparkup.commands.vllm_options import ALIASES, FLAGS, ONE_VALUE, OPTIONAL_VALUE, SEVERAL_VALUES
from sparkup.domain.secret_names import is_secret

MODULE, PROGRAM_MODULE = "vllm.entrypoints.openai.api_server", "vllm.entrypoints.cli.main"
PYTHON_TAKES_A_VALUE = frozenset({"-X", "-W"})
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
BETWEEN_WORDS = re.compile(r"[\s;&|()<>`'\"]+")  # of a shell
# The program, a package, an image or a module: vllm, vllm==0.32, vllm/vllm-openai:latest, vllm.entrypoints.X
IS_VLLM = re.compile(r"(?!-).*vllm(-openai)?([=@:\[].*)?|(-\w*m)?vllm\.entrypoints\..+")
KNOWN = FLAGS | ONE_VALUE | SEVERAL_VALUES | OPTIONAL_VALUE | {"--model"}  # which its help keeps back
# What each rank of several hosts is told of the others (vllm serve --help).
OF_RANKS = ("--nnodes", "--node-rank", "--master-addr", "--master-port", "--headless")
SECRETS = {"--api-key": "VLLM_API_KEY", "--hf-token": "HF_TOKEN"}  # and the variables that say the same


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
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # its options, by their whole names

    def value(self, option: str) -> str | None:
        """Return the value of an option as it was written, None where it was not given."""
        values = self.said.get(option)
        return None if values is None else " ".join(values)


def parse_serve(argv: Sequence[str]) -> Serve | None:
    """Read a command line; None when it is no vLLM server."""
    first = _first_argument(argv)
    if first is None:
        return None
    words = list(argv[first:])
    options = tuple(_options(words))
    found = {option.name: option.values for option in options}  # argparse: the last one wins
    model, host, port, config = (
        found.get(name, (None,))[0] for name in ("--model", "--host", "--port", "--config")
    )
    return Serve(
        model=model or _positional(words, options),
        host=host,
        port=port,
        api_keys=tuple(key for key in found.get("--api-key", ()) if key),
        config=config,
        hf_token=found.get("--hf-token", ("",))[0] or None,
        elsewhere=next((name for name in ("--uds", "--headless") if name in found), ""),
        tls="--ssl-keyfile" in found,
        first=first,
        said=found,
    )


def _positional(words: Sequence[str], options: Sequence["_Option"]) -> str:
    """Return the first word that is no option's value; "" behind an option we do not know the values of."""
    taken = {place for option in options for place in option.where}
    for place, word in enumerate(words):
        if word == "--":
            return words[place + 1] if words[place + 1 :] else ""
        if place not in taken:
            return "" if word.startswith("-") else word
    return ""


def complete(argv: Sequence[str], *, host: str | None, port: int | None) -> tuple[str, ...]:
    """Return the command line with what it does not say about where to listen."""
    extra: list[str] = []
    if host is not None:
        extra += ["--host", host]
    if port is not None:
        extra += ["--port", str(port)]
    return with_options(argv, *extra)


def with_options(argv: Sequence[str], *words: str) -> tuple[str, ...]:
    """Return the command line of a server with options added: before a `--`, behind which nothing is one."""
    first = _first_argument(argv) or 0
    end = argv.index("--", first) if "--" in argv[first:] else len(argv)
    return (*argv[:end], *words, *argv[end:])


def without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line without its keys, which VLLM_API_KEY and HF_TOKEN say as well.

    An --hf-token without a value stays: it asks for the token that the hub's login has left.
    """
    first = _first_argument(argv)
    if first is None:
        return tuple(argv)
    found = (option for option in _options(argv[first:]) if option.name in SECRETS)
    places = (option.where for option in found if option.name not in OPTIONAL_VALUE or option.values[0])
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
    option = next((each.name for each in found if each.name not in OPTIONAL_VALUE or each.values[0]), "")
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

    vLLM takes underscores for dashes, `--name=value`, beginnings that no other option shares, and
    `--name.key value` for an option of JSON; it reads no file of `--config=FILE`.
    """
    index = 0
    while index < len(words):
        name, equals, value = words[index].partition("=")
        name = whole(name)
        end = index + 1
        if name in KNOWN:
            if not equals:
                end = _end_of_values(words, end, name)
            values = (value,) if equals else tuple(words[index + 1 : end]) or ("",)
            if not (name == "--config" and equals):
                yield _Option(name, values, range(index, end))
        index = end


@cache
def whole(name: str) -> str:
    """Return the name of an option that an abbreviation, an alias or a dotted key means; else the same."""
    name, dot, _ = name.replace("_", "-").partition(".") if name.startswith("-") else (name, "", "")
    name = ALIASES.get(name, name)
    if dot or name in KNOWN or not name.startswith("--") or name == "--":
        return name
    meant = {ALIASES.get(each, each) for each in (*KNOWN, *ALIASES) if each.startswith(name)}
    return meant.pop() if len(meant) == 1 else name


def _end_of_values(words: Sequence[str], begin: int, name: str) -> int:
    """Return where the values of an option end that begin there."""
    following = words[begin] if begin < len(words) else ""
    if name in FLAGS or (name in OPTIONAL_VALUE and following.startswith("-")):
        return begin
    if whole(following.partition("=")[0]) in SECRETS:  # its value was forgotten; the key is one all the same
        return begin
    end = min(begin + 1, len(words))
    while name in SEVERAL_VALUES and end < len(words) and not words[end].startswith("-"):
        end += 1
    return end
