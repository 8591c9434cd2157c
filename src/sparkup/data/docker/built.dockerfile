
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
