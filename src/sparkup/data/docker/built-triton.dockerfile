RUN --mount=type=bind,from=triton,source=/wheels,target=/wheels \
    if [ -e /wheels/triton-*.whl ]; then \
        uv pip uninstall pytorch-triton triton triton-kernels \
        && uv pip install --no-cache --no-deps /wheels/*.whl; \
    fi
