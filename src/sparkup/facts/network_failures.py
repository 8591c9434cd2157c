"""What NCCL, Gloo, RDMA and Ray say when the hosts of a launch do not come together, and the remedy."""

from sparkup.facts.known_failure import known

_OTHER_ADDRESS = (
    "a node joined Ray under another address than its VLLM_HOST_IP, or has not joined: compare "
    "`ray status` with the addresses of the nodes"
)

NETWORK_FAILURES = (
    known(
        "F03",
        r"IB device (\S+) not found",
        lambda match: (
            f"{match[1]} is no RDMA device: NCCL_IB_HCA wants names as rocep1s0f1, not those of "
            "network interfaces"
        ),
    ),
    known(
        "F07",
        r"ibv_modify_qp.*(?:\b61\b|No data available)",
        "unset NCCL_IB_GID_INDEX: NCCL finds the right one itself",
    ),
    known(
        "F08",
        r"ibv_modify_qp.*169\.254\.",
        "a port without a fabric address is in NCCL_IB_HCA: name only those that have one",
    ),
    known(
        "F19",
        r"ibv_modify_qp.*\b110\b|ncclTransportTreeConnect",
        "two ports that are not on the same cable were paired: check the cabling, NCCL_IB_HCA of "
        "each node, and on a ring use NCCL 2.30 or newer",
    ),
    known(
        "F19i",
        r"ibv_reg_mr\w*.*Cannot allocate memory",
        "a kernel with Kexec HandOver holds the memory: boot with kho=off, or an older kernel",
    ),
    known(
        "F14",
        r"status=12 .*vendor err 129",
        "the two functions of a port were bonded: remove the bond, give each its own subnet",
    ),
    known(
        "F05",
        r"RETRY_EXC|status=12\b",
        "packets are lost between the two: use the same MTU (9000) on both ends of each link",
    ),
    known(
        "F19j",
        r"Watchdog caught collective|shared memory broadcast block",
        "a rank does not take part any more: look at the logs of the others; use NCCL 2.29.3 or "
        "newer, and only one NCCL in the image",
    ),
    known(
        "F17",
        r"Unable to find address for",
        "set GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME to an interface that has an address on every node",
    ),
    known(
        "F01",
        r"network IB not found|Failed to initialize any NET plugin",
        "NCCL was told to use RDMA and found none: the image needs rdma-core, the container "
        "--device=/dev/infiniband",
    ),
    known(
        "F01",
        r"memlock|ibv_\w+.*(?:Operation not permitted|Cannot allocate memory)",
        "allow locked memory: --ulimit memlock=-1, --cap-add IPC_LOCK, --device=/dev/infiniband",
    ),
    known(
        "F16",
        r"No available node types can fulfill|Tensor parallel size \(\d+\) exceeds available GPUs"
        r"|[Pp]lacement group",
        _OTHER_ADDRESS,
    ),
    known(
        "",
        r"InvalidAuthToken|AuthenticationError",
        "the hosts do not share one Ray token: set RAY_AUTH_MODE and the token alike on all of them",
    ),
    known(
        "F16",
        r"Failed to connect to Ray cluster|Could not find any running Ray instance",
        "no Ray head answers there: check that it runs, and its address with `ray status`",
    ),
    known(
        "F19f",
        r"(?i)waiting for clients|client socket has timed out|wait timeout after",
        "not all ranks met: check that the others run, and that no firewall closes the port",
    ),
)

# Words of any trouble on the way: only where nothing else is known.
NETWORK_SIGNS = (
    known(
        "",
        r"NCCL|nccl",
        "set NCCL_DEBUG=INFO and start again: the lines before the error tell which device failed",
    ),
    known(
        "",
        r"(?i)closed by peer|reset by peer|connection refused|broken pipe|timed out",
        "look at the logs of the other ranks: the first that ended has the cause",
    ),
)
