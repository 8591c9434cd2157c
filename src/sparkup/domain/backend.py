"""How the ranks of a launch find each other, in vLLM's words."""

from enum import StrEnum


class Backend(StrEnum):
    """vLLM's own way over several hosts, or Ray's."""

    MP = "mp"
    RAY = "ray"


# Where ranks meet, of the head: vLLM's --master-port, and Ray's own default.
PORTS = {Backend.MP: 29501, Backend.RAY: 6379}
