# Python 3.11, for which the wheels in the build context must be.
ARG BASE_IMAGE=debian:bookworm-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251
# A compiler for what vLLM compiles as it starts, and NUMA as its kernels want it.
ARG BASE_PACKAGES="g++ libnuma1 python3-dev python3-pip"
