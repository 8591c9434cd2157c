"""The part of YAML that files of netplan are written in: blocks of names, lists, and what stands in brackets.

No anchors, no tags, no text over several lines. A parser's library is not for the pure half, and a file of
netplan has no more than this.
"""

import re
from collections.abc import Sequence

Yaml = str | list["Yaml"] | dict[str, "Yaml"]
KEY = re.compile(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s\[\]{}"'#&*!|>%@`-][^:#]*?|-[^\s:#][^:#]*?)\s*:(?:\s+(?P<value>.*))?"""
)
LONGEST = 4000  # characters of a line
TOKEN = re.compile(
    r"""\s*([\[\]{},]|:(?=\s)|"[^"]*"|'[^']*'|(?:[^\[\]{},:\s"']|:(?=\S)| (?=[^\s\[\]{},:]))+)"""
)


class NotYamlError(ValueError):
    """The text is not in this part of YAML."""


def load(text: str) -> Yaml:
    """Return names with their values; every value that is no block is text. Raises NotYamlError."""
    rows = [(len(line) - len(line.lstrip()), line.strip()) for line in _lines(text)]
    if not rows:
        return {}
    try:
        value, rest = _block(rows, rows[0][0])
    except RecursionError as error:
        raise NotYamlError("too deep") from error
    if rest:
        raise NotYamlError(rest[0][1])
    return value


def _lines(text: str) -> list[str]:
    """Return the lines that say something, each bracket with what it holds in one of them."""
    whole: list[str] = []
    open_brackets = 0
    for line in text.splitlines():
        if len(line) > LONGEST:
            raise NotYamlError(line[:60])
        said = re.sub(
            r"""^((?:[^"'#]|"[^"]*"|'[^']*'|(?<=\S)#)*?)\s*(?:(?<!\S)#.*)?$""", r"\1", line
        ).rstrip()
        if not said.strip() or said.startswith(("---", "...", "%")):
            continue
        if "\t" in said[: len(said) - len(said.lstrip())]:
            raise NotYamlError("a tab before a name")
        if open_brackets > 0:
            whole[-1] += " " + said.strip()
        else:
            whole.append(said)
        bare = re.sub(r""""[^"]*"|'[^']*'""", "", said)
        open_brackets += sum(bare.count(each) for each in "[{") - sum(bare.count(each) for each in "]}")
    return whole


Rows = Sequence[tuple[int, str]]


def _block(rows: Rows, indent: int) -> tuple[Yaml, Rows]:
    """Return the list or the names that stand at one indentation, and the rows after them."""
    if re.match(r"-(?:\s|$)", rows[0][1]):
        return _list(rows, indent)
    names: dict[str, Yaml] = {}
    while rows and rows[0][0] == indent:
        row = KEY.fullmatch(rows[0][1])
        if row is None:
            raise NotYamlError(rows[0][1])
        name = _scalar(row["key"])
        value, rows = _value(row["value"] or "", rows[1:], indent)
        names[name] = _joined(names.get(name), value)
    return names, rows


def _joined(before: Yaml | None, value: Yaml) -> Yaml:
    """Return what a name has that stands there twice: netplan reads all of its files as if they were one."""
    if not isinstance(before, dict) or not isinstance(value, dict):
        return value
    return {**before, **{name: _joined(before.get(name), each) for name, each in value.items()}}


def _list(rows: Rows, indent: int) -> tuple[Yaml, Rows]:
    items: list[Yaml] = []
    while rows and rows[0][0] == indent and (item := re.fullmatch(r"-(\s+)?(.*)", rows[0][1])):
        inside = indent + 1 + len(item[1] or "")
        if KEY.fullmatch(item[2]):
            value, rows = _block([(inside, item[2]), *rows[1:]], inside)
        else:
            value, rows = _value(item[2], rows[1:], indent)
        items.append(value)
    return items, rows


def _value(text: str, rows: Rows, indent: int) -> tuple[Yaml, Rows]:
    """Return what stands behind a name or dash, or below it; a list may be as deep as its name."""
    if text.startswith(("[", "{")):
        return _flow(text), rows
    if text:
        return _scalar(text), rows
    if rows and (rows[0][0] > indent or (rows[0][0] == indent and rows[0][1].startswith("- "))):
        return _block(rows, rows[0][0])
    return "", rows


def _flow(text: str) -> Yaml:
    tokens = [match[1].strip() for match in TOKEN.finditer(text)]
    value, rest = _inside(tokens)
    if rest:
        raise NotYamlError(text)
    return value


def _inside(tokens: Sequence[str]) -> tuple[Yaml, Sequence[str]]:
    """Return the value that tokens begin with, and the tokens after it."""
    if not tokens or tokens[0] in ("]", "}", ",", ":"):
        raise NotYamlError("brackets that do not close")
    if tokens[0] not in ("[", "{"):
        return _scalar(tokens[0]), tokens[1:]
    names, rest = tokens[0] == "{", tokens[1:]
    items: list[Yaml] = []
    found: dict[str, Yaml] = {}
    while rest and rest[0] not in ("]", "}"):
        item, rest = _inside(rest)
        if names and rest and rest[0] == ":":
            found[str(item)], rest = _inside(rest[1:])
        else:
            items.append(item)
        rest = rest[1:] if rest and rest[0] == "," else rest
    if not rest or (rest[0] == "}") != names:
        raise NotYamlError("brackets that do not close")
    return (found if names else items), rest[1:]


def _scalar(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
