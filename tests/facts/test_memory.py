"""The memory of a host, in bytes; None where its kernel does not say."""

import pytest
from tests.fixtures.record import ask
from tests.fixtures.recorded import answers, sample

from sparkup.facts.memory import MEMORY, Memory, parse, parse_meminfo

KIB = 1024
SAMPLES = {
    "half_used.txt": Memory(127600748 * KIB, 63569960 * KIB, 38650616 * KIB),
    "idle_2025_firmware_119g.txt": Memory(125513944 * KIB, 121519624 * KIB, 56076940 * KIB),
    "kernel7_kho_off_healthy.txt": Memory(
        127598772 * KIB, 121000000 * KIB, 119537664 * KIB, cma_total=0, cma_free=0
    ),
    "kho_bug_cma_free_exceeds_total.txt": Memory(
        127598772 * KIB, 119537664 * KIB, 92274688 * KIB, cma_total=0, cma_free=940604 * KIB,
        huge_pages=0, huge_pages_free=0, huge_page_size=2048 * KIB,
    ),
    "memfree_low_but_available_high.txt": Memory(127606644 * KIB, 73400320 * KIB, 2097152 * KIB),
    "near_oom.txt": Memory(127600592 * KIB, 3987200 * KIB, 121964 * KIB, buffers=1024 * KIB),
    "serving_with_swap_used.txt": Memory(
        127600752 * KIB, 13945856 * KIB, 6291456 * KIB, swap_total=16777212 * KIB,
        swap_free=8290872 * KIB, swap_used=(16777212 - 8290872) * KIB,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "memory"), SAMPLES.items())
def test_samples(name: str, memory: Memory) -> None:
    assert parse_meminfo(sample("meminfo", name)) == memory


def test_a_whole_file() -> None:
    found = parse_meminfo(sample("meminfo", "vm_whole.txt"))
    assert found
    assert found.cached
    assert found.shared
    assert (found.swap_total, found.swap_used, found.huge_page_size) == (0, 0, 2048 * KIB)


@pytest.mark.parametrize("name", SAMPLES)
def test_more_free_than_there_is_tells_of_the_handover(name: str) -> None:
    assert SAMPLES[name].lost_to_handover == (name == "kho_bug_cma_free_exceeds_total.txt")


@pytest.mark.parametrize("text", ["", "MemFree: 1 kB\n", "MemTotal: many kB\n"])
def test_other_texts(text: str) -> None:
    assert parse_meminfo(text) is None


def test_a_recorded_machine() -> None:
    found = parse(answers("memory", "vm"))
    assert 0 < (found.free or 0) <= (found.available or 0) <= found.total


def test_a_kernel_that_does_not_say() -> None:
    with pytest.raises(ValueError, match="MemTotal"):
        parse({"meminfo": {"files": {}}})


def test_the_question_can_be_answered() -> None:
    assert isinstance(parse(ask(MEMORY, "python3")), Memory)
