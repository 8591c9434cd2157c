"""What vLLM's own log lines tell of a start: the stage it is at, and what the engine can hold.

The lines are those of vLLM 0.11 to 0.33, GPU and CPU, with and without Ray; match what a line says,
never the file it names, as the files move between versions.
"""

import re
from dataclasses import dataclass, replace

from sparkup.facts.engine_line import clean

# The stages in their order, each with what its lines say; the latest stage that matches counts.
# What matches is shown; where shards or graphs are counted, the groups "detail", "done" and "all".
_LINES = {
    # interpreters import vLLM
    "python": (
        r"Automatically detected platform \w+",
        r"Triton (?:is )?not (?:available|installed)",
        r"Available plugins for group",
    ),
    # arguments read, the model and its configuration found
    "resolve": (
        r"\bversion v?\d+\.\d+\S*$",
        r"^(?:non-default )?args(?=: )",
        r"Resolved architecture: \w+",
        r"Using max model len \d+",
    ),
    # the engine core begins
    "engine": (r"Initializing an? (?:\w+ )?LLM engine \(v[^)]*\)",),
    # the ranks of all hosts meet
    "ranks": (
        r"Connecting to existing Ray cluster at address: [\w.:\[\]-]*[\w\]]",
        r"Started a local Ray instance",
        r"Creating a new placement group",
        r"Waiting for creating a placement group of specs for \d+ seconds",
        r"DP group leader: node_rank=\d+",
        r"world_size=\d+ rank=\d+(?= local_rank=)",
        r"vLLM is using nccl==[\d.]+",
        r"rank \d+ in world size \d+ is assigned",
    ),
    "weights": (
        r"(?:Fetching \d+ files|Download\w*[^:%]*|[\w.-]+\.safetensors): +\d+%",
        r"Time spent downloading weights for \S+: [\d.]+ seconds",
        r"Starting to load model \S+?(?=\.\.\.)",
        r"Checkpoint size: [\d.]+ GiB",
        # a bar of tqdm: shards of safetensors, .bin or .pt files, or a streaming loader's tensors
        r"[Ll]oading [^%:]*: +\d+%[^|]*\|.*?\b(?P<done>\d{1,9})/(?P<all>\d{1,9})\b",
        r"(?:Loading weights|Initializing model) took [\d.]+ seconds",
        r"Model loading took [\d.]+ (?:GiB|GB)(?: memory)? and [\d.]+ seconds",
    ),
    # torch.compile
    "compile": (
        r"Starting torch\.compile",
        r"Warming up model for the compilation",
        r"Compile and warming up model for size \d+",
        r"Dynamo bytecode transform time: [\d.]+ s",
        r"Compiling a graph for .*? takes [\d.]+ s",
        r"Cache the graph (?:for|of)",
        r"saved AOT compiled function",
        r"Directly load (?:AOT compilation|the compiled graph)",
        r"torch\.compile (?:and [\w/ ]+ )?(?:took|takes) [\d.]+ s",
    ),
    # memory is profiled, the KV cache sized
    "kv-cache": (
        r"(?:Memory profiling|Initial profiling/warmup run) (?:takes|took) [\d.]+ s",
        r"Profiling CUDA graph memory",
        r"Estimated CUDA graph memory: [-\d.]+ GiB",
        r"Available KV cache memory: [-\d.]+ GiB",
        r"Explicitly set \([\d./]+\) GiB for KV cache",
    ),
    # kernels are warmed up, CUDA graphs captured
    "graphs": (
        r"Running FlashInfer autotune|Autotuning process starts",
        r"Warming up (?!model for the compilation|done).*",
        r"Capturing \w+ graphs?(?P<detail>[^:]*):.*?\| *(?P<done>\d{1,9})/(?P<all>\d{1,9})",
        r"Graph capturing finished in [\d.]+ secs?(?:, took [-\d.]+ GiB)?",
    ),
    # the engine is ready, the API server starts
    "server": (
        r"init engine \([^)]*\) took [\d.]+ s",
        r"Supported tasks: .*",
        r"Starting vLLM (?:API )?server\b.* on \S+",
        r"Available routes",
        r"Started server process",
        r"Waiting for application startup",
    ),
    "up": (r"Application startup complete",),
}
STAGES = tuple(_LINES)
_PATTERNS = tuple((name, re.compile(pattern)) for name in reversed(STAGES) for pattern in _LINES[name])
_KV_TOKENS = re.compile(r"KV cache size: (\d[\d,]{0,19}) tokens")
_CONCURRENCY = re.compile(r"Maximum concurrency for [\d,]+ tokens per request: (\d{1,12}(?:\.\d{1,9})?)x")
_LONGEST = 2000  # characters of a line that are looked at: no line of these is longer


