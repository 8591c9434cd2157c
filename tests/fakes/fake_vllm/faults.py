"""The faults that a test can ask for: what real engines were seen to do when something is wrong."""

from collections.abc import Mapping

NAMES = {
    "dies-in-start": "a rank fails while it loads weights; exit 1. :NAME of a recorded log to print",
    "exits-0-in-start": "ends in the middle of a start as if all were well",
    "health-503-then-exit-0": "the engine dies :SECONDS after the start; /health 503, then exit 0",
    "healthy-but-dead": "/health 200, but requests hang; :fail lets them fail instead",
    "stream-error": "an error object inside a stream of status 200, then [DONE]",
    "dies-on-first-request": "the first request kills the engine; /health 503, then exit 0",
    "survives-api-server": "engine core and worker outlive a killed API server",
    "ignores-sigterm": "no process of the tree ends at SIGTERM or SIGINT",
    "stalls-in-weights": "no progress after the first shard",
    "slow": "a start takes :SECONDS",
    "big-log": "prints :MEGABYTES as fast as it can once it is up",
    "quiet": "prints nothing",
}


def parse(text: str) -> Mapping[str, str]:
    """Read FAKE_VLLM_FAULT: name → argument, "" for none; an unknown name is an error of the test."""
    faults = {}
    for word in filter(None, text.split(",")):
        name, _, argument = word.partition(":")
        if name not in NAMES:
            raise SystemExit(f"FAKE_VLLM_FAULT: no fault is called {name}: {', '.join(NAMES)}")
        faults[name] = argument
    return faults
