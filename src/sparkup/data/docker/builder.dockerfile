
# What compiles. All steps that do mount the same compiler's cache, locked: so they take turns, and their jobs
# are never more than BUILD_JOBS.
FROM system AS builder
RUN --mount=type=cache,id=sparkup-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=sparkup-apt-lists,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends build-essential ccache ninja-build unzip
ENV PATH=/usr/lib/ccache:/root/.cargo/bin:${PATH} CCACHE_DIR=/ccache CCACHE_MAXSIZE=50G CCACHE_COMPRESS=1 \
    CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache \
    TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    mkdir /wheels && python3 /tmp/prepare.py keep > /keep.txt
