"""YAML as plain values with the line of each: scalars stay the text that was written, nothing is executed."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sparkup.domain.inventory import Origin, Place
from sparkup.errors import Problem

NULL = "tag:yaml.org,2002:null"
LARGEST, DEEPEST = 1 << 17, 50  # characters of a file that people write, and brackets within brackets

TOO_DEEP = "it is no YAML that one could read: too many brackets in brackets"


@dataclass(slots=True)
class Tree:
    """A document: `value` of mappings, lists, texts and None, and where each part of it was written."""

    file: str
    code: str  # of its problems
    value: Any = None
    origins: dict[Place, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str, hint: str = "") -> None:
        """Note what is wrong at a place, or at the closest part around it that is written."""
        ends = (place[:end] for end in range(len(place), -1, -1))
        where = next((str(self.origins[end]) for end in ends if end in self.origins), self.file)
        self.problems.append(Problem(self.code, message, where=where, hint=hint))


def parse(text: str, file: str, code: str) -> Tree:
    """Read YAML 1.2. What is wrong with its form is noted in the tree; nothing is raised.

    Two entries of one key and aliases are refused: what comes of them is seldom what was meant.
    """
    tree = Tree(file, code)
    if len(text) > LARGEST:
        tree.add((), f"it has more than {LARGEST >> 10} KiB", "see whether it is the right file")
        return tree
    if _depth(text) > DEEPEST:  # the parser would take minutes to find that out
        tree.add((), TOO_DEEP)
        return tree
    try:
        with warnings.catch_warnings(action="ignore"):  # of anchors; aliases are refused below
            node = YAML(typ="rt", pure=True).compose(text)
        if node is not None:
            tree.value = _value(node, (), tree, set())
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None:
            tree.origins[()] = Origin(file, mark.line + 1)
        what = getattr(error, "problem", None) or "it has characters that no text has"
        tree.add((), f"it is no YAML: {what}", "see the line, and the one before it")
    except RecursionError:
        tree.add((), TOO_DEEP)
    return tree


def _depth(text: str) -> int:
    steps = (1 if each in "[{" else -1 for each in re.findall(r"[][{}]", text))
    return max(accumulate(steps, lambda depth, step: max(0, depth + step), initial=0))


def _value(node: Node, place: Place, tree: Tree, met: set[int]) -> Any:  # noqa: ANN401 - what YAML may hold
    tree.origins.setdefault(place, Origin(tree.file, node.start_mark.line + 1))
    if isinstance(node, ScalarNode):
        return None if node.tag == NULL else node.value
    if id(node) in met:
        tree.add(place, "aliases (*name) are not read here", "write the value out")
        return None
    met.add(id(node))
    if isinstance(node, SequenceNode):
        return [_value(each, (*place, index), tree, met) for index, each in enumerate(node.value)]
    return dict(_entries(node, place, tree, met)) if isinstance(node, MappingNode) else None


def _entries(node: MappingNode, place: Place, tree: Tree, met: set[int]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, Origin] = {}
    for key, value in node.value:
        here = Origin(tree.file, key.start_mark.line + 1)
        name = key.value if isinstance(key, ScalarNode) else None
        within = (*place, name or "")
        if name is None or name in seen:
            shown = "a key is no text"
            if name is not None:
                shown = f"{name!r} is there twice, first in line {seen[name].line}"
            tree.problems.append(Problem(tree.code, shown, where=str(here), hint="leave one of them out"))
            continue
        seen[name] = tree.origins[within] = here
        yield name, _value(value, within, tree, met)
