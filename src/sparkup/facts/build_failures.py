"""What is said when an engine was built for another GPU, driver or environment, and the remedy."""

from sparkup.facts.known_failure import known

BUILD_FAILURES = (
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
        r"No devices (?:were )?found|couldn't communicate with the NVIDIA driver"
        r"|GSP\b.*(?:failed|timeout)|\bXid\b.*: (?:119|154)\b",
        "driver and firmware do not fit: bring both up to date (apt full-upgrade, fwupdmgr), then reboot",
    ),
    known(
        "F44",
        r"driver (?:on your system )?is too old|driver version is insufficient",
        "update the driver of the host, or use an older image",
    ),
    known(
        "F59",
        r"libcuda\.so|Failed to infer device type|No CUDA GPUs|no NVIDIA (?:driver|GPU)"
        r"|NVIDIA Driver was not detected",
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
    known(
        "",
        r"InvalidCxxCompiler",
        "PyTorch compiles some code, also with --enforce-eager: install g++ on the host, or in the image",
    ),
    known(
        "",
        r"InductorError|BackendCompilerFailed|torch\._dynamo",
        "compiling failed: try --enforce-eager, and remove ~/.cache/vllm/torch_compile_cache",
    ),
)
