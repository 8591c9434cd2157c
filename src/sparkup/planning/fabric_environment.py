"""The variables that each host's processes get so that NCCL, Gloo, UCX, MPI, vLLM and Ray use the fabric."""

from collections.abc import Iterable, Iterator, Mapping

from sparkup.domain.check import Finding
from sparkup.domain.fabric import Fabric, Variable
from sparkup.planning.fabric_topology import in_nccl_order

SOCKETS = (
    ("GLOO_SOCKET_IFNAME", "where Gloo, which vLLM uses for its own messages, finds the others"),
    ("TP_SOCKET_IFNAME", "the same for TensorPipe"),
    ("UCX_NET_DEVICES", "the same for UCX"),
    ("OMPI_MCA_btl_tcp_if_include", "the same for Open MPI: it hangs over docker0, which all hosts have"),
    ("MN_IF_NAME", "the same for scripts of NVIDIA's guides"),
)
ADDRESSES = (
    ("VLLM_HOST_IP", "the address by which vLLM makes itself known: else that of the default route"),
    ("RAY_NODE_IP_ADDRESS", "the same for Ray; it must be vLLM's, or no worker is found"),
    ("RAY_OVERRIDE_NODE_IP_ADDRESS", "the same for the parts of Ray that ask the system"),
)
SUBNET = 24  # bits of an address that NCCL compares unless told otherwise
# What users set with -e although it is decided here, or does harm.
TOLD = {
    "NCCL_IB_GID_INDEX": "the index differs between hosts and moves; NCCL finds it by itself",
    "NCCL_PROTO": "one protocol for all sizes makes large messages up to 11 times slower",
    "NCCL_ALGO": "it holds for all messages",
    "NCCL_SOCKET_IFNAME": "one name for all hosts, which may differ; --eth-if takes one for each host",
    "NCCL_IB_HCA": "one list for all hosts, which may differ; --ib-if takes one for each host",
    "VLLM_HOST_IP": "one address for all hosts cannot be right",
}


def environments(fabric: Fabric) -> Mapping[str, tuple[Variable, ...]]:
    """Return the variables of each host, in the order in which people read them; none for a host alone."""
    if len(fabric.hosts) < 2:
        return dict.fromkeys(fabric.hosts, ())
    rdma = fabric.rdma
    transport = tuple(_transport(rdma=rdma))
    paths = tuple(_paths(fabric)) if rdma else ()
    found = {}
    for host in fabric.hosts:
        devices = _devices(fabric, host) if rdma else ()
        found[host] = tuple(
            Variable(*each) for each in (*transport, *devices, *paths, *_control(fabric, host))
        )
    return found


def environment(fabric: Fabric, host: str) -> tuple[Variable, ...]:
    """Return the variables of one host; whoever wants those of all asks for them at once."""
    return environments(fabric)[host]


def user_findings(given: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is to be said of variables that a user sets by hand; they win."""
    notes = [
        Finding("note", "env.shell", f"your {name}={given[name]} wins: {why}", hint=f"leave {name} out")
        for name, why in TOLD.items()
        if name in given
    ]
    if given.get("NCCL_IB_DISABLE") == "1" or given.get("NCCL_NET", "").lower() == "socket":
        message = "your variables turn RDMA off: TCP sockets, which are about ten times slower"
        notes.append(Finding("note", "net.tcp", message))
    return tuple(notes)


def _transport(*, rdma: bool) -> Iterator[tuple[str, str, str]]:
    """Yield over what NCCL sends the bulk, which is the same on all hosts."""
    yield "NCCL_NET_PLUGIN", "none", "plugins in images of NVIDIA break RoCE here"
    yield "NCCL_IGNORE_CPU_AFFINITY", "1", "NCCL places its threads by the GPU, not by the engine's mask"
    if rdma:
        yield "NCCL_NET", "IB", "NCCL fails rather than fall back to TCP in silence"
        yield "NCCL_IB_DISABLE", "0", "images may turn RDMA off"
    else:
        yield "NCCL_NET", "Socket", "no RDMA joins these hosts: TCP, and no search for anything else"
        yield "NCCL_IB_DISABLE", "1", "the same for NCCL before 2.10; a port that joins nothing is left alone"


def _devices(fabric: Fabric, host: str) -> Iterator[tuple[str, str, str]]:
    devices = [each.rdma.name for each in fabric.rails[host] if each.rdma]
    there = [each.rdma.name for each in fabric.interfaces[host] if each.rdma]
    yield "NCCL_IB_HCA", _exact(devices, there), "both twins of each cage that leads to these hosts"


def _paths(fabric: Fabric) -> Iterator[tuple[str, str, str]]:
    """Yield what NCCL must know of who faces whom: nothing where devices at one index face each other."""
    if fabric.topology == "ring":
        yield from _ring(fabric)
    elif not in_nccl_order(fabric.rails):
        yield from _by_subnet(fabric)
        yield "NCCL_IB_MERGE_NICS", "0", "merged cages would be joined by their order, which is crossed here"


def _ring(fabric: Fabric) -> Iterator[tuple[str, str, str]]:
    yield from _by_subnet(fabric)
    yield "NCCL_IB_MERGE_NICS", "0", "the two cages of a host lead to different hosts"
    if len(fabric.hosts) == 3:
        yield "NCCL_CROSS_NIC", "1", "a ring passes from one cage to the other on each host"
    else:
        yield "NCCL_ALGO", "Ring", "trees would join hosts that are not neighbours"


def _by_subnet(fabric: Fabric) -> Iterator[tuple[str, str, str]]:
    yield "NCCL_IB_SUBNET_AWARE_ROUTING", "1", "NCCL joins devices that share a network (from 2.30.7 on)"
    lengths = {link.subnet.prefixlen for link in fabric.links if link.subnet}
    if lengths and min(lengths) != SUBNET:
        yield "NCCL_IB_SUBNET_PREFIX_LEN", str(min(lengths)), "the length of the links' networks, in bits"


def _control(fabric: Fabric, host: str) -> Iterator[tuple[str, str, str]]:
    """Yield where all else goes: one interface and one address for everything that finds the other hosts."""
    if control := fabric.control.get(host):
        there = [each.netdev for each in fabric.interfaces[host]]
        name = _exact([control.netdev], there)
        yield "NCCL_SOCKET_IFNAME", name, "where NCCL finds the others; on one network on all hosts"
        for variable, reason in SOCKETS:
            yield variable, control.netdev, reason
        for variable, reason in ADDRESSES:
            yield variable, str(control.address), reason
    yield "RAY_memory_monitor_refresh_ms", "0", "Ray would end workers for the memory that is the GPU's"


def _exact(names: Iterable[str], there: Iterable[str]) -> str:
    """Return names as NCCL takes them: beginnings of names, exact ones where a beginning means others too."""
    wanted = list(names)
    others = set(there) - set(wanted)
    exact = any(other.startswith(name) for other in others for name in wanted)
    return ("=" if exact else "") + ",".join(wanted)
