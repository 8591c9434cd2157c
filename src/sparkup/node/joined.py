"""Ask a Ray cluster which hosts have joined it: run by the Python that has Ray, `ray status` is seconds late.

Prints {"nodes": [{"address": ..., "gpus": ...}]}, those that live, or {"problem": ...}: once, whenever it has
changed, and now and then as a sign of life, for as long as standard input stays open.
"""

from __future__ import annotations

import json
import select
import time
from typing import Any

TIMEOUT = 5  # seconds
AGAIN = 5.0  # seconds after which the same is told again
PAUSE = 0.2  # seconds between two questions: each takes a millisecond, what takes a second is to import Ray


def main(address: str) -> int:
    """Ask the head at HOST:PORT; 0 when it answered the last time."""
    told: Any = None
    client: Any = None
    next_time = 0.0
    while True:
        found, client = asked(address, client)
        if found != told or time.monotonic() > next_time:
            told, next_time = found, time.monotonic() + AGAIN
            print(json.dumps(found), flush=True)
        if select.select([0], [], [], PAUSE)[0]:
            return 1 if "problem" in found else 0


def asked(address: str, client: Any) -> tuple[dict[str, Any], Any]:
    """Ask once; return the answer and who to ask by the next time, None after a failure."""
    try:
        from ray._raylet import GcsClient  # type: ignore[import-not-found, unused-ignore]

        client = client or GcsClient(address=address)
        found = client.get_all_node_info(timeout=TIMEOUT)
        nodes = [
            {"address": each.node_manager_address, "gpus": int(dict(each.resources_total).get("GPU", 0))}
            for each in found.values()
            if each.state == 0  # ALIVE, ray/protobuf/gcs.proto: GcsNodeInfo.GcsNodeState
        ]
    except Exception as error:  # noqa: BLE001 - Ray's own are not to be imported where there is no Ray
        return {"problem": f"{type(error).__name__}: {error}"}, None
    return {"nodes": sorted(nodes, key=lambda node: str(node["address"]))}, client
