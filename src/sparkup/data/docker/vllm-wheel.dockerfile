# vLLM's front end in Rust, of versions that have one; the file names its compiler.
RUN if [ -e rust-toolchain.toml ]; then \
        curl --fail --silent --show-error --location --retry 5 --output /rustup https://sh.rustup.rs \
        && sh /rustup -y --profile minimal --default-toolchain none --no-modify-path \
        && cargo --version && tools/install_protoc.sh; \
    fi
# Changed for this image alone: a version that says so would have the date in it.
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    python3 /tmp/prepare.py strip . \
    && git ls-files -z -- 'requirements*' > /changed \
    && xargs --null --arg-file=/changed git update-index --assume-unchanged \
    && python3 /tmp/prepare.py needs . > /needs.txt \
    && uv pip install --overrides /keep.txt -r /needs.txt
ARG TORCH_CUDA_ARCH_LIST
ARG BUILD_JOBS
RUN --mount=type=bind,source=src/sparkup/data/docker/prepare.py,target=/tmp/prepare.py \
    --mount=type=cache,id=sparkup-ccache,target=/ccache,sharing=locked \
    --mount=type=cache,id=sparkup-uv,target=/root/.cache/uv \
    MAX_JOBS=${BUILD_JOBS} CMAKE_BUILD_PARALLEL_LEVEL=${BUILD_JOBS} \
        uv build --no-build-isolation --wheel --out-dir /wheels . \
    && python3 /tmp/prepare.py wants /wheels/vllm-*.whl > /wants.txt
