ARG UV_VERSION
# vLLM brings a flash-attention of its own, and NCCL must be there once: with torch.
RUN python3 -m pip install --no-cache-dir "uv==${UV_VERSION}" \
    && python3 -m pip uninstall -y flash-attn
ENV UV_SYSTEM_PYTHON=1 UV_BREAK_SYSTEM_PACKAGES=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=1

# What gpt-oss needs to read its prompts without a network.
FROM system AS encodings
ARG TIKTOKEN_URL
WORKDIR /encodings
RUN curl --fail --silent --show-error --location --retry 5 --remote-name-all \
        "${TIKTOKEN_URL}/o200k_base.tiktoken" "${TIKTOKEN_URL}/cl100k_base.tiktoken" \
    && printf '%s  %s.tiktoken\n' \
        446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d o200k_base \
        223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7 cl100k_base > /sums \
    && sha256sum --check --strict /sums
