"""What images are called."""

import pytest

from sparkup.domain.image import candidate_name, is_candidate, previous_name, whole_name


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("vllm-node", "vllm-node:latest"),
        ("localhost/vllm-node", "vllm-node:latest"),
        ("docker.io/library/debian:12", "debian:12"),
        ("docker.io/vllm/vllm-openai", "vllm/vllm-openai:latest"),
        ("spark1:5000/vllm-node", "spark1:5000/vllm-node:latest"),
        ("spark1:5000/vllm-node:dev", "spark1:5000/vllm-node:dev"),
        ("debian@sha256:0123", "debian@sha256:0123"),
    ],
)
def test_a_name_is_the_same_whatever_an_engine_leaves_out(name: str, whole: str) -> None:
    assert whole_name(name) == whole
    assert whole_name(whole) == whole


@pytest.mark.parametrize(
    ("name", "previous"),
    [
        ("vllm-node", "vllm-node:previous"),
        ("vllm-node:dev", "vllm-node:dev-previous"),
        ("spark1:5000/vllm-node", "spark1:5000/vllm-node:previous"),
    ],
)
def test_each_tag_has_an_image_before_of_its_own(name: str, previous: str) -> None:
    assert previous_name(name) == previous


def test_a_candidate_is_known_by_its_name() -> None:
    name = candidate_name("spark1:5000/vllm-node", "0123abcd")
    assert name == "spark1:5000/vllm-node:candidate-0123abcd"
    assert is_candidate(name)
    assert not any(map(is_candidate, ("vllm-node:latest", "candidate-1:latest", "spark:candidate-1/x:y")))
