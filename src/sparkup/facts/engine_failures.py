"""What vLLM and the things it stands on say when they fail, and what to do about it."""

import re

from sparkup.facts.known_failure import known
from sparkup.facts.network_failures import NETWORK_FAILURES

# Options of `vllm serve` that are gone, and what took their place (0.32 and 0.33).
_GONE = {
    "--task": "use --runner or --convert",
    "--swap-space": "it was removed without a substitute",
    "--mxfp4-backend": "use --moe-backend",
    "--mxfp4-layers": "use --moe-backend and --linear-backend",
    "--guided-decoding-backend": "use --structured-outputs-config.backend",
    "--enable-reasoning": "--reasoning-parser alone is enough",
    "--rope-scaling": "use --hf-overrides",
    "--device": "the platform is found by itself",
}


def _unknown_option(match: re.Match[str]) -> str:
    option = match[1].partition("=")[0].replace("_", "-")
    if option in _GONE:
        return f"leave {option} out: {_GONE[option]}"
    return (
        f"this vLLM does not know {option}: check its spelling with `vllm serve --help=all`, or "
        "use the version that the option is from"
    )


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


_COMMAND_LINE = (
    known("F64b", r"unrecognized arguments: (--?[\w.=-]+)", _unknown_option),
    known("F87", r"requires --tool-call-parser", "add --tool-call-parser with that of this model"),
    known("", r"invalid (?:tool call|reasoning) parser", "use one of the names that it lists"),
    known(
        "",
        r"argument --([\w-]+)",
        lambda match: f"`vllm serve --help={match[1]}` says what it takes",
    ),
    known("", r"arguments are required|ambiguous option", "see `vllm serve --help=all`"),
    known(
        "",
        r"\w+Config: (\w+): Input should",
        lambda match: f"correct --{match[1].replace('_', '-')}",
    ),
    known(
        "",
        r"vllm\W+(?:command )?not found|\Wvllm\W: No such file|No such file or directory: '?vllm",
        "there is no vllm on the PATH of the host: name the Python environment that has it",
    ),
    known("F58", r"(?i)exec format error", "it is for another processor: DGX Spark needs arm64"),
    known(
        "F54",
        r"(?i)address already in use|EADDRINUSE|\[Errno 98\]",
        "another process listens on that port: stop it, or choose another port",
    ),
)

_DOCKER = (
    known(
        "F50",
        r"permission denied while trying to connect to the Docker",
        "add the user to the group docker and log in anew",
    ),
    known(
        "F51",
        r"unknown or invalid runtime name: nvidia|could not select device driver",
        "sudo nvidia-ctk runtime configure --runtime=docker, then restart docker",
    ),
    known(
        "F52",
        r"Using requested mode 'cdi'",
        "the toolkit is in CDI mode: use --device nvidia.com/gpu=all or --runtime nvidia instead of --gpus",
    ),
    known(
        "F53",
        r"nvidia-cuda-mps-control",
        "Docker from snap cannot reach the driver: install Docker's own packages",
    ),
    known("F54", r"is already in use by container", "stop and remove the container of that name"),
)

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
        "F31",
        r"(?i)bus error|insufficient shared memory|/dev/shm",
        "shared memory is too small: run the container with --ipc=host",
    ),
    known(
        "F22",
        r"(?i)OutOfMemory|out of memory|NV_ERR_NO_MEMORY|(?:can't|cannot) allocate memory"
        r"|\bMemoryError",
        "lower --gpu-memory-utilization, --max-model-len or --max-num-seqs, and stop what else holds memory",
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
        "F76",
        r"PermissionError|\[Errno 13\]",
        "the files belong to another user, often root from a container: chown them",
    ),
)

_BUILD = (
    known(
        "F63",
        r"sm_\w+' is not defined for option 'gpu-name'",
        "Triton's own ptxas is too old: set TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas",
    ),
    known(
        "F64",
        r"no kernel image is available",
        "this build has no code for the GPU: use one that was made for sm_121 (12.1a)",
    ),
    known(
        "F65",
        r"cutlass FP4 gemm",
        "the CUTLASS FP4 path fails on this GPU: use the marlin backend (--moe-backend, --linear-backend)",
    ),
    known(
        "",
        r"nvfp4 requires sm",
        "this GPU cannot hold the KV cache in NVFP4: use --kv-cache-dtype fp8 or auto",
    ),
    known(
        "",
        r"Paged KV not supported on SM",
        "that attention kernel does not know this GPU: use --attention-backend FLASHINFER or TRITON_ATTN",
    ),
    known("F45", r"Driver/library version mismatch", "the driver was upgraded: reboot the host"),
    known(
        "F44",
        r"driver (?:on your system )?is too old|driver version is insufficient",
        "update the driver of the host, or use an older image",
    ),
    known(
        "F59",
        r"libcuda\.so|Failed to infer device type|No CUDA GPUs|no NVIDIA (?:driver|GPU)",
        "the engine sees no GPU: check `nvidia-smi` on the host, and that the container got it",
    ),
    known(
        "F62",
        r"libcudart\.so|libnccl\.so|libtorch\w*\.so|undefined symbol|partially initialized module",
        "packages for different versions of CUDA or PyTorch are mixed: install the environment anew",
    ),
    known(
        "",
        r"No module named '([\w.]+)'",
        lambda match: f"the engine's Python environment lacks {match[1]}: install it there",
    ),
    known("", r"Python\.h", "the C compiler misses Python's headers: install python3-dev"),
)

_KILLED = (
    "it was most likely killed because memory ran out (`journalctl -k` says so): lower "
    "--gpu-memory-utilization or --max-model-len, and stop what else holds memory"
)
# Last, as the words are those of any end: exit codes are negative signals, or 128 and the signal.
_ENDED = (
    known("F22", r"exit code: (?:-9|137)\b|': -9\b|\bKilled\b", _KILLED),
    known(
        "",
        r"(?i)segmentation fault|illegal instruction|\baborted\b|exit code: -(?:4|6|11)\b"
        r"|': -(?:4|6|11)\b|terminate called",
        "a crash in native code: try --enforce-eager, or another version of the engine",
    ),
    known(
        "F22",
        r"(?:died|exited) unexpectedly|[Ee]ngine core initialization failed|WorkerProc initialization",
        _KILLED,
    ),
)

FAILURES = (
    *_COMMAND_LINE,
    *_DOCKER,
    *_PARALLEL,
    *_BUILD,
    *_MEMORY,
    *_MODEL,
    *NETWORK_FAILURES,
    *_ENDED,
)
