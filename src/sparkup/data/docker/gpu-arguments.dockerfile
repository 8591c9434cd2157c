# The GPUs that are compiled for: 12.1a is the GB10 of a Spark.
ARG TORCH_CUDA_ARCH_LIST=12.1a
ARG FLASHINFER_CUDA_ARCH_LIST=12.1a
# Change it to have vLLM fetched and made anew.
ARG CACHEBUST_VLLM=1
# 1: the newest transformers, pre-releases too.
ARG PRE_TRANSFORMERS=0
# --pre: FlashInfer's newest pre-release, where it comes as a wheel.
ARG FLASHINFER_PRE=""
ARG UV_VERSION=0.13.9
ARG RAY_VERSION=2.60.0
ARG FASTSAFETENSORS_VERSION=0.5.0
ARG TIKTOKEN_URL=https://openaipublic.blob.core.windows.net/encodings
