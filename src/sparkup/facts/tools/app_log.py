"""The log of an engine and what it runs on: whether it is ready, over which network, and what went wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparkup.facts.engine_cause import Cause, first_cause
from sparkup.facts.engine_failures import FAILURES
from sparkup.facts.engine_line import Line, clean_all
from sparkup.facts.engine_log import LogReader
from sparkup.facts.known_failure import Failure, known
from sparkup.facts.nccl_log import NcclNetwork, network

_UP = re.compile(r"Application startup complete")
# What is no error and yet wrong: the engine goes on, more slowly or not at all.
QUIET_FAILURES = (
    known(
        "F01",
        r"Failed to open libibverbs|NET/IB\w* ?: No device found|Using network Socket|NET/Socket ?: Using",
        "NCCL goes over TCP: the image needs rdma-core, the container --device=/dev/infiniband, IPC_LOCK and "
        "unlimited memlock; NCCL_NET=IB makes it fail instead",
    ),
    known(
        "F19g",
        r"Host name conflict",
        "two interfaces announce one name: name hosts by their addresses, not by .local names",
    ),
    known(
        "F34",
        r"Running: 0 reqs?, Waiting: [1-9]",
        "a request needs more blocks than the KV cache has: lower --max-model-len or give it more memory",
    ),
    known(
        "F69b",
        r"setting cudagraph_mode=(?:CUDAGraphMode\.)?NONE|Cudagraph is disabled under eager mode",
        "CUDA graphs are off, which is slow: leave --enforce-eager out, choose a backend that has them",
    ),
)
BENIGN = (
    known(
        "F69f",
        r"is of cuda capability 12\.1|capability \(?12[.,] ?1\)? .*not (?:compatible|supported)",
        "harmless: code for 12.0 runs on 12.1",
    ),
    known("F19h", r"nvidia[-_]peermem", "harmless: there is no GPUDirect RDMA on this machine, by design"),
)


@dataclass(frozen=True, slots=True)
class AppLog:
    """What a log tells. `failure`: the number of the known failure; None for none or one without a number.

    `cause` is what went wrong in the log's own words, `evidence` the lines that say so, `hint` what to do.
    `benign`: it only looks like a failure. `stage`: where the start is (docs/words.md).
    """

    failure: str | None
    benign: bool
    cause: str | None
    hint: str | None
    evidence: tuple[str, ...]
    ready: bool
    ready_line: str | None
    stage: str | None
    kv_tokens: int | None
    concurrency: float | None
    network: NcclNetwork | None


def parse(text: str) -> AppLog:
    """Read a log, or some lines of one. Any text may be such a log."""
    raw = text.splitlines()
    log = clean_all(raw)
    said = [line.text for line in log]
    up = next((line for line in reversed(said) if _UP.search(line)), None)
    cause, benign = _cause(raw, log)
    reader = LogReader()
    stages = [found for line in raw for found in reader.feed(line)]
    return AppLog(
        failure=(cause.failure or None) if cause else None,
        benign=benign,
        cause=cause.message if cause else None,
        hint=(cause.hint or None) if cause else None,
        evidence=cause.lines if cause else (),
        ready=up is not None and (cause is None or benign or cause.failure in _QUIET),
        ready_line=up.strip() if up else None,
        stage=reader.stage.name if stages else None,
        kv_tokens=reader.capacity.kv_tokens if reader.capacity else None,
        concurrency=reader.capacity.concurrency if reader.capacity else None,
        network=network(said),
    )


_QUIET = frozenset(failure.id for failure in QUIET_FAILURES)
_NUMBERED = tuple(failure for failure in FAILURES if failure.id)


def _cause(raw: Sequence[str], log: Sequence[Line]) -> tuple[Cause | None, bool]:
    """Return what went wrong, and whether that is harmless: what ended the engine, else what it bears."""
    ended = first_cause(raw)
    if ended is not None and ended.hint:
        return ended, False
    said = [line.text for line in log]
    if quiet := _first(said, QUIET_FAILURES):
        return quiet, False
    if harmless := _first(said, BENIGN):
        return harmless, True
    # Words that are known from failures count anywhere in a log that neither ended nor is up.
    if ended is None and not any(_UP.search(text) for text in said):
        ended = _first([line.text for line in log if not line.is_remark], _NUMBERED)
    return ended, False


def _first(said: Sequence[str], table: Sequence[Failure]) -> Cause | None:
    for line in said:
        for failure in table:
            if (hint := failure.hint(line)) is not None:
                return Cause(line.strip(), hint, (line.strip(),), failure.id)
    return None
