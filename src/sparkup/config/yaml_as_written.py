"""A YAML reader and writer that leaves scalars as they were written: ruamel alone makes `true` of `True`."""

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

KINDS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "float", "int", "null", "timestamp"))


class Written(str):
    """A scalar without quotes that YAML takes for something else than text: its own words, and its tag."""

    __slots__ = ("tag",)
    tag: str


class _Constructor(RoundTripConstructor):
    """Reads scalars as they are."""


class _Representer(RoundTripRepresenter):
    """Writes them as they were."""


def _read(_: RoundTripConstructor, node: ScalarNode) -> Written | None:
    # Within brackets the writer could not tell an empty one from a text without letters.
    if not node.value:
        return None
    written = Written(node.value)
    written.tag = str(node.tag)
    return written


def _write(representer: RoundTripRepresenter, value: Written) -> ScalarNode:
    node: ScalarNode = representer.represent_scalar(value.tag, str(value))
    return node


def _text(representer: RoundTripRepresenter, value: str) -> ScalarNode:
    # Between other quotes the writer leaves U+0085 as it is, which its reader takes for the end of a line.
    style = '"' if "\x85" in value else None
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:str", value, style=style)
    return node


for each in KINDS:
    _Constructor.add_constructor(each, _read)
_Representer.add_representer(Written, _write)
_Representer.add_representer(str, _text)


def yaml_as_written() -> YAML:
    """Return a reader and writer that keeps comments, quotes and scalars."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor, yaml.Representer = _Constructor, _Representer
    yaml.preserve_quotes, yaml.width = True, 4096
    return yaml
