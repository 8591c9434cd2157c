# NVIDIA's PyTorch (2.14, CUDA 13.4), compiled for Sparks too: its torch, Triton and NCCL stay as they are.
ARG BASE_IMAGE=nvcr.io/nvidia/pytorch:26.08-py3@sha256:3becd068f49bd2ad38f90db5f9a4803019a76933a24e63d821376c44e7a9200a
ARG BASE_PACKAGES=""
# Refs are branches, tags or commits; numbers of pull requests may name their commit: "31740 34695@COMMIT".
ARG VLLM_REPO=https://github.com/vllm-project/vllm.git
ARG VLLM_REF=main
ARG VLLM_PRS=""
ARG FLASHINFER_REPO=https://github.com/flashinfer-ai/flashinfer.git
ARG FLASHINFER_REF=main
ARG FLASHINFER_SKIP=""
# Without a ref, Triton is the one of the base.
ARG TRITON_REPO=https://github.com/triton-lang/triton.git
ARG TRITON_REF=""
ARG NVSHMEM_VERSION=3.4.5
