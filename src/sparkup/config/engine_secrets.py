"""Secrets in further words for an engine, where all users of the machine would see them."""

import re
from collections.abc import Iterable, Iterator

from sparkup.domain.secret_names import is_secret

NAMED = re.compile(r"(\w[\w.-]*)=(.+)", re.DOTALL)
VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Tokens of Hugging Face, NVIDIA and GitHub, which tell what they are.
TOKEN = re.compile(r"(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{16}|nvapi-[\w-]{20}|gh[opsu]_[A-Za-z0-9]{20})")
# What a shell in the container is to put in ($NAME) is no secret yet.
HEADER = re.compile(r"\bauthorization\s*[:=]\s*(?:(?:bearer|basic|token)\s+)?([^\s'\"$]?)", re.IGNORECASE)
OTHER = (
    "leave it out: no option of the engine hides it; a variable for the command: sparkup launch -e NAME=..., "
    "with letters, digits and _ in its name"
)


def secrets(said: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield of words and values what is a secret in them, never with it, and what to do instead."""
    for word in said:
        named = {*_named(word)}
        yield from named
        if not named and TOKEN.search(word):
            yield "a token", OTHER
        elif not named and any(HEADER.findall(word)):
            yield "an Authorization header", OTHER


def _named(word: str) -> Iterator[tuple[str, str]]:
    """Yield the secret variable that a word is, or the secrets in its fields, as --mount has them."""
    whole = NAMED.fullmatch(word)
    if whole and VARIABLE.fullmatch(whole[1]) and is_secret(whole[1], whole[2]):
        yield whole[1], f"leave it out, and give it so instead: sparkup launch -e {whole[1]}=..."
        return
    for field in (word, *word.split(",")):
        rest = field
        while found := NAMED.fullmatch(rest):
            name, rest = found[1], found[2]
            if is_secret(re.sub(r"[.-]", "_", name), rest):
                yield name, OTHER
