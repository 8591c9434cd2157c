"""Let every rank read the shards of a model in the same order: sort_shards.py WEIGHT_UTILS.PY.

For an older vLLM, while its image is built. With fastsafetensors all ranks read a file together; file
systems list the files in orders of their own, and ranks that read different ones never end.
"""

import ast
import sys
from pathlib import Path

FUNCTION, FILES = "fastsafetensors_weights_iterator", "hf_weights_files"
SORTED = (
    f"    {FILES} = sorted(\n"
    f"        {FILES},\n"
    "        key=lambda path: [\n"
    "            int(part) if part.isdecimal() else part for part in re.split(r'(\\d+)', path)\n"
    "        ],\n"
    "    )\n"
)


def main(file: Path) -> int:
    """Change the file; return the exit status: 1 if there is no such function in it."""
    text = file.read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION:
            if "sorted(" in (ast.get_source_segment(text, node) or ""):
                return 0
            first = node.body[1] if ast.get_docstring(node) is not None else node.body[0]
            lines = text.splitlines(keepends=True)
            lines.insert(first.lineno - 1, SORTED)
            file.write_text("import re\n" + "".join(lines), "utf-8")
            return 0
    print(f"{file} has no {FUNCTION}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
