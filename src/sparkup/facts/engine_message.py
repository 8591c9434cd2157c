"""The text of an exception as one line for people: what it says, without what only debuggers read."""

import re

LONGEST = 1500  # characters: some messages list every model that vLLM knows

_MODULE = re.compile(r"^(?:\w+\.)+(?=[A-Za-z_]\w*(?:\([\w.]+\))?(?::|$))")
_PYDANTIC = re.compile(r"^ValidationError: \d+ validation errors? for (\w+)")
_SAID = re.compile(r"\b(?:Value error|Assertion failed), ")
_INPUT = re.compile(r"\s*\[type=\w+, input_value=(.*?), input_type=[\w.]+\]", re.DOTALL)
_FURTHER = re.compile(r"For further information visit \S+")
_FIELD = re.compile(r"\n(\w[\w.]*)\n +")
_TAG = re.compile(r"^\[shutdown\] ")
_SHORT = 60  # characters of a refused value that are worth showing


def condense(text: str) -> str:
    """Return an exception as one line: without module path, pydantic's dump of its input, breaks."""
    text = _MODULE.sub("", _TAG.sub("", text.strip()))
    text = _SAID.sub("", _FURTHER.sub("", _INPUT.sub(_value, text)))
    if match := _PYDANTIC.match(text):
        text = _FIELD.sub(r" \1: ", f"{match[1]}: {text[match.end() :]}")
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 2] + " …"


def _value(match: re.Match[str]) -> str:
    value = match[1]
    return f" (got {value})" if len(value) <= _SHORT and "ArgsKwargs" not in value else ""
