RUN --mount=type=bind,from=triton,source=/wheels,target=/wheels \
    set -- /wheels/triton-*.whl; \
    if [ -e "$1" ]; then \
        uv pip uninstall pytorch-triton triton triton-kernels \
        && uv pip install --no-cache --no-deps /wheels/*.whl; \
    fi
