"""What of a host a container is to see: the folders asked for, and the caches that its login means."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, env, foreign, paths, whole

VARIABLES = ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR")
# Where the caches can be, each with what is in it: whatever of that root in a container has made.
HUBS = ("~/.cache/huggingface", "$XDG_CACHE_HOME/huggingface", "$HF_HOME")
OTHERS = (
    *(f"{home}/{name}" for home in ("~/.cache", "$XDG_CACHE_HOME") for name in ("vllm", "flashinfer")),
    *("$HF_HUB_CACHE", "$VLLM_CACHE_ROOT", "$TRITON_CACHE_DIR", "~/.triton", "~/.tilelang"),
)
CACHES = (
    *(f"{hub}{part}" for hub in HUBS for part in ("", "/*", "/hub/*")),
    *(f"{other}{part}" for other in OTHERS for part in ("", "/*")),
)
HOME, INSIDE = "~", "/root"  # of the login on the host, and of root in a container
HUB = f"{INSIDE}/.cache/huggingface"
HOME_AS_WRITTEN = re.compile(r"^(--[a-z-]+=)?~(?=/|$)|\$HOME\b|\$\{HOME\}")


@dataclass(frozen=True, slots=True)
class Places:
    """`found` has for each path asked for its expanded form and its kind ("" for nothing)."""

    found: Mapping[str, tuple[str, str]]
    caches: tuple[tuple[str, str], ...]  # source on the host, target in the container
    home: str = ""  # of the login
    roots: tuple[str, ...] = ()  # what root has made in caches and mounts of a login that is not root's
    # Of caches of which no folder can be made: what stands there, and where it leads if it is a link.
    blocked: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def hub(self) -> tuple[tuple[str, str], ...]:
        """Return those of the caches that hold models: what is in them was fetched, not compiled."""
        return tuple(each for each in self.caches if each[1].startswith(HUB))

    def exists(self, source: str) -> bool:
        """Say whether there is something at a path."""
        return bool(self.found[source][1])

    def at_home(self, word: str) -> str:
        """Return a word of a command line with the home of that host's login, as a shell there puts it in."""
        return _at_home(word, self.home)

    def path(self, source: str) -> str:
        """Return a path with ~ and variables expanded as that host's login does."""
        return self.found[source][0]


def mounts(sources: tuple[str, ...]) -> Fact[Places]:
    """Return a fact about paths to mount."""

    def parse(answers: Answers) -> Places:
        there = answers["paths"]["paths"]
        theirs = {there[source]["path"] for source in sources if not there[source]["ours"]}
        home = there[HOME]["path"]
        return Places(
            {source: (there[source]["path"], there[source]["kind"]) for source in sources},
            tuple(_caches(answers["env"]["env"], home)),
            home,
            tuple(sorted(_roots(answers["foreign"]["foreign"], theirs))),
            {each["path"]: (each["blocked"], each["link"]) for each in there.values() if each.get("blocked")},
        )

    return Fact(
        f"mounts {' '.join(sources)}",
        {
            "env": env(*VARIABLES),
            "paths": paths(HOME, *HUBS, *OTHERS, *sources),
            "foreign": foreign(*CACHES, *(f"{each}/*" for each in sources)),
        },
        parse,
        recorded=whole,
    )


def _roots(owners: Mapping[str, int], theirs: set[str]) -> Iterator[str]:
    """Yield the uppermost that root owns, but not what lies in a mount that is not the login's either."""
    roots = {path for path, uid in owners.items() if uid == 0}
    for path in roots:
        above = {str(parent) for parent in PurePosixPath(path).parents}
        if not above & roots and path.rpartition("/")[0] not in theirs:
            yield path


def _at_home(word: str, home: str) -> str:
    return HOME_AS_WRITTEN.sub(lambda found: f"{found[1] or ''}{home}", word)


def _caches(values: Mapping[str, str | None], home: str) -> list[tuple[str, str]]:
    """Return the caches: of the hub as huggingface_hub finds it, of vLLM, FlashInfer, Triton and TileLang."""
    said = {name: _at_home(value, home) for name, value in values.items() if value}
    cache = said.get("XDG_CACHE_HOME", f"{home}/.cache")
    found = [(said.get("HF_HOME", f"{cache}/huggingface"), HUB)]
    if blobs := said.get("HF_HUB_CACHE"):
        found.append((blobs, f"{HUB}/hub"))
    return [
        *found,
        (said.get("VLLM_CACHE_ROOT", f"{cache}/vllm"), f"{INSIDE}/.cache/vllm"),
        (f"{cache}/flashinfer", f"{INSIDE}/.cache/flashinfer"),
        (said.get("TRITON_CACHE_DIR", f"{home}/.triton"), f"{INSIDE}/.triton"),
        (f"{home}/.tilelang", f"{INSIDE}/.tilelang"),
    ]
