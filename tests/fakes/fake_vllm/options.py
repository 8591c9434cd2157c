"""The command line of `vllm serve`: the real one's options, and its words for what it refuses."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VERSION = "0.32.0"
TABLE = Path(__file__).with_name("options.tsv")  # made by list_options.py
USAGE = """usage: vllm [-h] [-v]
            {chat,complete,serve,launch,bench,collect-env,download-kernels,preload,run-batch,snapshot}
            ...
vllm: error: """
UNITS = {"k": 1000, "m": 1000**2, "g": 1000**3, "K": 1024, "M": 1024**2, "G": 1024**3}


@dataclass(frozen=True)
class Options:
    """What a command line asks for."""

    model: str
    given: dict[str, object]  # everything that is not left out
    names: tuple[str, ...]
    host: str | None
    port: int
    api_keys: tuple[str, ...]
    max_model_len: int | None
    kv_bytes: int
    pooling: bool
    ranks: int


class Refused(Exception):
    """The command line is wrong; the text is what is printed, exit 2."""


class Parser(argparse.ArgumentParser):
    """argparse that raises: the real one needs its imports before it can refuse anything."""

    def error(self, message: str) -> None:  # type: ignore[override]  # the caller needs the text
        """Refuse a command line in the real one's words."""
        raise Refused(f"usage: vllm serve [model_tag] [options]\nvllm serve: error: {message}\n")


def parse(argv: Sequence[str]) -> Options:
    """Read the arguments after `serve`."""
    given, unknown = _parser().parse_known_args([_dashes(word) for word in argv])
    values = {name: value for name, value in vars(given).items() if value is not None}
    left = _left(unknown)
    if left:
        raise Refused(f"{USAGE}unrecognized arguments: {' '.join(left)}\n")
    model = values.get("model_tag") or values.get("model") or "Qwen/Qwen3-0.6B"
    return Options(
        model=model,
        given={"model_tag": model, **values},
        names=tuple(values.get("served_model_name", [model])),
        host=values.get("host"),
        port=values.get("port", 8000),
        api_keys=tuple(values.get("api_key", [])),
        max_model_len=_number(values.get("max_model_len")),
        kv_bytes=_number(values.get("kv_cache_memory_bytes")) or 64 << 20,
        pooling=values.get("runner") == "pooling" or values.get("convert") in ("embed", "classify"),
        ranks=values.get("tensor_parallel_size", 1) * values.get("pipeline_parallel_size", 1),
    )


def usage_without_command(argv: Sequence[str]) -> str:
    """Return what is printed for a command that is not `serve`."""
    return f"{USAGE}argument subparser: invalid choice: {argv[0] if argv else ''!r}\n"


def _parser() -> Parser:
    parser = Parser(prog="vllm serve", argument_default=None, add_help=False)
    parser.add_argument("model_tag", nargs="?")
    for row in TABLE.read_text().splitlines():
        spellings, takes, kind, choices = row.split("\t")
        names = spellings.split()
        if takes == "0":
            parser.add_argument(*names, action="store_true", default=None)
            continue
        parser.add_argument(
            *names,
            nargs=None if takes == "1" else takes,
            type=int if kind == "int" else str,
            choices=choices.split(",") if choices else None,
        )
    return parser


def _dashes(word: str) -> str:
    """Return an option with dashes for underscores, as vLLM's parser takes it."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if word.startswith("--") else word


def _left(unknown: Sequence[str]) -> list[str]:
    """Return what vLLM's parser does not know either: it turns --option.key VALUE into JSON, -O3 too."""
    left: list[str] = []
    words = iter(unknown)
    for word in words:
        if re.fullmatch(r"-O\d", word):
            continue
        if not re.match(r"--?[\w-]+\.\w", word):
            left.append(word)
        elif "=" not in word:
            next(words, None)
    return left


def _number(text: str | None) -> int | None:
    if text is None or text in ("auto", ""):
        return None
    digits, unit = (text[:-1], text[-1]) if text[-1] in UNITS else (text, "")
    try:
        return int(float(digits) * UNITS.get(unit, 1))
    except ValueError:
        raise Refused(
            f"usage: vllm serve [model_tag] [options]\nvllm serve: error: argument: invalid value: {text!r}\n"
        ) from None
