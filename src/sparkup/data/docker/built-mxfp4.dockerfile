# They do not fit this vLLM, which takes them if they are there.
RUN uv pip uninstall triton-kernels
