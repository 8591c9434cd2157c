"""One line of an engine's log without what is put before it: who printed it, how grave, what."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Control sequences of ECMA-48: Ray colours its prefixes, vLLM its levels.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*\x07)")
# `docker logs -t` and journals put a time first.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\s")
# (APIServer pid=1) of vLLM; (RayWorkerProc pid=1, ip=10.0.0.2), (raylet), (autoscaler +3s) of Ray.
_SOURCE = re.compile(r"\(([^()]*\bpid=\d+[^()]*|raylet[^()]*|autoscaler[^()]*)\)(?: |$)")
_RANK = re.compile(r"\[(rank\d+)\]:? ?")
_REPEATED = re.compile(r"\s\[repeated \d+x across cluster\].*$")
_LEVEL = r"(DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_RECORDS = (
    # vLLM: ERROR 11-24 08:18:54 [core.py:1510] text
    re.compile(_LEVEL + r" (\d\d-\d\d [\d:.]+ \[?[\w./<>-]+:\d+\])(?: |$)"),
    # PyTorch: W1124 08:14:46.497000 5746 torch/x.py:53] text, with or without a bracket before it
    re.compile(r"\[?([DIWEF])(\d{4} [\d:.]+\s+(?:\d+ )?[\w./<>-]+:\d+\])(?: |$)"),
    # Ray: 2026-11-24 08:14:46,497<tab>INFO worker.py:1 -- text
    re.compile(r"\d{4}-\d\d-\d\d [\d:,]+\s+" + _LEVEL + r" (\S+:\d+) --(?: |$)"),
    # FlashInfer: 2026-11-24 08:14:46,497 - INFO - autotuner.py:1 - text
    re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ - " + _LEVEL + r" - (\S+:\d+) -(?: |$)"),
    # uvicorn: INFO:     text
    re.compile(_LEVEL + r":()\s+"),
    # Raylet and core worker: [2026-11-24 08:14:46,497 E 1 1] (raylet) node_manager.cc:1: text
    re.compile(r"\[\d{4}-\d\d-\d\d [\d:,]+ ([DIWEFC]) [\d ]+\] (\(\w+\) [\w./]+:\d+):(?: |$)"),
)
_NCCL = re.compile(r"(?:^|\s)NCCL (INFO|WARN|ERROR)\b")
REMARKS = ("DEBUG", "INFO", "WARNING")  # levels that are no reason to end
_LETTERS = {level[0]: level for level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL")}


@dataclass(frozen=True, slots=True)
class Line:
    """What was printed, indentation kept, by which process, as part of which log record."""

    text: str
    source: str = ""  # as the prefixes say: "EngineCore pid=7", "rank0"; "" if none does
    level: str = ""  # DEBUG to CRITICAL; "" for what no logger printed
    record: str = ""  # time and place of a log record: lines of one record have it in common

    @property
    def is_remark(self) -> bool:
        """Say whether a logger printed it as nothing to worry about, or as a mere warning."""
        return self.level in REMARKS


def clean(raw: str) -> Iterator[Line]:
    """Yield the lines of one piece of log: a progress bar puts several behind carriage returns."""
    for part in re.split(r"[\r\n]+", _ANSI.sub("", raw)):
        if part.strip():
            yield _parse(part)


def clean_all(raw: Iterable[str]) -> tuple[Line, ...]:
    """Return the lines of a whole log, or of the end of one."""
    return tuple(line for piece in raw for line in clean(piece))


def _parse(text: str) -> Line:
    if match := _TIME.match(text):
        text = text[match.end() :]
    sources = []
    while match := _SOURCE.match(text) or _RANK.match(text):
        sources.append(match[1])
        text = text[match.end() :]
    text = _REPEATED.sub("", text)
    source = " ".join(sources)
    for pattern in _RECORDS:
        if match := pattern.match(text):
            level = _LETTERS.get(match[1], match[1])
            return Line(text[match.end() :].rstrip(), source, level, match[2])
    if match := _NCCL.search(text):
        # NCCL says INFO of what it found, WARN of what will end the run.
        return Line(text.rstrip(), source, "INFO" if match[1] == "INFO" else "ERROR")
    return Line(text.rstrip(), source)
