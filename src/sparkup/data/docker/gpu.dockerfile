COPY --from=encodings /encodings /workspace/encodings
ARG TORCH_CUDA_ARCH_LIST
ARG FLASHINFER_CUDA_ARCH_LIST
# What is compiled as the engine runs is for the same GPUs; Triton's own ptxas is older than they are.
ENV TORCH_CUDA_ARCH_LIST=${TORCH_CUDA_ARCH_LIST} FLASHINFER_CUDA_ARCH_LIST=${FLASHINFER_CUDA_ARCH_LIST} \
    TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas TIKTOKEN_ENCODINGS_BASE=/workspace/encodings
