
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
