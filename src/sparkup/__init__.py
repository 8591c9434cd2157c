"""sparkup runs vLLM on NVIDIA DGX Spark machines, one or many."""

__version__ = "0.1.0"
