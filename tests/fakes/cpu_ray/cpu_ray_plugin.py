"""A platform for vLLM on the CPU that Ray may use, which vLLM refuses; for tests alone.

A folder on PYTHONPATH is enough: vLLM finds the entry point in cpu_ray-1.dist-info.
"""


def register() -> str:
    """Return the platform's name; importing it here would import half of vLLM too early."""
    return "cpu_ray_platform.CpuRayPlatform"
