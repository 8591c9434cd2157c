"""One launch on several hosts: what each rank is started from, so that they find each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sparkup.commands import ray
from sparkup.commands.vllm import Serve, with_options
from sparkup.domain.backend import PORTS, Backend
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import Fabric, Variable
from sparkup.domain.launch import BEAT_KEY, Launch, Node, Part
from sparkup.planning.fabric_environment import environments
from sparkup.planning.parallel import EXECUTOR

LEASE = 90.0  # seconds: longer than a host that was lost is tried again for (run/executor.py)
ADDRESS = "RAY_ADDRESS"  # where the head's own commands find the cluster
DEBUG = "NCCL_DEBUG"
TOLD = (
    Variable(DEBUG, "INFO", "NCCL says in the log over what it sends: of TCP it makes no error"),
    Variable("NCCL_DEBUG_SUBSYS", "INIT,NET", "and nothing else"),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How and where the ranks of a launch find each other."""

    backend: Backend
    port: int
    addresses: tuple[str, ...]  # of each node, the head's first
    gpus: tuple[int, ...]  # that each node gives

    @property
    def head(self) -> str:
        """Return the head's address."""
        return self.addresses[0]


def free_port(backend: Backend, asked: int | None, taken: Sequence[int]) -> int:
    """Return where ranks meet: as asked, else at the usual port of the backend or the next that is free."""
    if asked is not None:
        return asked
    return next(port for port in range(PORTS[backend], 65536) if port not in taken)


def together(
    drafts: Sequence[Launch], nodes: Sequence[Node], serve: Serve | None, meeting: Meeting, fabric: Fabric
) -> Launch:
    """Return one launch of what was decided for each host, the head's first."""
    head = drafts[0]
    own = environments(fabric)  # of all at once: each host alone would read the whole fabric again

    def ours(draft: Launch, node: Node) -> tuple[Variable, ...]:
        return variables(own[node.host], fabric, draft.environment.plain, meeting.backend)

    parts = [
        _part(draft, node, serve, meeting, ours(draft, node))
        for draft, node in zip(drafts, nodes, strict=True)
    ]
    return replace(
        head,
        backend=meeting.backend,
        meets=meeting.port,
        lease=LEASE,
        argv=parts[0].argv,
        environment=parts[0].environment,
        nodes=tuple(
            replace(node, address=address, part=part)
            for node, address, part in zip(nodes, meeting.addresses, parts, strict=True)
        ),
    )


def with_key(launch: Launch, key: str) -> Launch:
    """Return the launch with the secret that its ranks sign their beats with; one rank needs none."""
    secret = Secret(BEAT_KEY, key)

    def having(node: Node) -> Node:
        if node.part is None:
            return node
        mine = node.part.environment
        environment = Environment(mine.plain, (*mine.secret, secret))
        return replace(node, part=replace(node.part, environment=environment))

    return replace(launch, nodes=tuple(map(having, launch.nodes)))


def without_us(launch: Launch) -> Launch:
    """Return the launch as a script starts it: nobody renews a lease, so there is none.

    It has no key for beats either, which is no plan's to hold: its ranks do not hear of each other.
    """
    return replace(launch, lease=0.0)


def variables(
    own: Sequence[Variable], fabric: Fabric, given: Mapping[str, str], backend: Backend | None
) -> tuple[Variable, ...]:
    """Return what a rank gets of us, and why: `own` is the fabric's for its host, `given` the user's."""
    said = TOLD if fabric.rdma and DEBUG not in given else ()
    return (*own, *said, *(ray.VARIABLES if backend is Backend.RAY else ()))


def _part(draft: Launch, node: Node, serve: Serve | None, meeting: Meeting, ours: Sequence[Variable]) -> Part:
    plain = {**{each.name: each.value for each in ours}, **draft.environment.plain}
    part = Part(
        argv=draft.argv,
        environment=Environment(plain, draft.environment.secret),
        python_environment=draft.python_environment,
        cwd=draft.cwd,
        container=draft.container,
    )
    match meeting.backend:
        case Backend.MP:
            return replace(part, argv=with_options(draft.argv, *_native(node, serve, meeting)))
        case Backend.RAY:
            return _of_ray(part, node, serve, meeting)


def _native(node: Node, serve: Serve | None, meeting: Meeting) -> Iterator[str]:
    """Yield vLLM's own words for a rank of several hosts (vllm serve --help: --nnodes and its kin)."""
    if serve is not None and EXECUTOR not in serve.said:
        yield from (EXECUTOR, str(Backend.MP))
    yield from ("--nnodes", str(len(meeting.addresses)), "--node-rank", str(node.rank))
    yield from ("--master-addr", meeting.head, "--master-port", str(meeting.port))
    if node.rank:
        yield "--headless"


def _of_ray(part: Part, node: Node, serve: Serve | None, meeting: Meeting) -> Part:
    """Return the rank of a Ray cluster: all join it, and the head runs the command in it, if there is one."""
    address, gpus = meeting.addresses[node.rank], meeting.gpus[node.rank]
    if node.rank:
        argv = ray.worker(address, meeting.head, meeting.port, gpus)
        return replace(part, argv=argv, awaits=(meeting.head, meeting.port))
    begin = ray.head(address, meeting.port, gpus, block=not part.argv)
    plain = {ADDRESS: f"{meeting.head}:{meeting.port}", **part.environment.plain}
    part = replace(part, environment=Environment(plain, part.environment.secret))
    if not part.argv:
        return replace(part, argv=begin)
    said = serve is None or EXECUTOR in serve.said
    argv = part.argv if said else with_options(part.argv, EXECUTOR, str(Backend.RAY))
    return replace(part, argv=argv, first=(begin,))
