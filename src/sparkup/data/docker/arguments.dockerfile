# Made of fragments; see docs/images.md. Builds with BuildKit's own front end, from Docker 20.10 on.
#
# How many jobs compile at once: each may need 3 to 8 GiB of memory.
ARG BUILD_JOBS=16
# Change it to have everything fetched and made anew.
ARG CACHEBUST_DEPS=1
