"""Whether the ranks of a launch talk over RDMA: what NCCL said, and what went over which device."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RankProof:
    """What is known of one rank. `transport`: NCCL's own word; `hcas`: the devices that it names.

    `moved`: bytes that went over each planned device, both ways, while it answered; None is not known.
    """

    rank: int
    host: str
    transport: str | None = None
    hcas: tuple[str, ...] = ()
    moved: Mapping[str, int | None] = field(default_factory=dict)
    errors: Mapping[str, int] = field(
        default_factory=dict
    )  # that devices counted meanwhile, by kernel's name


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict, in words for people, and what it is made of. `rdma` is None for what is not known."""

    verdict: str
    rdma: bool | None = None
    ranks: tuple[RankProof, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as proof.json has it."""
        ranks = [
            {
                "rank": each.rank,
                "host": each.host,
                "transport": each.transport,
                "hcas": list(each.hcas),
                "moved": dict(each.moved),
                "errors": dict(each.errors),
            }
            for each in self.ranks
        ]
        return {"verdict": self.verdict, "rdma": self.rdma, "ranks": ranks}
