
# What people and launches meet: a working directory with run-cluster-node.sh, no entrypoint.
ARG BUILD_JOBS
# What is compiled as the engine runs has the same limits as what was compiled for it.
ENV MAX_JOBS=${BUILD_JOBS} CMAKE_BUILD_PARALLEL_LEVEL=${BUILD_JOBS} NINJAFLAGS=-j${BUILD_JOBS} MAKEFLAGS=-j${BUILD_JOBS}
WORKDIR /workspace/vllm
ENV PATH=/workspace/vllm:${PATH}
RUN --mount=type=bind,source=src/sparkup/data/docker/run-cluster-node.sh,target=/tmp/run-cluster-node.sh \
    install -m 755 /tmp/run-cluster-node.sh .
ENTRYPOINT []
CMD ["bash"]
LABEL org.opencontainers.image.title=vllm-node \
    org.opencontainers.image.description="vLLM for NVIDIA DGX Spark"
