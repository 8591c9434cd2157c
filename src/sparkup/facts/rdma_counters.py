"""What RDMA devices count: bytes that went over them, which proves that traffic takes them, and faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sparkup.domain.fact import Answers, Fact, files
from sparkup.facts.tools.lines import integer

FOLDER = "/sys/class/infiniband"
WORD = 4  # bytes, in which ports count data
DATA = ("port_xmit_data", "port_rcv_data")
# Growth of these says that packets are lost or come too fast (users.md 2.3, net.errors).
ERRORS = ("rnr_nak_retry_err", "packet_seq_err", "local_ack_timeout_err", "out_of_sequence")


@dataclass(frozen=True, slots=True)
class Counters:
    """What one device counted since it was there, or between two looks. None is what it does not count."""

    sent: int | None = None  # bytes
    received: int | None = None  # bytes
    errors: Mapping[str, int] = field(default_factory=dict)  # events, by the kernel's names


def rdma_counters(devices: Sequence[str]) -> Fact[Mapping[str, Counters]]:
    """Return the fact of some devices' counters; those of devices that are not there are all None."""

    def parse(answers: Answers) -> Mapping[str, Counters]:
        texts = answers["counters"]["files"]
        return {device: _counters(device, texts) for device in devices}

    paths = (f"{FOLDER}/{device}/ports/1/{file}" for device in devices for file in _files())
    return Fact("rdma_counters", {"counters": files(*paths, max_bytes=64, sparse=True)}, parse, unknown={})


def _files() -> list[str]:
    return [*(f"counters/{name}" for name in DATA), *(f"hw_counters/{name}" for name in ERRORS)]


def _counters(device: str, texts: Mapping[str, str]) -> Counters:
    values = {
        file.rpartition("/")[2]: integer(texts.get(f"{FOLDER}/{device}/ports/1/{file}")) for file in _files()
    }
    sent, received = (None if (words := values[name]) is None else words * WORD for name in DATA)
    errors = {name: number for name in ERRORS if (number := values[name]) is not None}
    return Counters(sent, received, errors)


def between(before: Counters, after: Counters) -> Counters:
    """Return what was counted between two looks; None where a device was counted anew, or not at all."""
    grown = {name: _grown(before.errors.get(name), number) for name, number in after.errors.items()}
    return Counters(
        sent=_grown(before.sent, after.sent),
        received=_grown(before.received, after.received),
        errors={name: number for name, number in grown.items() if number is not None},
    )


def _grown(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None or after < before else after - before
