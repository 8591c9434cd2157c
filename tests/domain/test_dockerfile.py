"""Which arguments a Dockerfile takes, and what they are where nobody says."""

from sparkup.domain.dockerfile import arguments

DOCKERFILE = """\
# ARG NOT_THIS=1
ARG BASE_IMAGE=debian:bookworm-slim@sha256:ab
FROM $BASE_IMAGE AS base
ARG BASE_IMAGE
ARG PACKAGES="g++ python3-dev" JOBS=16
arg VLLM_PRS=
ARG LONG=a\\
 OTHER='x=y z'
RUN echo ARG IN_A_STEP=1
FROM base
ARG JOBS=4
ARG NO_DEFAULT
"""


def test_arguments_and_the_first_default_of_each() -> None:
    assert arguments(DOCKERFILE) == {
        "BASE_IMAGE": "debian:bookworm-slim@sha256:ab",
        "PACKAGES": "g++ python3-dev",
        "JOBS": "16",
        "VLLM_PRS": "",
        "LONG": "a",
        "OTHER": "x=y z",
        "NO_DEFAULT": "",
    }
