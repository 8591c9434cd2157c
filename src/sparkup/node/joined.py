"""Ask a Ray cluster which hosts have joined it: run by the Python that has Ray, `ray status` is seconds late.

Prints {"nodes": [{"address": ..., "gpus": ...}]}, those that live, or {"problem": ...}.
"""

from __future__ import annotations

import json

TIMEOUT = 5  # seconds


def main(address: str) -> int:
    """Ask the head at HOST:PORT; 0 when it answered."""
    try:
        from ray._raylet import GcsClient  # type: ignore[import-not-found, unused-ignore]

        found = GcsClient(address=address).get_all_node_info(timeout=TIMEOUT)
        nodes = [
            {"address": each.node_manager_address, "gpus": int(dict(each.resources_total).get("GPU", 0))}
            for each in found.values()
            if each.state == 0  # ALIVE, ray/protobuf/gcs.proto: GcsNodeInfo.GcsNodeState
        ]
    except Exception as error:  # noqa: BLE001 - Ray's own are not to be imported where there is no Ray
        print(json.dumps({"problem": f"{type(error).__name__}: {error}"}))
        return 1
    print(json.dumps({"nodes": sorted(nodes, key=lambda node: str(node["address"]))}))
    return 0
