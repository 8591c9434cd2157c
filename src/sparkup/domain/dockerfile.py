"""A Dockerfile's build arguments and their defaults."""

import re
import shlex
from collections.abc import Iterator, Mapping

_LINE = re.compile(r"\s*ARG\s+(.+)", re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z_]\w*)(?:=(.*))?", re.DOTALL)
# What BuildKit knows without a line: they change no layer (docs.docker.com/reference/dockerfile).
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


def arguments(dockerfile: str) -> Mapping[str, str]:
    """Return the build arguments with their defaults; the first default counts where there are several."""
    found: dict[str, str] = {}
    for name, value in _declared(dockerfile):
        if value is not None:
            found.setdefault(name, value)
    return {**{name: "" for name, _ in _declared(dockerfile)}, **found}


def _declared(dockerfile: str) -> Iterator[tuple[str, str | None]]:
    for line in dockerfile.replace("\\\n", " ").splitlines():
        declared = _LINE.fullmatch(line)
        for word in shlex.split(declared[1]) if declared else ():
            if named := _NAMED.fullmatch(word):
                yield named[1], named[2]
