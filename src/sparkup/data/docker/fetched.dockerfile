
FROM system AS image
# torch brings its own NCCL, which must be the only one.
RUN { dpkg-query --show --showformat='${Package}\n' 'libnccl*' > /tmp/found 2> /dev/null || true; } \
    && xargs --no-run-if-empty --arg-file=/tmp/found apt-get purge -y --allow-change-held-packages \
    && rm /tmp/found
ARG CACHEBUST_VLLM
ARG WHEELS_FROM_GITHUB_RELEASE
ARG VLLM_VERSION
ARG VLLM_WHEELS
ARG VLLM_RELEASES
ARG TORCH_BACKEND
ARG RAY_VERSION
ARG FASTSAFETENSORS_VERSION
RUN --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    version=${VLLM_VERSION}; \
    set -- --extra-index-url "${VLLM_WHEELS}"; \
    if [ "${WHEELS_FROM_GITHUB_RELEASE}" = 1 ]; then \
        newest=$(curl --fail --silent --show-error --location --retry 5 --output /dev/null \
            --write-out '%{url_effective}' "${VLLM_RELEASES}/latest") || exit; \
        version=${version:-${newest##*/v}}; \
        set -- --find-links "${VLLM_RELEASES}/expanded_assets/v${version}"; \
    fi; \
    uv pip install "$@" ${TORCH_BACKEND:+"--torch-backend=${TORCH_BACKEND}"} "vllm${version:+==${version}}" \
        "ray[default]==${RAY_VERSION}" "fastsafetensors==${FASTSAFETENSORS_VERSION}"
ARG FLASHINFER_PRE
ARG FLASHINFER_WHEELS
RUN --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    if [ -n "${FLASHINFER_PRE}" ]; then \
        uv pip install --no-deps --prerelease=allow --upgrade \
            --index-url "${FLASHINFER_WHEELS}/nightly/" flashinfer-python flashinfer-cubin; \
        nightly=/nightly; \
    fi; \
    version=$(python3 -c 'from importlib.metadata import version; print(version("flashinfer-python"))') || exit; \
    uv pip install --no-deps --prerelease=allow --index-url "${FLASHINFER_WHEELS}${nightly}/" \
            "flashinfer-cubin==${version}" \
    && uv pip install --no-deps --prerelease=allow \
        --index-url "${FLASHINFER_WHEELS}${nightly}/${TORCH_BACKEND}" "flashinfer-jit-cache==${version}"
ARG PRE_TRANSFORMERS
RUN --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    if [ "${PRE_TRANSFORMERS}" = 1 ]; then \
        uv pip install --upgrade-package transformers --prerelease=allow transformers; \
    fi
