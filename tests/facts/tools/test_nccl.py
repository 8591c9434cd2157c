"""nccl-tests: the bandwidth of the largest message counts, and the average says when it misleads."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.nccl import NcclTest, Pass, Size, parse

ALL_GATHER, ALLTOALL = "all_gather_16g_mtu1500.txt", "alltoall_two_interfaces_mtu9216.txt"
GIB = 1 << 30
# Rows as the other tests of the suite print them.
ALL_REDUCE = "  1073741824  268435456  float  sum  -1  48000  22.37  22.37  0  48100  22.32  22.32  0\n"
BROADCAST = "  1073741824  268435456  bfloat16  none  0  48000  22.37  22.37  0  48100  22.32  22.32  0\n"
OLD_ALLTOALL = "  1073741824  268435456  float  48000  22.37  11.18  0e+00  48100  22.32  11.16  N/A\n"
OLD_REDUCE = "  1073741824  268435456  float  sum  48000  22.37  11.18  0e+00  48100  22.32  11.16  0e+00\n"


def read(text: str) -> NcclTest:
    found = parse(text)
    assert found is not None
    (only,) = found
    return only


def test_all_gather() -> None:
    found = read(sample("nccl", ALL_GATHER))
    assert found == NcclTest(
        test="all_gather",
        nccl="2.28.9",
        tests_version="2.17.6",
        ranks=None,
        sizes=(
            Size(16 * GIB, 2147483648, "float", None, None,
                 Pass(453650.0, 37.87, 18.94, 0), Pass(410049.0, 41.90, 20.95, 0)),
        ),
        largest=16 * GIB,
        bus_bandwidth=18.94,
        bus_bandwidth_in_place=20.95,
        average=19.9431,
        average_misleads=False,
        valid=True,
        warnings=(),
        error=None,
    )  # fmt: skip


def test_an_average_over_small_messages_is_told_apart() -> None:
    found = read(sample("nccl", ALLTOALL))
    assert (found.test, found.nccl, len(found.sizes), found.largest) == ("alltoall", "2.28.3", 6, 8 * GIB)
    assert (found.bus_bandwidth, found.bus_bandwidth_in_place) == (18.11, 18.24)
    assert (found.average, found.average_misleads) == (6.99287, True)
    (warning,) = found.warnings
    assert "largest" in warning
    assert found.sizes[0].in_place == Pass(7964.12, 33.71, 16.85, None)


@pytest.mark.parametrize(
    ("row", "operation", "root", "busbw"),
    [
        (ALL_REDUCE, "sum", None, 22.37),
        (BROADCAST, None, 0, 22.37),
        (OLD_ALLTOALL, None, None, 11.18),
        (OLD_REDUCE, "sum", None, 11.18),
    ],
)
def test_rows_of_other_tests(row: str, operation: str | None, root: int | None, busbw: float) -> None:
    (size,) = read(row).sizes
    assert (size.size, size.operation, size.root) == (GIB, operation, root)
    assert size.out_of_place
    assert size.in_place
    assert size.out_of_place.bus_bandwidth == busbw


def test_a_test_that_knows_one_way_alone() -> None:
    found = read(ALL_REDUCE.replace("48000  22.37  22.37  0", "N/A  N/A  N/A  N/A"))
    assert found.sizes[0].out_of_place is None
    assert (found.bus_bandwidth, found.bus_bandwidth_in_place) == (None, 22.32)


def test_the_same_size_again_is_averaged() -> None:
    again = ALL_REDUCE.replace("22.37  0", "22.57  0")
    assert read(ALL_REDUCE + again).bus_bandwidth == 22.47


def test_several_tests_in_one_text() -> None:
    found = parse(sample("nccl", ALL_GATHER) + sample("nccl", ALLTOALL))
    assert [each.test for each in found or ()] == ["all_gather", "alltoall"]


def test_what_mpirun_puts_before_the_lines() -> None:
    text = sample("nccl", ALL_GATHER)
    assert parse("".join(f"[1,0]<stdout>:{line}\n" for line in text.splitlines())) == parse(text)


def test_ranks_and_wrong_values() -> None:
    ranks = "".join(
        f"#  Rank  {rank} Group  0 Pid   3012 on     spark{rank} device  0 [000f:01:00] NVIDIA GB10\n"
        for rank in range(2)
    )
    found = read(ranks + ALL_REDUCE + "# Out of bounds values : 3 FAILED\n")
    assert (found.ranks, found.valid) == (2, False)
    assert "wrong" in found.warnings[0]


def test_small_messages_alone_judge_no_link() -> None:
    found = read(ALL_REDUCE.replace("1073741824", "      1024"))
    assert "too small" in found.warnings[0]


def test_a_test_that_failed() -> None:
    head = sample("nccl", ALL_GATHER).partition("# nThread")[0]
    failure = "spark1: Test NCCL failure common.cu:1005 'unhandled system error (run with NCCL_DEBUG=INFO)'"
    found = read(head + failure)
    assert (found.sizes, found.error, found.bus_bandwidth, found.valid) == ((), failure, None, None)


@pytest.mark.parametrize(("number", "version"), [("22809", "2.28.9"), ("21805", "2.18.5"), ("2708", "2.7.8")])
def test_versions_of_nccl(number: str, version: str) -> None:
    assert (
        read(sample("nccl", ALL_GATHER).replace("nccl-library=22809", f"nccl-library={number}")).nccl
        == version
    )


def test_the_version_that_nccl_itself_tells() -> None:
    assert read(f"NCCL version 2.30.1+cuda13.0\n{ALL_REDUCE}").nccl == "2.30.1"


@pytest.mark.parametrize(
    "text", ["", "1024 8 float\n", "8 8 nothing sum -1 1 1 1 1\n", "8 8 float none -1 1 1\n"]
)
def test_other_texts(text: str) -> None:
    assert parse(text) is None
