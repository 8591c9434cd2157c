"""/metrics: the families that say how a server is doing, by the real one's names and labels."""

import threading
from dataclasses import dataclass, field

from .options import Options
from .recording import BYTES_PER_TOKEN

_BUCKETS = ("0.001", "0.01", "0.1", "1.0", "10.0", "160.0", "+Inf")
_HISTOGRAMS = ("time_to_first_token", "inter_token_latency", "e2e_request_latency")
_REASONS = ("stop", "length", "abort", "error", "repetition")


@dataclass
class Counters:
    """What has been served so far."""

    running: int = 0
    prompt_tokens: int = 0
    generation_tokens: int = 0
    finished: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Count a request that runs."""
        with self.lock:
            self.running += 1

    def end(self, prompt: int, generated: int) -> None:
        """Count a request that has ended."""
        with self.lock:
            self.running -= 1
            self.finished += 1
            self.prompt_tokens += prompt
            self.generation_tokens += generated


def exposition(options: Options, max_model_len: int, counters: Counters) -> str:
    """Return the text of /metrics."""
    labels = f'engine="0",model_name="{options.names[0]}"'
    lines = [
        *_one("num_requests_running", "gauge", labels, counters.running),
        *_one("num_requests_waiting", "gauge", labels, 0),
        *_one("kv_cache_usage_perc", "gauge", labels, 0),
        *_one("prompt_tokens_total", "counter", labels, counters.prompt_tokens),
        *_one("generation_tokens_total", "counter", labels, counters.generation_tokens),
        "# TYPE vllm:request_success_total counter",
    ]
    for reason in _REASONS:
        reached = counters.finished if reason == "length" else 0
        lines.append(f'vllm:request_success_total{{finished_reason="{reason}",{labels}}} {reached}.0')
    for histogram in _HISTOGRAMS:
        lines += _histogram(f"vllm:{histogram}_seconds", labels, counters.finished)
    return "\n".join([*lines, *_cache(options, max_model_len)]) + "\n"


def _one(name: str, kind: str, labels: str, value: int) -> list[str]:
    return [f"# TYPE vllm:{name} {kind}", f"vllm:{name}{{{labels}}} {value}.0"]


def _histogram(name: str, labels: str, finished: int) -> list[str]:
    return [
        f"# TYPE {name} histogram",
        *(f'{name}_bucket{{le="{le}",{labels}}} {finished}.0' for le in _BUCKETS),
        f"{name}_count{{{labels}}} {finished}.0",
        f"{name}_sum{{{labels}}} {finished * 0.001}",
    ]


def _cache(options: Options, max_model_len: int) -> list[str]:
    tokens = options.kv_bytes // BYTES_PER_TOKEN
    labels = {
        "block_size": 128,
        "cache_dtype": "auto",
        "enable_prefix_caching": True,
        "engine": 0,
        "gpu_memory_utilization": 0.92,
        "kv_cache_max_concurrency": tokens / max_model_len,
        "kv_cache_memory_bytes": options.kv_bytes,
        "kv_cache_size_tokens": tokens,
        "num_gpu_blocks": tokens // 128,
    }
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return ["# TYPE vllm:cache_config_info gauge", f"vllm:cache_config_info{{{text}}} 1.0"]
