"""perftest and mlnx_perf: Gb/s and microseconds, whatever unit was printed."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools.perftest import Counter, PerfRow, PerfTest, parse

TITLE = "                    Send BW Test\n"
MEGABYTES = (
    " #bytes     #iterations    BW peak[MB/sec]    BW average[MB/sec]   MsgRate[Mpps]\n"
    " 65536      1000             11000.50           10990.10           0.175842\n"
)


def only(text: str) -> PerfTest:
    found = parse(text)
    assert found is not None
    (test,) = found
    return test


def test_bandwidth_with_four_queue_pairs() -> None:
    assert only(sample("perftest", "ib_write_bw_q4.txt")) == PerfTest(
        "bandwidth",
        verb="write",
        device="rocep1s0f1",
        link="IB",
        mtu=1024,
        queue_pairs=4,
        average=111.71,
        peak=111.72,
        rows=(PerfRow(65536, 20000, 111.72, 111.71, 0.21307),),
    )


def test_a_peak_of_zero_was_not_measured() -> None:
    found = only(sample("perftest", "ib_write_bw_twin_b.txt"))
    assert (found.device, found.link, found.gid_index) == ("roceP2p1s0f0", "Ethernet", 3)
    assert (found.average, found.peak, len(found.rows)) == (97.28, None, 2)
    assert [row.iterations for row in found.rows] == [927940, 927790]


def test_latency() -> None:
    found = only(sample("perftest", "ib_write_lat.txt"))
    assert (found.kind, found.verb, found.latency, found.average) == ("latency", "write", 1.47, None)
    assert found.rows == (
        PerfRow(
            2, 1000, latency_min=1.42, latency_max=1.93, latency_typical=1.47, latency_average=1.47,
            latency_deviation=0.0, latency_99=1.57, latency_999=1.93,
        ),
    )  # fmt: skip


def test_latency_over_a_time() -> None:
    text = " RDMA_Read Latency Test\n #bytes        #iterations       t_avg[usec]    tps average\n"
    found = only(f"{text} 2             482231            2.07           241115.50\n")
    assert (found.kind, found.verb, found.latency) == ("latency", "read", 2.07)


def test_counters() -> None:
    found = only(sample("perftest", "mlnx_perf_two_twins_balanced.txt"))
    assert found.kind == "counters"
    assert found.counters == (
        Counter("enp1s0f0np0", "tx_bytes_phy", 73.748),
        Counter("enp1s0f0np0", "rx_bytes_phy", 73.7398),
        Counter("enP2p1s0f0np0", "tx_bytes_phy", 72.4306),
        Counter("enP2p1s0f0np0", "rx_bytes_phy", 72.3794),
    )


def test_megabytes_are_of_1048576_bytes() -> None:
    found = only(TITLE + MEGABYTES)
    assert (found.verb, found.average, found.peak) == ("send", 92.1916, 92.2789)


def test_a_table_without_its_title() -> None:
    assert only(MEGABYTES).average == 92.1916


def test_of_several_sizes_the_largest_counts() -> None:
    smaller = MEGABYTES.splitlines()[1].replace("65536", "2    ").replace("10990.10", "    9.10")
    assert only(f"{TITLE}{MEGABYTES}{smaller}\n").average == 92.1916


def test_twins_after_each_other() -> None:
    found = parse(sample("perftest", "ib_write_bw_q4.txt") + sample("perftest", "ib_write_bw_twin_b.txt"))
    assert [each.device for each in found or ()] == ["rocep1s0f1", "roceP2p1s0f0"]


@pytest.mark.parametrize(
    "text",
    ["Couldn't connect to 192.168.100.11:18515", "IB device rocep9s0f1 not found", "No IB devices found"],
)
def test_errors(text: str) -> None:
    assert only(f" {text}\n").error == text
    assert only(f"{TITLE}{text}\n").error == text


def test_odd_numbers_are_not_known() -> None:
    assert only(TITLE + MEGABYTES.replace("10990.10", "    -nan")).average is None
    assert only(TITLE + MEGABYTES.replace("10990.10", "     odd")).average is None


@pytest.mark.parametrize("text", ["", "tx_packets: 12 pps\n", "hello\n"])
def test_other_texts(text: str) -> None:
    assert parse(text) is None
