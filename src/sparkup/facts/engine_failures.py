"""What vLLM says when it fails, and all failures that its log can tell of, in the order to ask."""

import re

from sparkup.facts.build_failures import BUILD_FAILURES
from sparkup.facts.command_failures import COMMAND_FAILURES
from sparkup.facts.known_failure import known
from sparkup.facts.network_failures import NETWORK_FAILURES, NETWORK_SIGNS


def _less_memory(match: re.Match[str]) -> str:
    free, total = float(match[1]), float(match[2])
    share = int(free / total * 100) / 100 if total else 0.0
    return (
        f"lower --gpu-memory-utilization to {share:.2f} or less, or free memory: stop what holds "
        "it, drop the page cache (sync; echo 3 > /proc/sys/vm/drop_caches)"
    )


def _shorter(match: re.Match[str]) -> str:
    return f"give --max-model-len {match[1]} or less, or more memory to the KV cache"


def _divisors(match: re.Match[str]) -> str:
    heads = int(match[1])
    sizes = [str(size) for size in range(1, min(heads, 64) + 1) if heads % size == 0]
    return f"choose a tensor parallel size that divides {heads}: {', '.join(sizes)}"


_PARALLEL = (
    known("F69c", r"attention heads \((\d{1,9})\) must be divisible", _divisors),
    known(
        "F69c",
        r"is not divisible by",
        "choose a smaller tensor parallel size, or another quantization kernel",
    ),
    known(
        "F69d",
        r"KeyError: '?kv_cache",
        "a bug of vLLM with pipeline parallel: use tensor parallel or a newer vLLM",
    ),
    known(
        "",
        r"intermediate_tensors is not None",
        "pipeline parallel on the CPU needs its warm-up: leave --enforce-eager out and give "
        '-cc \'{"mode":2,"backend":"eager"}\'',
    ),
    known(
        "",
        r"bind threads of \d+ local CPUWorkers",
        "set VLLM_CPU_OMP_THREADS_BIND to the cores of each rank, as 0|1, or use one rank",
    ),
    known(
        "",
        r"is larger than the number of available GPUs",
        "use fewer ranks, or more nodes",
    ),
    known(
        "",
        r"platform cpu does not support ray",
        "use --distributed-executor-backend mp on the CPU",
    ),
    known(
        "",
        r"[Ff]ailed to import Ray|No module named 'ray'",
        "install ray in the engine's Python environment, or use --distributed-executor-backend mp",
    ),
)

_MEMORY = (
    known(
        "F20",
        r"memory on \w+[^(]*\((\d{1,6}(?:\.\d+)?)/(\d{1,6}(?:\.\d+)?) GiB\) on startup",
        _less_memory,
    ),
    known(
        "F24",
        r"less than requested memory for kv",
        "lower --kv-cache-memory-bytes, or stop what else holds memory",
    ),
    known("F23", r"estimated maximum model length is (\d+)", _shorter),
    known("F23", r"tokens that can be stored in KV cache \((\d+)\)", _shorter),
    known(
        "F23",
        r"No available memory for the cache blocks|KV (?:cache )?(?:is )?needed",
        "give a smaller --max-model-len, or a larger --gpu-memory-utilization if the host has the memory",
    ),
    known(
        "",
        r"derived max_model_len \(max_position_embeddings=(\d+)",
        lambda match: f"give --max-model-len {match[1]} or less: the model was made for that",
    ),
    known(
        "F64c",
        r"(?i)out of resources?: shared memory",
        "the kernel was tuned for a larger GPU: choose another attention or MoE backend",
    ),
    known(
        "F30",
        r"node running low on memory",
        "Ray counts the page cache as used: set RAY_memory_monitor_refresh_ms=0, or do without Ray",
    ),
    known(
        "F31",
        r"(?i)bus error|insufficient shared memory|/dev/shm|</torch_",
        "shared memory is too small: run the container with --ipc=host",
    ),
    known(
        "F22",
        r"(?i)OutOfMemory|out of memory|NV_ERR_NO_MEMORY|(?:can't|cannot) allocate memory"
        r"|\bMemoryError",
        "lower --gpu-memory-utilization, --max-model-len or --max-num-seqs, and stop what else holds memory",
    ),
    known(
        "",
        r"Too many open files|\[Errno 24\]",
        "raise the limit of open files: ulimit -n 65536, or --ulimit nofile=65536 for a container",
    ),
    known(
        "F77",
        r"No space left on device|\[Errno 28\]",
        "the disk is full: `df -h` shows which; old images and model snapshots fill it most often",
    ),
)

_MODEL = (
    known(
        "F74",
        r"(?i)gated repo|GatedRepo|40[13] Client Error",
        "ask for access on the model's page, and set HF_TOKEN to a token of that account",
    ),
    known(
        "F75",
        r"Invalid repository ID|Repo id must|is not a local folder|RepositoryNotFound"
        r"|does not appear to have a file named|LocalEntryNotFound|OfflineMode|404 Client Error"
        r"|outgoing traffic has been disabled|Can't load the configuration",
        "check the model's name or folder: a folder needs its config.json, a name must be in the "
        "local cache when the hub cannot be reached (HF_HUB_OFFLINE, no network)",
    ),
    known(
        "F75",
        r"not a valid JSON file|SafetensorError|referenced in index but missing"
        r"|Cannot find any model weights|exceeds dimension size",
        "the model's files are incomplete or damaged: download them again, compare their sizes",
    ),
    known(
        "",
        r"does not recognize this architecture|are not supported for now",
        "this vLLM does not know the model: use a newer one, or check `architectures` in its config.json",
    ),
    known(
        "",
        r"trust_remote_code|execute the (?:configuration|custom code)",
        "the model brings its own code: read it, then add --trust-remote-code",
    ),
    known(
        "",
        r"Cannot find the config file for|[Qq]uantization method specified",
        "the model is not quantized that way: leave --quantization out, vLLM reads it itself",
    ),
    known(
        "",
        r"HTTPSConnectionPool|ConnectTimeout|ReadTimeout|NameResolutionError|Max retries exceeded",
        "the hub could not be reached: check network and proxy; with HF_HUB_OFFLINE=1 only the "
        "local cache is used",
    ),
    known(
        "F76",
        r"PermissionError|\[Errno 13\]|Permission denied",
        "this user may not use that file: files of a container often belong to root, chown them",
    ),
)

_KILLED = (
    "it was most likely killed because memory ran out (`journalctl -k` says so): lower "
    "--gpu-memory-utilization or --max-model-len, and stop what else holds memory"
)
# Last, as the words are those of any end: exit codes are negative signals, or 128 and the signal.
_ENDED = (
    known("F22", r"exit code: (?:-9|137)\b|': -9\b|\bKilled\b|SIGKILL", _KILLED),
    known(
        "",
        r"(?i)segmentation fault|illegal instruction|\baborted\b|exit code: -(?:4|6|11)\b"
        r"|': -(?:4|6|11)\b|terminate called|SIG(?:SEGV|ABRT|ILL)",
        "a crash in native code: try --enforce-eager, or another version of the engine",
    ),
    known(
        "F22",
        r"(?:died|exited) unexpectedly|[Ee]ngine core initialization failed|WorkerProc initialization",
        _KILLED,
    ),
)

FAILURES = (
    *COMMAND_FAILURES,
    *_PARALLEL,
    *BUILD_FAILURES,
    *NETWORK_FAILURES,
    *_MEMORY,
    *_MODEL,
    *NETWORK_SIGNS,
    *_ENDED,
)
