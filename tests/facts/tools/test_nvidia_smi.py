"""nvidia-smi: tables, lists and CSV of a GB10 and an H200, with and without names and units; and errors."""

import re
from dataclasses import asdict

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.nvidia_gpu import GpuProcess, SmiGpu
from sparkup.facts.tools.nvidia_smi import NvidiaSmi, parse

MIB = 1 << 20
UUID = "GPU-00000000-0000-0000-0000-000000000001"
H200 = SmiGpu(
    0, "NVIDIA H200", UUID, "00000000:00:06.0", "580.159.04", "9.0", "P0",
    temperature=38.0, utilization=0.0, clock=345.0, power=83.43, memory_total=143771 * MIB,
)  # fmt: skip
PYTHON = GpuProcess("python3", 451, 1542 * MIB)


def read(name: str) -> NvidiaSmi:
    found = parse(sample("nvidia_smi", name))
    assert found is not None
    return found


def gpu(name: str) -> dict[str, object]:
    """Return what is known of the one GPU of a sample."""
    (only,) = read(name).gpus or ()
    return {field: value for field, value in asdict(only).items() if value is not None}


def test_the_table_of_a_gb10() -> None:
    found = read("table_idle_headless_580.105.08.txt")
    assert (found.driver, found.cuda, found.processes, found.error) == ("580.105.08", "13.0", (), None)
    assert gpu("table_idle_headless_580.105.08.txt") == {
        "index": 0,
        "name": "NVIDIA GB10",
        "bus_id": "0000000F:01:00.0",
        "driver": "580.105.08",
        "performance_state": "P8",
        "persistence": True,
        "temperature": 39.0,
        "utilization": 0.0,
        "power": 4.0,
    }


def test_the_table_of_a_gpu_in_use() -> None:
    found = read("h200_580_table_busy.txt")
    assert found.processes == (GpuProcess("python3", 451, 1542 * MIB, 0, "C"),)
    known = gpu("h200_580_table_busy.txt")
    assert (known["memory_used"], known["memory_total"]) == (1551 * MIB, 143771 * MIB)
    assert (known["power"], known["power_limit"], known["utilization"]) == (88.0, 700.0, 2.0)


def test_the_table_as_newer_drivers_head_it() -> None:
    text = sample("nvidia_smi", "h200_580_table.txt")
    newer = text.replace("Driver Version:", "KMD Version:").replace("CUDA Version:", "CUDA UMD Version:")
    assert parse(newer) == parse(text)


def test_two_gpus_of_a_table() -> None:
    text = sample("nvidia_smi", "h200_580_table.txt")
    rows = text[text.index("|   0  NVIDIA") : text.index("\n\n")]
    found = parse(text.replace(rows, rows + "\n" + rows.replace("|   0 ", "|   1 ").replace("38C", "41C")))
    assert found
    assert [(each.index, each.temperature) for each in found.gpus or ()] == [(0, 38.0), (1, 41.0)]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("list.txt", {"index": 0, "name": "NVIDIA GB10", "uuid": "GPU-d51f1f69-4063-9beb-b3e9-734334ec9006"}),
        ("query_inventory.csv",
         {"name": "NVIDIA GB10", "driver": "580.159.03", "compute_capability": "12.1"}),
        ("query_inventory_indexed.csv",
         {"index": 0, "name": "NVIDIA GB10", "driver": "580.142", "compute_capability": "12.1"}),
        ("query_load_healthy.csv", {"power": 35.65, "utilization": 96.0, "clock": 2522.0}),
        ("query_load_pd_wedge.csv",
         {"utilization": 19.0, "clock": 513.0, "power": 4.39, "temperature": 39.0,
          "performance_state": "P0"}),
        ("h200_580_memory.csv",
         {"memory_total": 143771 * MIB, "memory_used": 0, "memory_free": 143156 * MIB, "power": 80.55,
          "power_limit": 700.0, "clock": 345.0, "max_clock": 1980.0, "memory_clock": 3201.0}),
    ],
)  # fmt: skip
def test_queries(name: str, known: dict[str, object]) -> None:
    assert gpu(name) == known
    assert read(name).processes is None


