
# What every image of ours has from its distribution, RDMA in user space included.
FROM ${BASE_IMAGE} AS system
ARG CACHEBUST_DEPS
ARG BASE_PACKAGES
RUN --mount=type=cache,id=sparkup-apt,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,id=sparkup-apt-lists,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates curl earlyoom git ibverbs-providers ibverbs-utils iproute2 libibverbs1 libxcb1 procps \
        python3 rdma-core vim-tiny ${BASE_PACKAGES} \
    && rm -rf /var/log/apt /var/log/dpkg.log
# The engine is installed beside what the distribution and the base have, where mods look for it.
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
