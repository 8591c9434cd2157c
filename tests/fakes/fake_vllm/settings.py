"""What the environment asks of the fake; see __init__.py for the variables."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from . import faults as known_faults

# What part of a start takes how much of its time.
SHARES = {
    "python": 0.2,
    "resolve": 0.15,
    "engine": 0.15,
    "ranks": 0.1,
    "weights": 0.3,
    "server": 0.1,
}


@dataclass(frozen=True)
class Settings:
    """What the environment asks for."""

    faults: Mapping[str, str]
    start: float
    token: float
    exit: float

    @classmethod
    def read(cls) -> "Settings":
        """Read the environment variables of the fake."""
        faults = known_faults.parse(os.environ.get("FAKE_VLLM_FAULT", ""))
        start = faults.get("slow") or os.environ.get("FAKE_VLLM_START_SECONDS", "0.3")
        return cls(
            faults=faults,
            start=float(start),
            token=float(os.environ.get("FAKE_VLLM_TOKEN_SECONDS", "0.002")),
            exit=float(os.environ.get("FAKE_VLLM_EXIT_SECONDS", "0.5")),
        )

    def pause(self, stage: str) -> None:
        """Take the time of a stage."""
        time.sleep(self.start * SHARES[stage])
