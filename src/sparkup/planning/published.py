"""Where a server listens in a container that has a network of its own, and where its host has that."""

from collections.abc import Sequence

from sparkup.commands.vllm import Serve, complete
from sparkup.domain.container import Port
from sparkup.errors import Problem
from sparkup.planning.serving import ANY, DEFAULT_PORT, LOOPBACK, Serving, asked_for, is_port, no_port

ALL = "0.0.0.0"  # noqa: S104 - of the container's network, which only published ports lead to
LOOPBACKS = (LOOPBACK, "::1", "localhost")


def publish(argv: Sequence[str], serve: Serve, config: str, ports: Sequence[Port]) -> Serving | Problem:
    """Decide where a server listens inside: at a port that is published, on all addresses there."""
    leading = {port.inside: port for port in reversed(ports) if port.protocol == "tcp"}
    host, said = asked_for(serve, config)
    if said is not None and not is_port(said):
        return no_port(said)
    if host in LOOPBACKS:
        message = f"a server on {host} of the container is not reached through -p"
        return Problem("bad-option", message, hint="leave --host out: who may reach it is said by -p")
    first = next((port.inside for port in ports if port.protocol == "tcp"), DEFAULT_PORT)
    number = int(said) if said is not None else DEFAULT_PORT if DEFAULT_PORT in leading else first
    if number not in leading:
        message = f"port {number}, where the server listens, is not published"
        hint = f"-p {number}:{number}; without any -p the container is on the host's network"
        return Problem("bad-option", message, hint=hint)
    port = leading[number]
    return Serving(
        argv=complete(
            argv,
            host=ALL if host is None else None,
            port=number if said is None and number != DEFAULT_PORT else None,
        ),
        port=port.outside,
        api_host=ANY.get(port.address, port.address),
        bound=port.address,
        inside=number,
    )
