"""The part of Ray's client that node/joined.py uses, with the members that it reads."""

import time
from dataclasses import dataclass

from . import delays
from .gcs import Client

time.sleep(delays.IMPORT)


@dataclass(frozen=True)
class NodeInfo:
    """One node that lives."""

    node_manager_address: str
    resources_total: dict[str, float]
    state: int = 0


class GcsClient:
    """Asks the head."""

    def __init__(self, address: str) -> None:
        self.client = Client(address)

    def get_all_node_info(self, timeout: float) -> dict[int, NodeInfo]:
        """Return the nodes that are in the cluster."""
        self.client.socket.settimeout(timeout)
        found = self.client.ask({"nodes": 1})
        return {place: NodeInfo(each["address"], {"GPU": each["gpus"]}) for place, each in enumerate(found)}
