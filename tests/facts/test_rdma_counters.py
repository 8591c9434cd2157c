"""What RDMA devices count; the numbers are those of the samples, the files are where the kernel has them."""

from sparkup.facts.rdma_counters import Counters, between, rdma_counters

PORT = "/sys/class/infiniband/rocep1s0f1/ports/1"
FILES = {
    f"{PORT}/counters/port_xmit_data": "2968259552956\n",
    f"{PORT}/counters/port_rcv_data": "0\n",
    f"{PORT}/hw_counters/packet_seq_err": "7\n",
}


def test_data_is_counted_in_words_of_four_bytes() -> None:
    fact = rdma_counters(("rocep1s0f1", "roceP2p1s0f1"))
    assert fact.parse({"counters": {"files": FILES, "owners": {}}}) == {
        "rocep1s0f1": Counters(sent=4 * 2968259552956, received=0, errors={"packet_seq_err": 7}),
        "roceP2p1s0f1": Counters(),
    }
    globs = fact.requests["counters"].body["globs"]
    assert f"{PORT}/hw_counters/rnr_nak_retry_err" in globs
    assert len(globs) == 12


def test_what_was_counted_between_two_looks() -> None:
    before = Counters(100, 50, {"packet_seq_err": 7, "out_of_sequence": 1})
    after = Counters(300, None, {"packet_seq_err": 9, "out_of_sequence": 0, "rnr_nak_retry_err": 4})
    assert between(before, after) == Counters(200, None, {"packet_seq_err": 2})
    assert between(after, before).sent is None
