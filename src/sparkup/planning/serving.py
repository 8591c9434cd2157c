"""Where a server will listen and whether it can: ports, addresses, the model folder."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparkup.commands.vllm import Serve, complete
from sparkup.domain.fact import Seen
from sparkup.domain.host import follow_up
from sparkup.domain.launch import RankState
from sparkup.errors import Problem
from sparkup.facts.launches import LAUNCHES
from sparkup.facts.listeners import HOLDERS, LISTENERS
from sparkup.facts.programs import Lookup

DEFAULT_PORT = 8000  # vllm serve --help
LOOPBACK = "127.0.0.1"
ANY = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK, "localhost": LOOPBACK}  # noqa: S104 - read, not bound
LOCAL_PATH = re.compile(r"^(/|\./|\.\./|~)")
HUB_NAME = re.compile(r"[\w.-]+(/[\w.:-]+)?")  # old names have no organisation; GGUF ones may end in :QUANT


@dataclass(frozen=True, slots=True)
class Serving:
    """A server's command line made complete, and where a client on the host finds it."""

    argv: tuple[str, ...]
    port: int
    api_host: str
    bound: str  # the address it listens on
    inside: int | None = None  # its port in a container that has a network of its own


def place(argv: Sequence[str], serve: Serve, config: str, taken: Sequence[int]) -> Serving | Problem:
    """Decide where a server listens; one that names no host gets the loopback (design §4.9)."""
    host, port = asked_for(serve, config)
    number = next(free for free in range(DEFAULT_PORT, 65536) if free not in taken)
    if port is not None:
        if not is_port(port):
            return no_port(port)
        number = int(port)
    return Serving(
        argv=complete(
            argv,
            host=LOOPBACK if host is None else None,
            port=number if port is None and number != DEFAULT_PORT else None,
        ),
        port=number,
        api_host=LOOPBACK if host is None else ANY.get(host, host),
        bound=LOOPBACK if host is None else host,
    )


def asked_for(serve: Serve, config: str) -> tuple[str | None, str | None]:
    """Return the host and the port that a command line says, or else its configuration."""
    said = _configured(config)
    host = serve.host if serve.host is not None else said.get("host")
    return host, serve.port if serve.port is not None else said.get("port")


def is_port(text: str) -> bool:
    """Say whether a word is the number of a port."""
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536


def no_port(text: str) -> Problem:
    """Return the refusal of a word that is no port."""
    return Problem("bad-option", f"--port {text} is no port", hint="use a number from 1 to 65535")


def _configured(config: str) -> dict[str, str]:
    """Return host and port of a file for `vllm serve --config`: YAML with the long options as keys."""
    found = re.findall(r"^(host|port)[ \t]*:[ \t]*[\"']?([^\s\"'#]+)", config, re.MULTILINE)
    return dict(found)


def mine(seen: Seen) -> list[RankState]:
    """Return this user's living launches: what others' state says of names and ports binds nobody."""
    return [rank for rank in seen[LAUNCHES] if rank.alive and rank.mine]


def port_problem(port: int, seen: Seen, *, published: bool = False, option: str = "--port") -> Problem | None:
    """Say who holds a port, if somebody does; `option`: by which another can be chosen."""
    holding = [listener for listener in seen[LISTENERS] if listener.port == port]
    ours = next((rank for rank in mine(seen) if rank.port == port), None)
    if not holding and ours is None:
        return None
    holders = seen[HOLDERS]
    who = next((holders[each.inode] for each in holding if each.inode in holders), "")
    name = f"the launch {ours.launch}" if ours else who or "a process of another user"
    stop = follow_up("stop", ours.launch, seen.host) if ours else "end that process"
    other = "publish another with -p" if published else f"choose another with {option}"
    return Problem("port-taken", f"port {port} is held by {name}", seen.host, f"{other}, or {stop}")


def model_problem(model: str, seen: Lookup, host: str) -> Problem | None:
    """Say what is wrong with a model given as a folder; a name on the hub is vLLM's to judge."""
    path = bool(LOCAL_PATH.match(model))
    if seen.model == "folder" and not seen.model_configured:
        return Problem(
            "model-not-found",
            f"the model folder {model} has no config.json",
            where=host,
            hint="give the folder that holds config.json (in a Hugging Face cache: snapshots/REVISION)",
        )
    if path and not seen.model:
        return Problem(
            "model-not-found",
            f"there is no model folder {model}",
            where=host,
            hint="the folder must be on the host that serves; check the path there",
        )
    if not seen.model and not HUB_NAME.fullmatch(model) and "://" not in model:
        return Problem(
            "model-not-found",
            f"{model!r} is neither a folder nor ORGANISATION/NAME of the hub",
            where=host,
            hint="give a path, or the name as the hub's page shows it",
        )
    return None
