"""The record of a build: it is read back as it was written, and equal inputs are the same text."""

import json

import pytest

from sparkup.domain.build import (
    BuiltStep,
    Check,
    ImageVariant,
    Inputs,
    Measured,
    PullRequest,
    Record,
    Source,
    inputs_in,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INPUTS = Inputs(
    variant=ImageVariant.SOURCE,
    platform="linux/arm64",
    base="nvcr.io/nvidia/pytorch:26.01-py3",
    sources=(Source("vllm", "https://github.com/vllm-project/vllm.git", "main", COMMIT),),
    pull_requests=(PullRequest(34695, "https://github.com/vllm-project/vllm.git", COMMIT),),
    arguments={"VLLM_REF": COMMIT, "BUILD_JOBS": "8"},
    files={"Dockerfile": "ab" * 32},
    sparkup="0.1.0",
)
MEASURED = Measured(
    made=1.5,
    host="spark1",
    engine="docker 26.1.5",
    size=3 << 30,
    seconds=1800.25,
    steps=(BuiltStep("[builder 3/9] RUN make", 12.5), BuiltStep("[base 1/4] FROM x", 0.0, cached=True)),
    versions={"vllm": "0.22.1"},
    flags=("--api-key", "--port"),
    checks=(Check("torch", ok=True), Check("one kernel", None, "there is no GPU")),
)


@pytest.mark.parametrize("measured", [MEASURED, None])
def test_a_record_is_read_back_as_it_was_written(measured: Measured | None) -> None:
    record = Record("f1", INPUTS, measured)
    assert Record.parse(json.loads(json.dumps(record.document()))) == record


def test_the_inputs_in_a_label_are_one_line_and_read_back() -> None:
    assert inputs_in(INPUTS.text) == INPUTS
    assert "\n" not in INPUTS.text


def test_the_order_of_arguments_changes_no_text_and_that_of_pull_requests_does() -> None:
    turned = Inputs.parse({**INPUTS.document(), "arguments": dict(sorted(INPUTS.arguments.items()))})
    assert turned.text == INPUTS.text
    more = [{"number": number, "repository": "r", "commit": COMMIT} for number in (1, 2)]
    one, other = (Inputs.parse({**INPUTS.document(), "pull_requests": each}) for each in (more, more[::-1]))
    assert one.text != other.text


@pytest.mark.parametrize("label", ["", "no JSON", "{}", "3", '{"schema": 9}', "[" * 100_000])
def test_a_label_of_others_has_no_inputs(label: str) -> None:
    assert inputs_in(label) is None


@pytest.mark.parametrize(
    "wrong",
    [{}, {"schema": 2}, {"sources": [{}]}, {"sources": None}, {"pull_requests": [1]}, {"variant": "no"}],
)
def test_what_is_no_record_of_this_schema_is_a_value_error(wrong: dict[str, object]) -> None:
    document = {**INPUTS.document(), **wrong} if wrong else wrong
    with pytest.raises(ValueError, match=r"inputs of a build|schema 2|'no' is not a valid"):
        Inputs.parse(document)
    with pytest.raises(ValueError):  # noqa: PT011 - which of them is said above
        Record.parse({"fingerprint": "f", "inputs": document, "measured": None})
    with pytest.raises(ValueError, match="measured of a build"):
        Record.parse({"fingerprint": "f", "inputs": INPUTS.document(), "measured": wrong})


def test_a_pull_request_is_a_word_of_its_number_and_commit() -> None:
    assert PullRequest(7, "r").word == "7"
    assert PullRequest(7, "r", COMMIT).word == f"7@{COMMIT}"
