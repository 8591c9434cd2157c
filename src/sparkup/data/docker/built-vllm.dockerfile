RUN --mount=type=bind,from=vllm,source=/wheels,target=/wheels \
    uv pip install --no-cache --no-deps /wheels/vllm-*.whl
