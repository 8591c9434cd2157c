"""The words of `sparkup build`: what they are taken for; all that is wrong with them is said at once."""

import json

import pytest
from tests.user import User


def messages(user: User, *words: str) -> list[str]:
    done = user.run("build", "--json", *words)
    assert done.status == 2, done
    assert done.out.count("\n") == 1
    return [problem["message"] for problem in json.loads(done.out)["problems"]]


def test_all_that_is_wrong_is_said_at_once_and_no_host_is_looked_at(user: User) -> None:
    found = messages(
        user,
        *("--exp-mxfp4", "--vllm-ref", "main", "-t", "A", "--gpu-arch", "sm_121", "-j", "none"),
        *("--no-such-option", "stray", "--on", "a,b"),
    )
    assert found == [
        "unknown option --no-such-option",
        "an image is built on one machine",
        "--exp-mxfp4 and --vllm-ref exclude each other",
        "--build-jobs 'none' is no number above 0",
        "--gpu-arch 'sm_121' is no architecture",
        "'A' cannot be the name of an image",
    ]
    assert not user.state.joinpath("builds").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--use-wheels", "-j", "0"), "--build-jobs '0' is no number above 0"),
        (
            ("--use-wheels", "release", "--apply-vllm-pr", "1"),
            "--use-wheels and --apply-vllm-pr exclude each other",
        ),
        (("--use-wheels", "weekly"), "--use-wheels 'weekly' are no wheels that there are"),
        (("--copy-to", "a,b", "-c", "c"), "this version cannot copy images to other hosts yet"),
        (("-c",), "this version cannot copy images to other hosts yet"),
        (("-c", "--copy-parallel", "-u", "me"), "this version cannot copy images to other hosts yet"),
        (("--no-build",), "this version cannot copy images to other hosts yet"),
        (("--experimental-mxfp4", "--triton-sha", "x"), "--exp-mxfp4 and --triton-ref exclude each other"),
        (("--pre-transformers", "--exp-mxfp4"), "--exp-mxfp4 and --pre-tf exclude each other"),
    ],
)
def test_words_with_and_without_a_value_and_their_other_names(
    user: User, words: tuple[str, ...], message: str
) -> None:
    assert messages(user, *words) == [message]
