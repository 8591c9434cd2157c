"""ray: the argument vectors that make a cluster, and the variables that it needs (Ray 2.60)."""

from sparkup.domain.fabric import Variable

# The store holds what tasks exchange; vLLM's ranks talk over NCCL. Ray's own default is 30 % of the memory.
STORE = 1 << 30  # bytes
SOON = "a lost host is noticed in about 5 s; with Ray's defaults in 64"
VARIABLES = (
    Variable("RAY_USAGE_STATS_ENABLED", "0", "nothing is told to Ray's makers"),
    Variable("RAY_memory_monitor_refresh_ms", "0", "it ends the engine when unified memory fills"),  # F30
    Variable("RAY_DEDUP_LOGS", "0", "Ray would drop the lines that ranks have in common"),
    Variable("RAY_COLOR_PREFIX", "0", "no colours in the log"),
    Variable("RAY_worker_niceness", "0", "its default of 15 starves ranks beside any other load"),
    Variable("RAY_health_check_initial_delay_ms", "1000", SOON),
    Variable("RAY_health_check_period_ms", "1000", SOON),
    Variable("RAY_health_check_timeout_ms", "1000", SOON),
    Variable("RAY_health_check_failure_threshold", "3", SOON),
)


def head(address: str, port: int, gpus: int, *, block: bool) -> tuple[str, ...]:
    """Return what starts the head at an address; `block`: it stays in the foreground."""
    return (
        *("ray", "start", "--head", "--node-ip-address", address, "--port", str(port)),
        "--include-dashboard=false",
        *_resources(gpus, block=block),
    )


def worker(address: str, head_address: str, port: int, gpus: int) -> tuple[str, ...]:
    """Return what joins a host to a cluster, and stays in the foreground."""
    joined = ("ray", "start", "--address", f"{head_address}:{port}", "--node-ip-address", address)
    return (*joined, *_resources(gpus, block=True))


def _resources(gpus: int, *, block: bool) -> tuple[str, ...]:
    return (
        *("--num-cpus", "1", "--num-gpus", str(gpus), "--object-store-memory", str(STORE)),
        "--disable-usage-stats",
        *(("--block",) if block else ()),
    )
