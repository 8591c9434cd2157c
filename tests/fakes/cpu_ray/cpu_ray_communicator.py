"""What ranks on the CPU talk through: shared memory within a host, never between hosts.

vLLM 0.32 takes the ranks that Ray has placed for ranks of one host.
"""

import socket

import torch
from vllm.distributed.device_communicators.cpu_communicator import CpuCommunicator


class CommunicatorOfHosts(CpuCommunicator):  # type: ignore[misc] # vLLM is not there where types are checked
    """Looks at the names of the hosts as well."""

    def _all_group_ranks_share_shm_group_name(self) -> bool:
        same = super()._all_group_ranks_share_shm_group_name()
        hosts = [""] * self.world_size
        torch.distributed.all_gather_object(hosts, socket.gethostname(), group=self.device_group)
        return bool(same) and len(set(hosts)) == 1
