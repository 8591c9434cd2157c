
FROM builder AS flashinfer
ARG FLASHINFER_REPO
ARG FLASHINFER_REF
ARG FLASHINFER_SKIP
WORKDIR /workspace
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    python3 /tmp/source.py checkout --repo "${FLASHINFER_REPO}" --ref "${FLASHINFER_REF}" \
        --skip "${FLASHINFER_SKIP}" --cache /git --to flashinfer