def test_rows_with_and_without_names_say_the_same() -> None:
    assert read("h200_580_gpus.csv").gpus == (H200,)
    known = {**asdict(H200), "power": 82.48}
    assert read("h200_580_gpus_noheader.csv").gpus == (SmiGpu(**known),)


def test_bare_numbers_that_could_be_several_things_stay_unknown() -> None:
    unknown = dict.fromkeys(("temperature", "utilization", "clock", "memory_total"))
    known = {**asdict(H200), **unknown, "power": 81.48}
    assert read("h200_580_gpus_nounits.csv").gpus == (SmiGpu(**known),)


def test_a_long_query() -> None:
    known = gpu("h200_580_q.txt")
    assert known["memory_total"] == 143771 * MIB
    assert (known["uuid"], known["clock"], known["power"], known["utilization"]) == (UUID, 345.0, 86.26, 0.0)
    assert read("h200_580_q.txt").processes == ()


@pytest.mark.parametrize(
    "name", ["h200_580_apps.csv", "h200_580_apps_noheader.csv", "h200_580_apps_nounits.csv"]
)
def test_processes(name: str) -> None:
    assert (read(name).gpus, read(name).processes) == (None, (PYTHON,))


def test_a_process_of_a_gb10_has_a_size_although_the_total_is_unknown() -> None:
    processes = (GpuProcess("VLLM::EngineCore", None, 83146 * MIB),)
    assert read("query_compute_apps.csv").processes == processes


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("No devices were found\n", "F44"),
        (
            "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.173\n",
            "F45",
        ),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that",
            "F44",
        ),
        ("bash: line 1: nvidia-smi: command not found", None),
        ('Field "nonsense" is not a valid field to query.', None),
    ],
)
def test_errors(text: str, failure: str | None) -> None:
    found = parse(text)
    assert found
    assert (found.error, found.failure) == (text.splitlines()[0].strip(), failure)
    assert bool(found.hint) == bool(failure)


def test_no_devices_is_none_of_them_and_not_unknown() -> None:
    assert read("error_no_devices.txt").gpus == ()


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("[N/A], [N/A], 4.32 W\n", (SmiGpu(power=4.32),)),
        ("Not Supported, Not Supported, 4.32 W\n", (SmiGpu(power=4.32),)),
        ("[N/A], [N/A]\n[N/A], [N/A]\n", (SmiGpu(), SmiGpu())),
        ("memory.total [MiB], power.draw [W]\n[N/A], [Not Supported]\n", (SmiGpu(),)),
    ],
)
def test_what_is_not_known_is_none_and_never_zero(text: str, gpus: tuple[SmiGpu, ...]) -> None:
    found = parse(text)
    assert found
    assert found.gpus == gpus


@pytest.mark.parametrize("text", ["", "\n", "one, two, three\n"])
def test_other_texts(text: str) -> None:
    assert parse(text) is None


def test_processes_of_a_long_query() -> None:
    entry = (
        "    Processes\n        GPU instance ID                   : N/A\n"
        "        Process ID                        : 451\n"
        "            Type                          : C\n            Name                          : python3\n"
        "            Used GPU Memory               : 1542 MiB\n"
    )
    text = sample("nvidia_smi", "h200_580_q.txt")
    found = parse(re.sub(r"    Processes +: None\n", entry, text))
    assert found
    assert found.processes == (GpuProcess("python3", 451, 1542 * MIB, 0, "C"),)


def test_rows_in_which_a_name_is_no_process() -> None:
    found = parse("P8, Enabled, 00000000:00:06.0\nodd, P8\n")
    assert found
    assert found.gpus == (
        SmiGpu(performance_state="P8", persistence=True, bus_id="00000000:00:06.0"),
        SmiGpu(performance_state="P8"),
    )


def test_a_line_that_no_csv_has() -> None:
    assert parse("x" * 200_000 + ", 1\n") is None
