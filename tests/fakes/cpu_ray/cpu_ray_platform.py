"""vLLM's CPU platform as one whose workers Ray can place."""

from vllm.platforms.cpu import CpuPlatform


class CpuRayPlatform(CpuPlatform):  # type: ignore[misc] # vLLM is not there where types are checked
    """To Ray a GPU is then room for one worker: `ray start --num-gpus 1`."""

    ray_device_key = "GPU"
    ray_noset_device_env_vars = ("RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES",)

    @classmethod
    def get_device_communicator_cls(cls) -> str:
        """Return the name of what the ranks talk through."""
        return "cpu_ray_communicator.CommunicatorOfHosts"
