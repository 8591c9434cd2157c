"""A value as one line of JSON, which every reader of JSON takes."""

import json
import re

LONE = re.compile("[\ud800-\udfff]")  # half of a pair: how Python holds a byte that is no text


def json_line(value: object) -> str:
    """Return the line; a byte that is no text becomes U+FFFD: many parsers refuse what Python makes of it."""
    line = json.dumps(value, default=str)
    if "\\ud" in line:  # a pair, which is fine, or the half of one
        text = json.dumps(value, default=str, ensure_ascii=False)
        line = json.dumps(json.loads(LONE.sub("\ufffd", text)))
    return line + "\n"
