"""What a launch takes from cluster.yaml where its command line says nothing."""

from dataclasses import replace

from sparkup.config.request import Typed
from sparkup.domain.command import Environment
from sparkup.domain.inventory import Inventory
from sparkup.domain.launch import Engine, LaunchRequest


def with_defaults(typed: Typed, known: Inventory) -> Typed:
    """Return the words of a launch with those of an inventory; what was typed wins."""
    found = known.defaults
    plain = (f"{name}={value}" for name, value in found.environment.plain.items())
    contained = typed.engine != Engine.HOST and not typed.venv
    image = typed.container.image or (found.image if contained else "") or None
    return replace(
        typed,
        name=typed.name or found.name or None,
        env=(*found.inherited, *plain, *typed.env),
        master_port=typed.master_port or (str(found.master_port) if found.master_port else None),
        eth_if=typed.eth_if or _each(typed, known, "eth_if"),
        ib_if=typed.ib_if or _each(typed, known, "ib_if"),
        container=replace(typed.container, image=image),
    )


def with_secrets(request: LaunchRequest, known: Inventory) -> LaunchRequest:
    """Return a request with the secrets of an inventory that it has no variables for."""
    mine = request.environment
    more = tuple(each for each in known.defaults.environment.secret if each.name not in mine.names())
    return replace(request, environment=Environment(mine.plain, (*more, *mine.secret)))


def _each(typed: Typed, known: Inventory, option: str) -> tuple[str, ...]:
    """Return an option for each host of a launch on several: its own, else that of all."""
    if len(typed.hosts) < 2:
        return ()
    words = []
    for host in typed.hosts:
        own = getattr(known.hosts.get(host.name), option, "") or getattr(known.defaults, option)
        value = own if isinstance(own, str) else ",".join(own)
        words += [f"{host.name}={value}"] if value else []
    return tuple(words)
