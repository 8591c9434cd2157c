ARG CUTLASS_REPO
ARG CUTLASS_REF
RUN --mount=type=bind,source=src/sparkup/data/docker/source.py,target=/tmp/source.py \
    --mount=type=cache,id=sparkup-git,target=/git,sharing=locked \
    python3 /tmp/source.py checkout --repo "${CUTLASS_REPO}" --ref "${CUTLASS_REF}" \
        --cache /git --to flashinfer/3rdparty/cutlass
