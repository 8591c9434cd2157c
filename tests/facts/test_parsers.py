"""The parsers by their names: each reads its samples, refuses those of others, and never fails."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkup.facts.parsers import SOURCES, parse

SAMPLES = Path(__file__).parents[1] / "fixtures" / "samples"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file())
ANY_TEXT = {"app_log", "kernel_log"}  # logs may hold anything
PROSE = "Dear reader,\n\nthis is a letter, and nothing that a tool has printed.\n"


def name(path: Path) -> str:
    return str(path.relative_to(SAMPLES))


def text(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_each_sample_is_read_by_its_own_parser(path: Path) -> None:
    assert parse(name(path).partition("/")[0], text(path)) is not None


@pytest.mark.parametrize("path", FILES, ids=name)
def test_it_is_read_as_it_is_pasted(path: Path) -> None:
    source, pasted = name(path).partition("/")[0], text(path).replace("\n", "\r\n")
    assert parse(source, f"\ufeff\x1b[1m{pasted}\x1b[0m") == parse(source, text(path))


@pytest.mark.parametrize("source", sorted(SOURCES.keys() - ANY_TEXT))
def test_prose_is_of_no_source(source: str) -> None:
    assert parse(source, PROSE) is None


WORDS = st.text(st.sampled_from("ab1.0:|#[](),=-_ \t\n\"'{}/%+~GPUMi"), max_size=200)


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=50)
@given(text=st.text(max_size=100) | WORDS)
def test_no_text_makes_a_parser_fail(source: str, text: str) -> None:
    parse(source, text)


@pytest.mark.parametrize(
    "text",
    ["9" * 5000, f"MemTotal: {'9' * 5000} kB", "[" * 20_000, '{"a":' * 20_000, f"NVIDIA {'x' * 200_000}, 1"],
    ids=lambda text: text[:9],
)
@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.timeout(20)
def test_nor_does_what_is_out_of_proportion(source: str, text: str) -> None:
    parse(source, text)


@pytest.mark.parametrize("path", FILES, ids=name)
@settings(max_examples=20)
@given(data=st.data())
def test_no_part_of_a_sample_does(path: Path, data: st.DataObject) -> None:
    whole = text(path)
    begin = data.draw(st.integers(0, len(whole)))
    parse(name(path).partition("/")[0], whole[begin : data.draw(st.integers(begin, len(whole)))])
