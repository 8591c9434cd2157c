"""What people paste is not quite what a program printed: it says the same, and nothing makes parsers fall."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.recorded import sample, samples

from sparkup.facts.tools import (
    ethtool,
    ibdev2netdev,
    ibstat,
    ibv_devinfo,
    ip,
    lspci,
    rdma_link,
    show_gids,
    sysfs,
    topology,
)

PARSERS: dict[str, Callable[[str], object]] = {
    "ethtool": ethtool.parse,
    "ibdev2netdev": ibdev2netdev.parse,
    "ibstat": ibstat.parse,
    "ibv_devinfo": ibv_devinfo.parse,
    "ip": ip.parse,
    "lspci": lspci.parse,
    "rdma_link": rdma_link.parse,
    "show_gids": show_gids.parse,
    "sysfs": sysfs.parse,
    "topology": topology.parse,
}
CASES = [(source, name) for source in PARSERS for name in samples(source)]
FULL = [(source, name) for source, name in CASES if sample(source, name).strip()]
NOISE = (
    "Warning: Permanently added '10.0.0.2' (ED25519) to the list of known hosts.\n"
    "sudo: unable to resolve host spark-1: Name or service not known\n"
    "[sudo] password for spark: \n"
    "spark@spark-1:~$ what was typed\n"
)


def prefixed(text: str) -> str:
    return "".join(f"spark-1: {line}\n" for line in text.splitlines())


def coloured(text: str) -> str:
    return "".join(f"\x1b[01;31m{line}\x1b[0m\x1b[K\n" for line in text.splitlines())


WAYS: dict[str, Callable[[str], str]] = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "spaces at the ends": lambda text: text.replace("\n", "   \n"),
    "colours": coloured,
    "bystanders before it": lambda text: NOISE + text,
    "a connection that closes": lambda text: f"{text}\nConnection to spark-1 closed.\n",
    "no last line end": lambda text: text.rstrip("\n"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "blank lines": lambda text: f"\n\n{text}\n\n",
    "the name of a host": prefixed,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("source", "name"), FULL)
def test_it_says_the_same(source: str, name: str, way: str) -> None:
    text = sample(source, name)
    if way == "the name of a host" and len(text.splitlines()) < 2:
        return  # a line "spark-1: ..." alone is no prefix: it may be "FW: 28.45"
    told = PARSERS[source](text)
    assert told is not None
    assert PARSERS[source](WAYS[way](text)) == told


@pytest.mark.parametrize("between", ["\t", "     "])
@pytest.mark.parametrize("source", ["ibdev2netdev", "rdma_link", "show_gids"])
def test_columns_of_any_width(source: str, between: str) -> None:
    for name in (name for name in samples(source) if name.endswith(".txt")):
        text = sample(source, name)
        assert PARSERS[source](re.sub("[ \t]+", between, text)) == PARSERS[source](text)


@pytest.mark.parametrize("source", PARSERS)
@pytest.mark.parametrize("text", ["", "\n", "  \r\n", "\ufeff", NOISE])
def test_nothing_is_nothing_there(source: str, text: str) -> None:
    assert PARSERS[source](text) == ()


@pytest.mark.parametrize("source", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        "bash: {}: command not found\n",
        "hello world\n",
        "<html><body>502</body></html>",
        "{}",
        '["a", 1]',
        '[{"a": 1}]',
        "1: one\n2: two\n",
    ],
)
def test_another_text_is_told_from_nothing(source: str, text: str) -> None:
    assert PARSERS[source](text) is None or text == "{}"


@pytest.mark.parametrize("source", PARSERS)
def test_no_length_makes_a_parser_fall(source: str) -> None:
    for letters in ("[", "{", "9", "a: ", "- ", "network:\n  a: [", "0x"):
        assert isinstance(PARSERS[source](letters * 5000), tuple | None)
    for name in samples(source):
        text = re.sub(r"\d+", "9" * 5000, sample(source, name))
        assert isinstance(PARSERS[source](text), tuple | None)


@given(st.sampled_from(sorted(PARSERS)), st.text())
def test_no_text_makes_a_parser_fall(source: str, text: str) -> None:
    assert isinstance(PARSERS[source](text), tuple | None)


@given(st.data())
def test_no_part_of_what_another_or_the_same_program_prints_makes_a_parser_fall(data: st.DataObject) -> None:
    source, name = data.draw(st.sampled_from(CASES))
    text = sample(source, name)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    between = data.draw(st.text(max_size=5))
    reader = data.draw(st.sampled_from(sorted(PARSERS)))
    assert isinstance(PARSERS[reader](text[:start] + between + text[end:]), tuple | None)


@given(
    st.sampled_from(FULL),
    st.lists(st.tuples(st.integers(0), st.sampled_from("0459af.:/-x[{]} \t")), max_size=8),
)
def test_no_wrong_letter_makes_a_parser_fall(case: tuple[str, str], letters: list[tuple[int, str]]) -> None:
    source, name = case
    text = list(sample(source, name))
    for place, letter in letters:
        text[place % len(text)] = letter
    assert isinstance(PARSERS[source]("".join(text)), tuple | None)


@pytest.mark.parametrize("source", ["ibdev2netdev", "rdma_link"])
def test_lines_come_in_any_order(source: str) -> None:
    parse = PARSERS[source]
    for name in samples(source):
        told = sample(source, name).splitlines()
        found, turned = parse("\n".join(told)), parse("\n".join(reversed(told)))
        assert isinstance(found, tuple)
        assert isinstance(turned, tuple)
        assert set(found) == set(turned)
