
# The wheels that the lock names; a build context called wheels stands in for this stage.
FROM scratch AS wheels
COPY wheels/ /

FROM system AS image
RUN --mount=type=bind,from=wheels,target=/wheels \
    --mount=type=bind,source=src/sparkup/data/envs/cpu.lock,target=/tmp/cpu.lock \
    --mount=type=bind,source=src/sparkup/data/docker/name_vllm.py,target=/tmp/name_vllm.py \
    PIP_CONSTRAINT=/dev/null python3 -m pip install --no-cache-dir --no-index --no-deps --require-hashes \
        --find-links=/wheels -r /tmp/cpu.lock \
    && python3 /tmp/name_vllm.py