@dataclass(frozen=True, slots=True)
class Stage:
    """A point of a start: a name of STAGES, what exactly, how far (0 to 1) where it is known."""

    name: str
    detail: str = ""
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the KV cache holds; None where a line tells only a part (some versions print two)."""

    kv_tokens: int | None = None
    concurrency: float | None = None

    def merged(self, other: "Capacity") -> "Capacity":
        """Return this with what another line adds."""
        return replace(
            self,
            kv_tokens=self.kv_tokens if other.kv_tokens is None else other.kv_tokens,
            concurrency=self.concurrency if other.concurrency is None else other.concurrency,
        )


def read_line(line: str) -> Stage | Capacity | None:
    """Return what a log line says of a start, None if nothing.

    Of several progress lines in one (a bar and its carriage returns) the last counts.
    """
    found: Stage | Capacity | None = None
    for part in clean(line):
        text = part.text[:_LONGEST]
        found = _capacity(text) or _stage(text) or found
    return found


class LogReader:
    """Reads the log of one rank line by line and knows how far its start is."""

    def __init__(self) -> None:
        """Begin before the first line."""
        self.stage = Stage(STAGES[0])
        self.capacity: Capacity | None = None

    def feed(self, line: str) -> tuple[Stage | Capacity, ...]:
        """Return what a line adds to what the lines before it said; nothing once it is up."""
        if self.stage.name == STAGES[-1]:
            return ()
        found = read_line(line)
        if isinstance(found, Capacity):
            return self._sized(found)
        if found is None or found == self.stage or not self._goes_on(found.name):
            return ()
        self.stage = found
        return (found,)

    def _sized(self, found: Capacity) -> tuple[Stage | Capacity, ...]:
        capacity = self.capacity.merged(found) if self.capacity else found
        if capacity == self.capacity:
            return ()
        self.capacity = capacity
        if not self._goes_on("kv-cache"):
            return (capacity,)
        detail = f"{capacity.kv_tokens} tokens" if capacity.kv_tokens is not None else ""
        self.stage = Stage("kv-cache", detail)
        return (self.stage, capacity)

    def _goes_on(self, name: str) -> bool:
        """Say whether a stage is not behind us: ranks print the same lines at different times.

        On the CPU some versions size the KV cache before torch.compile.
        """
        if (self.stage.name, name) == ("kv-cache", "compile"):
            return True
        return STAGES.index(name) >= STAGES.index(self.stage.name)


def _stage(text: str) -> Stage | None:
    for name, pattern in _PATTERNS:
        if match := pattern.search(text):
            return _matched(name, match)
    return None


def _matched(name: str, match: re.Match[str]) -> Stage:
    groups = match.groupdict()
    if "all" not in groups:
        return Stage(name, match[0])
    detail = groups.get("detail", "").strip(" ()")
    done, everything = int(groups["done"]), int(groups["all"])
    fraction = min(done / everything, 1.0) if everything else None
    return Stage(name, f"{detail} {done}/{everything}".lstrip(), fraction)


def _capacity(text: str) -> Capacity | None:
    tokens, concurrency = _KV_TOKENS.search(text), _CONCURRENCY.search(text)
    if not tokens and not concurrency:
        return None
    return Capacity(
        kv_tokens=int(tokens[1].replace(",", "")) if tokens else None,
        concurrency=float(concurrency[1]) if concurrency else None,
    )
