# Made by ./dev docs; do not edit.
# Made of fragments; see docs/images.md. Builds with BuildKit's own front end, from Docker 20.10 on.
#
# How many jobs compile at once: each may need 3 to 8 GiB of memory.
ARG BUILD_JOBS=16
# Change it to have everything fetched and made anew.
ARG CACHEBUST_DEPS=1
# The GPUs that are compiled for: 12.1a is the GB10 of a Spark.
ARG TORCH_CUDA_ARCH_LIST=12.1a
ARG FLASHINFER_CUDA_ARCH_LIST=12.1a
# Change it to have vLLM fetched and made anew.
ARG CACHEBUST_VLLM=1
# 1: the newest transformers, pre-releases too.
ARG PRE_TRANSFORMERS=0
# --pre: FlashInfer's newest pre-release, where it comes as a wheel.
ARG FLASHINFER_PRE=""
ARG UV_VERSION=0.13.9
ARG RAY_VERSION=2.60.0
ARG FASTSAFETENSORS_VERSION=0.5.0
ARG TIKTOKEN_URL=https://openaipublic.blob.core.windows.net/encodings
# NVIDIA's PyTorch (2.14, CUDA 13.4), compiled for Sparks too: its torch, Triton and NCCL stay as they are.
ARG BASE_IMAGE=nvcr.io/nvidia/pytorch:26.08-py3@sha256:3becd068f49bd2ad38f90db5f9a4803019a76933a24e63d821376c44e7a9200a
ARG BASE_PACKAGES=""
# Refs are branches, tags or commits; numbers of pull requests may name their commit: "31740 34695@COMMIT".
ARG VLLM_REPO=https://github.com/vllm-project/vllm.git
ARG VLLM_REF=main
ARG VLLM_PRS=""
ARG FLASHINFER_REPO=https://github.com/flashinfer-ai/flashinfer.git
ARG FLASHINFER_REF=main
ARG FLASHINFER_SKIP=""
# Without a ref, Triton is the one of the base.
ARG TRITON_REPO=https://github.com/triton-lang/triton.git
ARG TRITON_REF=""
ARG NVSHMEM_VERSION=3.4.5

# What every image of ours has from its distribution, RDMA in user space included.
FROM ${BASE_IMAGE} AS system
ARG CACHEBUST_DEPS
ARG BASE_PACKAGES
RUN --mount=type=cache,id=sparkup-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=sparkup-apt-lists,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates curl earlyoom git ibverbs-providers ibverbs-utils iproute2 libibverbs1 libxcb1 procps \
        python3 rdma-core vim-tiny ${BASE_PACKAGES} \
    && rm -rf /var/log/apt /var/log/dpkg.log
# The engine is installed beside what the distribution and the base have, where mods look for it.
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
ARG UV_VERSION
# vLLM brings a flash-attention of its own, and NCCL must be there once: with torch.
RUN python3 -m pip install --no-cache-dir "uv==${UV_VERSION}" \
    && python3 -m pip uninstall -y flash-attn
ENV UV_SYSTEM_PYTHON=1 UV_BREAK_SYSTEM_PACKAGES=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=1

# What gpt-oss needs to read its prompts without a network.
FROM system AS encodings
ARG TIKTOKEN_URL
WORKDIR /encodings
RUN curl --fail --silent --show-error --location --retry 5 --remote-name-all \
        "${TIKTOKEN_URL}/o200k_base.tiktoken" "${TIKTOKEN_URL}/cl100k_base.tiktoken" \
    && printf '%s  %s.tiktoken\n' \
        446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d o200k_base \
        223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7 cl100k_base > /sums \
    && sha256sum --check --strict /sums

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

FROM builder AS flashinfer
ARG FLASHINFER_REPO
ARG FLASHINFER_REF
ARG FLASHINFER_SKIP
WORKDIR /workspace
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    python3 /tmp/source.py checkout --repo "${FLASHINFER_REPO}" --ref "${FLASHINFER_REF}" \
        --skip "${FLASHINFER_SKIP}" --cache /git --to flashinfer
WORKDIR /workspace/flashinfer
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    --mount=type=bind,source=src/sparkup/data/docker/keep_cubins.py,target=/tmp/keep_cubins.py \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    python3 /tmp/keep_cubins.py flashinfer/artifacts.py /cubins \
    && python3 /tmp/prepare.py needs . flashinfer-cubin flashinfer-jit-cache > /needs.txt \
    && uv pip install --overrides /keep.txt -r /needs.txt
# No second NCCL: FlashInfer would install one as it is built.
ENV BUILD_NVEP=0 FLASHINFER_BUILD_NO_PIP=1 FLASHINFER_NVCC_LAUNCHER=ccache FLASHINFER_NVCC_THREADS=1
ARG FLASHINFER_CUDA_ARCH_LIST
ARG BUILD_JOBS
RUN --mount=type=cache,id=sparkup-ccache,target=/ccache,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    MAX_JOBS=${BUILD_JOBS} uv build --no-build-isolation --wheel --out-dir /wheels .
RUN --mount=type=cache,id=sparkup-cubins,target=/cubins,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    uv build --no-build-isolation --wheel --out-dir /wheels flashinfer-cubin \
    && cp --recursive --no-clobber flashinfer-cubin/flashinfer_cubin/cubins/. /cubins
