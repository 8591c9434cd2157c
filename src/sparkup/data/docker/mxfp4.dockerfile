# Forks with kernels for MXFP4 on GB10, at the commits that go together, on the PyTorch (2.10) they were made for.
ARG BASE_IMAGE=nvcr.io/nvidia/pytorch:26.01-py3
ARG BASE_PACKAGES=""
ARG VLLM_REPO=https://github.com/christopherowen/vllm.git
ARG VLLM_REF=045293d82b832229560ac4a13152a095af603b6e
ARG VLLM_PRS=""
ARG FLASHINFER_REPO=https://github.com/christopherowen/flashinfer.git
ARG FLASHINFER_REF=f349e52496a72a00d8c4ac02c7a1e38523ff7194
ARG FLASHINFER_SKIP=3rdparty/cutlass
ARG CUTLASS_REPO=https://github.com/christopherowen/cutlass.git
ARG CUTLASS_REF=fede53000a962b46e05bafe0c86311778caeb380
ARG NVSHMEM_VERSION=3.4.5
