"""What nvidia-smi prints: its table, -L, -q, the CSV of queries, and why it prints none of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparkup.facts.build_failures import BUILD_FAILURES
from sparkup.facts.known_failure import recognise
from sparkup.facts.tools import nvidia_smi_csv, nvidia_smi_table
from sparkup.facts.tools.nvidia_gpu import GpuProcess, SmiGpu, number, size, switch, word

_LISTED = re.compile(r"^\s*GPU (\d+): (.+?)(?: \(UUID: ([^)]+)\))?\s*$", re.MULTILINE)
_ERROR = re.compile(
    r"No devices (?:were )?found|Failed to initialize NVML|NVIDIA-SMI has failed|GPU is lost"
    r"|Unable to determine the device handle|couldn't communicate with the NVIDIA driver"
    r"|\bnvidia-smi: (?:command )?not found|nvidia-smi\W+[Nn]o such file|is not a valid field to query"
)
_MEMBER = re.compile(r"^\s+([A-Z][\w .()/-]*?)\s+: (.*)$", re.MULTILINE)
_QUERIED = re.compile(r"^GPU ([0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+\.\d)$", re.MULTILINE)


_PROCESS = re.compile(
    r"Process ID\s+: (?P<pid>\d+)\s+Type\s+: (?P<kind>\S+)\s+Name\s+: (?P<name>.+?)\s*$"
    r"\s+Used GPU Memory\s+: (?P<memory>.+?)\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class NvidiaSmi:
    """What was told; None is what was not asked for.

    `error` is why nothing was told, `failure` which known failure that is, `hint` what to do. `cuda` is the
    newest CUDA that the driver can run, not one that is installed.
    """

    gpus: tuple[SmiGpu, ...] | None = None
    processes: tuple[GpuProcess, ...] | None = None
    driver: str | None = None
    cuda: str | None = None
    error: str | None = None
    failure: str | None = None
    hint: str | None = None


def parse(text: str) -> NvidiaSmi | None:
    """Read the output of nvidia-smi with any of its usual options; None for another text."""
    if error := next((line.strip() for line in text.splitlines() if _ERROR.search(line)), None):
        failure, hint = recognise(text, BUILD_FAILURES)
        none: tuple[SmiGpu, ...] | None = () if error.startswith("No devices") else None
        return NvidiaSmi(none, error=error, failure=failure or None, hint=hint or None)
    if table := nvidia_smi_table.parse(text):
        return NvidiaSmi(table.gpus, table.processes, table.driver, table.cuda)
    if "NVSMI LOG" in text:
        return _queried(text)
    if listed := _LISTED.findall(text):
        return NvidiaSmi(tuple(SmiGpu(int(index), name, uuid or None) for index, name, uuid in listed))
    found = nvidia_smi_csv.parse(text)
    if found is None:
        return None
    gpus, processes = found
    return NvidiaSmi(gpus, processes, next((gpu.driver for gpu in gpus or () if gpu.driver), None))


def _queried(text: str) -> NvidiaSmi:
    """Read `nvidia-smi -q`."""
    head, *parts = _QUERIED.split(text)
    general = dict(_members(head))
    driver, cuda = word(general.get("Driver Version", "")), word(general.get("CUDA Version", ""))
    pairs = zip(parts[::2], parts[1::2], strict=True)
    gpus = tuple(_gpu(index, bus, dict(_members(body)), driver) for index, (bus, body) in enumerate(pairs))
    return NvidiaSmi(gpus, tuple(_processes(parts)), driver, cuda)


def _processes(parts: Sequence[str]) -> Iterator[GpuProcess]:
    for index, body in enumerate(parts[1::2]):
        for match in _PROCESS.finditer(body):
            name, memory = word(match["name"]), size(match["memory"])
            yield GpuProcess(name, int(match["pid"]), memory, index, match["kind"])


def _members(text: str) -> list[tuple[str, str]]:
    """Return names and values, the first of each name last so that it counts: sections repeat names."""
    return [(name.strip(), value) for name, value in reversed(_MEMBER.findall("\n" + _outdented(text)))]


def _outdented(text: str) -> str:
    return "\n".join(f" {line.strip()}" for line in text.splitlines())


def _gpu(index: int, bus: str, values: Mapping[str, str], driver: str | None) -> SmiGpu:
    return SmiGpu(
        index=index,
        name=word(values.get("Product Name", "")),
        uuid=word(values.get("GPU UUID", "")),
        bus_id=bus,
        driver=driver,
        performance_state=word(values.get("Performance State", "")),
        persistence=switch(values.get("Persistence Mode", "")),
        temperature=number(values.get("GPU Current Temp", "")),
        utilization=number(values.get("GPU", values.get("Gpu", ""))),
        clock=number(values.get("SM", "")),
        power=number(values.get("Average Power Draw", values.get("Power Draw", ""))),
        memory_total=size(values.get("Total", "")),
        memory_used=size(values.get("Used", "")),
        memory_free=size(values.get("Free", "")),
    )
