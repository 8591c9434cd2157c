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
