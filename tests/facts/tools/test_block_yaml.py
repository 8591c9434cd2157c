"""The part of YAML that files of netplan are in, and how they hold together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkup.facts.tools.block_yaml import NotYamlError, Yaml, load

WORDS = st.from_regex(r"[a-z0-9][a-z0-9./_-]{0,8}", fullmatch=True)
TREES: st.SearchStrategy[Yaml] = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


def block(value: Yaml, indent: int) -> str:
    """Write a value in blocks, as people do; what is empty only fits between brackets."""
    if isinstance(value, dict) and value:
        return "".join(f"\n{' ' * indent}{name}:{block(each, indent + 2)}" for name, each in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{' ' * indent}- {flow(each)}" for each in value)
    return f" {flow(value)}"


def flow(value: Yaml) -> str:
    """Write a value in brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {flow(each)}" for name, each in value.items()) + "}"
    return f"[{', '.join(map(flow, value))}]" if isinstance(value, list) else value


@given(st.dictionaries(WORDS, TREES, min_size=1, max_size=4))
def test_what_is_written_is_read(tree: dict[str, Yaml]) -> None:
    assert load(block(tree, 0).lstrip("\n")) == tree
    assert load(f"all: {flow(tree)}\n") == {"all": tree}


def test_comments_and_quotes() -> None:
    text = '# one\na: \'b # c\'  # two\n"d: e": f#g\nh: ["i, j", k]\n---\n'
    assert load(text) == {"a": "b # c", "d: e": "f#g", "h": ["i, j", "k"]}


def test_a_list_of_blocks() -> None:
    assert load("- a: 1\n  b:\n  - 2\n- c\n-\n  d: 3\n") == [{"a": "1", "b": ["2"]}, "c", {"d": "3"}]


def test_nothing() -> None:
    assert load("# nothing\n") == {}


@pytest.mark.parametrize(
    "text",
    [
        "a: [b",
        "a: [b}",
        "a: {b: }",
        "a: [,]",
        "a: [b]]",
        "  a: b\nc: d",
        "\ta: b",
        "a: " + "b" * 5000,
        "a: [" + "\n[" * 3000,
    ],
)
def test_what_is_not_of_this_kind(text: str) -> None:
    with pytest.raises(NotYamlError):
        load(text)
