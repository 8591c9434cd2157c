"""Whether a launch uses RDMA, from what NCCL said (recorded) and what devices counted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.fixtures.recorded import sample
from tests.planning.clusters import PAIR, asked, hosts, launched
from tests.planning.fabrics import ring

from sparkup.domain.backend import Backend
from sparkup.domain.command import Environment
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.launch import Launch
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.links import LINKS
from sparkup.facts.rdma_counters import Counters
from sparkup.planning.proof import Evidence, foregone, planned, prove

NODES = ("node1", "node2")
TWINS = ("rocep1s0f1", "roceP2p1s0f1")
GOOD, SOCKET, NO_LIBRARY, WRONG_NAME = (
    tuple(sample("app_log", f"nccl_{name}.txt").splitlines())
    for name in ("good_ib", "bad_no_device", "bad_socket_no_libibverbs", "hca_given_netdev_name")
)


def decided(**changes: Any) -> tuple[Launch, Observed]:  # noqa: ANN401
    """Return a launch on the two hosts, and what was seen of them."""
    two = asked(**changes)
    there = hosts(two)
    return launched(two, there).launch, there


LAUNCH, SEEN = decided()


def counted(*still: str, of: tuple[str, ...] = TWINS) -> Mapping[str, Counters]:
    """Return what devices have counted after a request; `still`: nothing went over these."""
    return {name: Counters(100, 100) if name in still else Counters(5100, 7100) for name in of}


BEFORE = dict.fromkeys(NODES, counted(*TWINS))
ALL = dict.fromkeys(NODES, counted())
SAID = dict.fromkeys(NODES, GOOD)


def verdict(evidence: Evidence) -> tuple[str, bool | None]:
    proof = prove(LAUNCH, SEEN, evidence)
    return proof.verdict, proof.rdma


def test_both_twins() -> None:
    proof = prove(LAUNCH, SEEN, Evidence(SAID, BEFORE, ALL, asked=True))
    assert (proof.verdict, proof.rdma) == ("RDMA on both twins", True)
    assert proof.document() == {
        "verdict": "RDMA on both twins",
        "rdma": True,
        "ranks": [
            {
                "rank": rank,
                "host": host,
                "transport": "IB",
                "hcas": list(TWINS),
                "moved": dict.fromkeys(TWINS, 12000),
                "errors": {},
            }
            for rank, host in enumerate(NODES)
        ],
    }


def test_bytes_prove_it_where_nccl_was_told_to_be_quiet() -> None:
    assert verdict(Evidence({}, BEFORE, ALL, asked=True)) == ("RDMA on both twins", True)


def test_a_device_over_which_nothing_went() -> None:
    half = {"node1": counted(), "node2": counted("roceP2p1s0f1")}
    assert verdict(Evidence(SAID, BEFORE, half, asked=True)) == (
        "RDMA on 3 of 4 devices: nothing went over roceP2p1s0f1 of node2",
        True,
    )


def test_devices_that_stand_still_prove_nothing() -> None:
    told, rdma = verdict(Evidence(SAID, BEFORE, BEFORE, asked=True))
    assert told.startswith("RDMA: not known, nothing went over rocep1s0f1 of node1, ")
    assert rdma is None


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (SOCKET, "NCCL found no RDMA device"),
        (NO_LIBRARY, "the image has no libibverbs"),
        ((*WRONG_NAME, *SOCKET), "NCCL_IB_HCA names enp1s0f0np0, which is no RDMA device"),
        (SOCKET[1:], "NCCL uses Socket"),
    ],
)
def test_sockets_and_why(lines: tuple[str, ...], why: str) -> None:
    said = {"node1": GOOD, "node2": lines}
    told = f"TCP sockets: slow, because {why} (rank 1 on node2)"
    assert verdict(Evidence(said, BEFORE, ALL, asked=True)) == (told, False)


def test_without_an_answer_the_words_of_nccl_count() -> None:
    assert verdict(Evidence(SAID)) == ("RDMA on both twins, says NCCL; no request was answered", True)
    silent = Evidence({"node1": GOOD})
    assert verdict(silent) == (
        "RDMA: not known, no request was answered, and NCCL said nothing of it on node2",
        None,
    )


def test_devices_that_count_nothing() -> None:
    told = "RDMA on both twins, says NCCL; the devices do not count bytes"
    assert verdict(Evidence(SAID, asked=True)) == (told, True)


def test_a_device_that_nccl_leaves_out() -> None:
    one = tuple(line.replace(" [1]roceP2p1s0f1:1/RoCE", "") for line in GOOD)
    told = "RDMA on 3 of 4 devices: NCCL leaves out roceP2p1s0f1 of node1"
    assert verdict(Evidence({"node1": one, "node2": GOOD})) == (told, True)


def test_what_devices_counted_as_lost_is_kept() -> None:
    lost = replace(counted()["rocep1s0f1"], errors={"out_of_sequence": 3, "packet_seq_err": 0})
    quiet = replace(counted(*TWINS)["rocep1s0f1"], errors={"out_of_sequence": 1, "packet_seq_err": 0})
    before = {**BEFORE, "node1": {**counted(*TWINS), "rocep1s0f1": quiet}}
    after = {**ALL, "node1": {**counted(), "rocep1s0f1": lost}}
    first, second = prove(LAUNCH, SEEN, Evidence(SAID, before, after, asked=True)).ranks
    assert (first.errors, second.errors) == ({"out_of_sequence": 2}, {})


def test_ray_has_what_its_workers_say_in_the_log_of_the_head() -> None:
    launch, there = decided(backend=Backend.RAY)
    proof = prove(launch, there, Evidence({"node1": GOOD}))
    assert [each.transport for each in proof.ranks] == ["IB", "IB"]


def test_all_devices_of_a_ring() -> None:
    cabled = ring(3)
    three = asked("vllm", "serve", "m", "-tp", "3", hosts=tuple(cabled))
    there = hosts(three, cabled)
    launch = launched(three, there).launch
    devices = planned(launch, launch.head, there)
    assert len(devices) == 4
    before = dict.fromkeys(cabled, counted(*devices, of=devices))
    after = dict.fromkeys(cabled, counted(of=devices))
    assert prove(launch, there, Evidence({}, before, after, asked=True)).verdict == "RDMA on all 12 devices"


@pytest.mark.parametrize(
    ("given", "devices"),
    [
        ({}, TWINS),
        ({"NCCL_IB_HCA": "=rocep1s0f1:1"}, TWINS[:1]),
        ({"NCCL_IB_HCA": "rocep1"}, ("rocep1s0f0", "rocep1s0f1")),
        ({"NCCL_IB_HCA": "^rocep1,roceP2p1s0f0"}, TWINS[1:]),
        ({"NCCL_IB_HCA": ""}, TWINS),  # those that are up
        ({"NCCL_IB_DISABLE": "1"}, ()),
    ],
)
def test_the_devices_that_nccl_is_to_use(given: Mapping[str, str], devices: tuple[str, ...]) -> None:
    launch, there = decided(environment=Environment(given))
    assert set(planned(launch, launch.head, there)) == set(devices)


def test_there_is_nothing_to_prove_of_one_host() -> None:
    one = asked("vllm", "serve", "m", hosts=["node1"])
    proof = foregone(launched(one).launch, hosts(one))
    assert proof is not None
    assert (proof.verdict, proof.rdma) == ("RDMA: not applicable, one host alone", None)


def test_there_is_nothing_to_prove_of_what_is_no_vllm() -> None:
    proof = foregone(replace(LAUNCH, argv=("ray", "start")), SEEN)
    assert proof is not None
    assert proof.verdict == "RDMA: not applicable, no vLLM server"


def test_there_is_nothing_to_prove_on_the_cpu() -> None:
    bare = {name: Seen(name, {**each.values, GPU.name: Gpus(shown=False)}) for name, each in SEEN.items()}
    proof = foregone(LAUNCH, bare)
    assert proof is not None
    assert proof.verdict == "RDMA: not applicable on the CPU"


def test_rdma_that_was_turned_off() -> None:
    launch, there = decided(environment=Environment({"NCCL_NET": "Socket"}))
    proof = foregone(launch, there)
    assert proof is not None
    assert (proof.verdict, proof.rdma) == ("TCP sockets: slow, because RDMA was turned off", False)
    assert foregone(LAUNCH, SEEN) is None


def test_hosts_that_no_rdma_joins() -> None:
    launch, _ = decided(environment=Environment({"NCCL_NET": "Socket"}))
    plain = {
        name: Seen(name, {**SEEN[name].values, LINKS.name: tuple(replace(i, rdma=None) for i in own)})
        for name, own in PAIR.items()
    }
    proof = foregone(launch, plain)
    assert proof is not None
    assert proof.verdict == "TCP sockets: slow, because no RDMA joins node1, node2"
