"""What the supervisor of a rank knows of another rank of its launch."""

from dataclasses import dataclass

QUIET = 5.0  # seconds without a beat after which a peer counts as silent (node/together.py writes that down)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another rank, as its peer heard it: `state` is running, ready, ended, or "" before the first beat.

    `silent`: seconds without a beat when this was written, `heard`: when the last one came, in seconds
    after the epoch by the clock of who heard it; None for never. `problem`: why who tells of it
    can hear nobody.
    """

    rank: int
    host: str
    state: str
    silent: float | None
    heard: float | None = None
    problem: str = ""

    @property
    def lost(self) -> bool:
        """Say whether it was heard once and then no more."""
        return self.silent is not None and self.silent > QUIET
