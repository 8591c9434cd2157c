"""Prove that a launch uses RDMA: what NCCL said of each rank, and what its devices counted; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sparkup.commands.vllm import parse_serve
from sparkup.domain.backend import Backend
from sparkup.domain.fabric import Interface
from sparkup.domain.fact import Observed
from sparkup.domain.launch import Launch, Node
from sparkup.domain.proof import Proof, RankProof
from sparkup.facts.gpus import GPU
from sparkup.facts.links import LINKS
from sparkup.facts.nccl_log import NcclNetwork, cause, network
from sparkup.facts.rdma_counters import Counters, between
from sparkup.planning.gates_subject import on_cpu

FILE = "proof.json"  # in the folder of the launch on its head
TCP = "TCP sockets: slow, because "
COUNTED_NOTHING = Counters()

Counted = Mapping[str, Counters]  # by device


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of the ranks after they were ready, by host. `asked`: one request was answered."""

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lines of NCCL
    before: Mapping[str, Counted] = field(default_factory=dict)
    after: Mapping[str, Counted] = field(default_factory=dict)
    asked: bool = False


def planned(launch: Launch, node: Node, seen: Observed) -> tuple[str, ...]:
    """Return the RDMA devices that NCCL is to use on a host, as the variables of its rank say; () for TCP."""
    given = launch.on(node).environment.plain
    if _turned_off(given):
        return ()
    wanted = given.get("NCCL_IB_HCA", "")
    mine = [each.rdma for each in seen[node.host][LINKS] if each.rdma]
    names, sign = wanted.lstrip("^="), wanted[: len(wanted) - len(wanted.lstrip("^="))]
    listed = [name.partition(":")[0] for name in names.split(",") if name]
    if not listed:
        return tuple(each.name for each in mine if each.active)
    exact, without = "=" in sign, "^" in sign

    def named(device: str) -> bool:
        return any(device == name if exact else device.startswith(name) for name in listed)

    return tuple(each.name for each in mine if named(each.name) != without)


def _turned_off(given: Mapping[str, str]) -> bool:
    return given.get("NCCL_IB_DISABLE") == "1" or given.get("NCCL_NET", "").lower() == "socket"


def foregone(launch: Launch, seen: Observed) -> Proof | None:
    """Return the verdict where there is nothing to measure, None where there is."""
    if len(launch.nodes) == 1:
        return Proof("RDMA: not applicable, one host alone")
    if parse_serve(launch.argv) is None:
        return Proof("RDMA: not applicable, no vLLM server")
    if all(
        on_cpu(launch.on(node), seen[node.host]) or not seen[node.host][GPU].cards for node in launch.nodes
    ):
        return Proof("RDMA: not applicable on the CPU")
    without = [node.host for node in launch.nodes if not planned(launch, node, seen)]
    if not without:
        return None
    head = launch.on(launch.head).environment.plain
    joined = any(each.rdma and each.rdma.active for node in launch.nodes for each in seen[node.host][LINKS])
    why = "RDMA was turned off" if joined and _turned_off(head) else f"no RDMA joins {', '.join(without)}"
    ranks = tuple(RankProof(node.rank, node.host) for node in launch.nodes)
    return Proof(TCP + why, rdma=False, ranks=ranks)


def prove(launch: Launch, seen: Observed, evidence: Evidence) -> Proof:
    """Return the verdict about a launch on several hosts from what was seen of it."""
    ranks = tuple(_rank(launch, node, seen, evidence) for node in launch.nodes)
    slow = next((each for each in ranks if each.transport and not _rdma(each.transport)), None)
    if slow is not None:
        why = cause(_lines(launch, slow.host, evidence)) or f"NCCL uses {slow.transport}"
        return Proof(f"{TCP}{why} (rank {slow.rank} on {slow.host})", rdma=False, ranks=ranks)
    said = all(each.transport for each in ranks)
    if not evidence.asked or any(size is None for each in ranks for size in each.moved.values()):
        return _unmeasured(ranks, evidence, seen, said=said)
    still = [f"{device} of {each.host}" for each in ranks for device, size in each.moved.items() if not size]
    if not still:
        return Proof(f"RDMA on {_all(ranks, seen)}", rdma=True, ranks=ranks)
    there = sum(len(each.moved) for each in ranks)
    told = f"nothing went over {', '.join(still)}"
    if len(still) == there:
        return Proof(f"RDMA: not known, {told}", ranks=ranks)
    return Proof(f"RDMA on {there - len(still)} of {there} devices: {told}", rdma=True, ranks=ranks)


def _unmeasured(ranks: Sequence[RankProof], evidence: Evidence, seen: Observed, *, said: bool) -> Proof:
    """Return the verdict where bytes could not be counted: NCCL's own words count for what they say."""
    why = "the devices do not count bytes" if evidence.asked else "no request was answered"
    if not said:
        silent = ", ".join(each.host for each in ranks if not each.transport)
        return Proof(f"RDMA: not known, {why}, and NCCL said nothing of it on {silent}", ranks=tuple(ranks))
    left = [f"{device} of {each.host}" for each in ranks for device in each.moved if device not in each.hcas]
    if left:
        there = sum(len(each.moved) for each in ranks)
        told = f"RDMA on {there - len(left)} of {there} devices: NCCL leaves out {', '.join(left)}"
        return Proof(told, rdma=True, ranks=tuple(ranks))
    return Proof(f"RDMA on {_all(ranks, seen)}, says NCCL; {why}", rdma=True, ranks=tuple(ranks))


def _rank(launch: Launch, node: Node, seen: Observed, evidence: Evidence) -> RankProof:
    heard = network(_lines(launch, node.host, evidence)) or NcclNetwork()
    before, after = evidence.before.get(node.host, {}), evidence.after.get(node.host, {})
    devices = planned(launch, node, seen)
    grown = {
        device: between(before.get(device, COUNTED_NOTHING), after.get(device, COUNTED_NOTHING))
        for device in devices
    }
    return RankProof(
        rank=node.rank,
        host=node.host,
        transport=heard.transport,
        hcas=heard.hcas,
        moved={device: _both(counted) for device, counted in grown.items()},
        errors=dict(_errors(grown)),
    )


def _lines(launch: Launch, host: str, evidence: Evidence) -> tuple[str, ...]:
    """Return what NCCL said of a rank; Ray sends what its workers print to the head."""
    mine = evidence.said.get(host, ())
    return evidence.said.get(launch.head.host, ()) if launch.backend is Backend.RAY and not mine else mine


def _both(counted: Counters) -> int | None:
    known = [size for size in (counted.sent, counted.received) if size is not None]
    return sum(known) if known else None


def _errors(grown: Mapping[str, Counters]) -> Iterator[tuple[str, int]]:
    names = dict.fromkeys(name for counted in grown.values() for name in counted.errors)
    for name in names:
        if number := sum(counted.errors.get(name, 0) for counted in grown.values()):
            yield name, number


def _rdma(transport: str) -> bool:
    return transport.upper().startswith("IB")


def _all(ranks: Sequence[RankProof], seen: Observed) -> str:
    """Return what all devices are called: the twins of a cage, or their number."""
    numbers = {len(each.moved) for each in ranks}
    if numbers == {2} and all(_twins(each, seen[each.host][LINKS]) for each in ranks):
        return "both twins"
    return f"all {sum(len(each.moved) for each in ranks)} devices"


def _twins(rank: RankProof, interfaces: tuple[Interface, ...]) -> bool:
    functions = {each.function for each in interfaces if each.rdma and each.rdma.name in rank.moved}
    return len(functions) == 1 and functions != {""}
