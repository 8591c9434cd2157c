
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
