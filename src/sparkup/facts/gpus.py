"""Whether a host has a GPU that its driver shows."""

from sparkup.domain.fact import Answers, Fact, paths

DRIVER = "/proc/driver/nvidia/version"


def parse(answers: Answers) -> bool:
    """Read the answers to GPU."""
    return bool(answers["driver"]["paths"][DRIVER]["kind"])


GPU = Fact("gpu", {"driver": paths(DRIVER)}, parse)
