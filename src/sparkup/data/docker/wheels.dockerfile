ARG BASE_IMAGE=nvidia/cuda:13.1.1-devel-ubuntu24.04@sha256:9cf8694a27722418a1f175d90f85d5afb5a728fd4a9907d7f0565efecfa14d32
ARG BASE_PACKAGES="g++ ninja-build python3-dev python3-pip"
# 1: vLLM's newest release from GitHub; 0: its nightly wheel. A version is taken as it is, of either.
ARG WHEELS_FROM_GITHUB_RELEASE=0
ARG VLLM_VERSION=""
ARG TORCH_BACKEND=cu130
ARG VLLM_WHEELS=https://wheels.vllm.ai/nightly/cu130
ARG VLLM_RELEASES=https://github.com/vllm-project/vllm/releases
ARG FLASHINFER_WHEELS=https://flashinfer.ai/whl