RUN --mount=type=cache,id=sparkup-ccache,target=/ccache,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    MAX_JOBS=${BUILD_JOBS} uv build --no-build-isolation --wheel --out-dir /wheels flashinfer-jit-cache

FROM builder AS triton
ARG TRITON_REPO
ARG TRITON_REF
ARG BUILD_JOBS
WORKDIR /workspace
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    --mount=type=cache,id=sparkup-ccache,target=/ccache,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    if [ -n "${TRITON_REF}" ]; then \
        python3 /tmp/source.py checkout --repo "${TRITON_REPO}" --ref "${TRITON_REF}" --cache /git --to triton \
        && MAX_JOBS=${BUILD_JOBS} uv build --wheel --out-dir /wheels triton \
        && uv build --wheel --out-dir /wheels triton/python/triton_kernels; \
    fi

FROM builder AS vllm
ARG CACHEBUST_VLLM
ARG VLLM_REPO
ARG VLLM_REF
WORKDIR /workspace
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    python3 /tmp/source.py checkout --repo "${VLLM_REPO}" --ref "${VLLM_REF}" --cache /git --to vllm
ARG VLLM_PRS
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    python3 /tmp/source.py apply --repo "${VLLM_REPO}" --prs "${VLLM_PRS}" --cache /git --to vllm
WORKDIR /workspace/vllm
# vLLM's front end in Rust, of versions that have one; the file names its compiler.
RUN if [ -e rust-toolchain.toml ]; then \
        curl --fail --silent --show-error --location --retry 5 --output /rustup https://sh.rustup.rs \
        && sh /rustup -y --profile minimal --default-toolchain none --no-modify-path \
        && cargo --version && tools/install_protoc.sh; \
    fi
# Changed for this image alone: a version that says so would have the date in it.
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    python3 /tmp/prepare.py strip . \
    && git ls-files -z -- 'requirements*' > /changed \
    && xargs --null --arg-file=/changed git update-index --assume-unchanged \
    && python3 /tmp/prepare.py needs . > /needs.txt \
    && uv pip install --overrides /keep.txt -r /needs.txt
ARG TORCH_CUDA_ARCH_LIST
ARG BUILD_JOBS
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    --mount=type=cache,id=sparkup-ccache,target=/ccache,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    MAX_JOBS=${BUILD_JOBS} CMAKE_BUILD_PARALLEL_LEVEL=${BUILD_JOBS} \
        uv build --no-build-isolation --wheel --out-dir /wheels . \
    && python3 /tmp/prepare.py wants /wheels/vllm-*.whl > /wants.txt

# A layer each for what changes seldom and what often: hosts are sent only those that they lack.
FROM system AS image
ARG RAY_VERSION
ARG FASTSAFETENSORS_VERSION
ARG NVSHMEM_VERSION
ARG PRE_TRANSFORMERS
RUN --mount=type=bind,from=builder,source=/keep.txt,target=/tmp/keep.txt \
    --mount=type=bind,from=flashinfer,source=/wheels,target=/wheels \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    uv pip install --overrides /tmp/keep.txt "nvidia-nvshmem-cu13==${NVSHMEM_VERSION}" /wheels/*.whl
RUN --mount=type=bind,from=builder,source=/keep.txt,target=/tmp/keep.txt \
    --mount=type=bind,from=vllm,source=/wants.txt,target=/tmp/wants.txt \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    uv pip install --overrides /tmp/keep.txt -r /tmp/wants.txt \
        "ray[default]==${RAY_VERSION}" "fastsafetensors==${FASTSAFETENSORS_VERSION}" \
    && if [ "${PRE_TRANSFORMERS}" = 1 ]; then \
        uv pip install --overrides /tmp/keep.txt --upgrade-package transformers --prerelease=allow \
            transformers; \
    fi
RUN --mount=type=bind,from=triton,source=/wheels,target=/wheels \
    set -- /wheels/triton-*.whl; \
    if [ -e "$1" ]; then \
        uv pip uninstall pytorch-triton triton triton-kernels \
        && uv pip install --no-cache --no-deps /wheels/*.whl; \
    fi
COPY --from=encodings /encodings /workspace/encodings
ARG TORCH_CUDA_ARCH_LIST
ARG FLASHINFER_CUDA_ARCH_LIST
# What is compiled as the engine runs is for the same GPUs; Triton's own ptxas is older than they are.
ENV TORCH_CUDA_ARCH_LIST=${TORCH_CUDA_ARCH_LIST} FLASHINFER_CUDA_ARCH_LIST=${FLASHINFER_CUDA_ARCH_LIST} \
    TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas TIKTOKEN_ENCODINGS_BASE=/workspace/encodings

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
RUN --mount=type=bind,from=vllm,source=/wheels,target=/wheels \
    uv pip install --no-cache --no-deps /wheels/vllm-*.whl
# Of builds by sparkup alone: what went into the image.
COPY sparkup-build.jso[n] /workspace/
