"""The tree of errors: each code is explained and used, each class has an exit status of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkup import errors
from sparkup.errors import CODES, InputRefused, Problem, SparkupError

SOURCES = Path(__file__).parents[1] / "src"
CLASSES = sorted(SparkupError.__subclasses__(), key=lambda each: each.exit_status)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCES.rglob("*.py"))}


def strings() -> Iterator[str]:
    """Yield every string constant of the sources, but for the table itself."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "errors.py":
                yield node.value


def literal_codes() -> Iterator[tuple[str, str]]:
    """Yield the codes that stand in a call of Problem, with where."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                code = [*node.args[:1], *named][0]
                if isinstance(code, ast.Constant):
                    yield str(code.value), f"{path.name}:{node.lineno}"


def test_a_problem_without_a_known_code_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no-such-code"):
        Problem("no-such-code", "x")


def test_every_code_that_is_used_is_in_the_table() -> None:
    used = dict(literal_codes())
    assert len(used) > 20
    assert {code: where for code, where in used.items() if code not in CODES} == {}


def test_every_code_of_the_table_is_used() -> None:
    assert set(CODES) - set(strings()) == set()


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_words_with_dashes_and_its_meaning_a_sentence(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert re.fullmatch(r"[A-Z`].*\.", CODES[code])


def test_every_class_has_an_exit_status_of_its_own() -> None:
    statuses = [each.exit_status for each in CLASSES]
    assert len(set(statuses)) == len(statuses)
    assert all(0 < status < 256 for status in statuses)
    assert all("exit_status" in vars(each) for each in CLASSES)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_the_tree_in_the_docstring_tells_the_exit_status(each: type[SparkupError]) -> None:
    assert re.search(rf"[├└]── {each.__name__} +{each.exit_status}\b", errors.__doc__ or "")
    assert each.__doc__


def test_the_docstring_tells_of_no_other_class() -> None:
    told = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(told) == sorted(each.__name__ for each in CLASSES)


def test_an_error_carries_all_its_problems_and_reads_as_their_messages() -> None:
    error = InputRefused(Problem("bad-option", "one"), Problem("no-command", "two"))
    assert [problem.message for problem in error.problems] == ["one", "two"]
    assert str(error) == "one; two"
