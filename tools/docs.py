"""Write the pages that are made from the code: python -m tools.docs [--check], from the root of the checkout.

`--check` writes nothing, names the pages that differ and ends with 1 if there are any.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from tools.answer_schema import schema

from sparkup.cli.main import sparkup
from sparkup.config.dockerfiles import dockerfile
from sparkup.config.inventory_schema import json_schema
from sparkup.domain.build import ImageVariant
from sparkup.errors import CODES, SparkupError
from tools import facts_schema

FOLDER = Path("docs")
MADE = "<!-- Made by ./dev docs; do not edit. -->"
DOCKERFILE = "# Made by ./dev docs; do not edit.\n"
CLI = """\
What `sparkup COMMAND --help` shows. What follows `--` is passed on exactly as given. [errors.md](errors.md)
has the exit statuses, [json.md](json.md) what `--json` prints."""
STATUSES = """\
An error says what happened, on which host, and what to do next, on standard error. With `--json` standard
output has it as well, with the code of each problem ([json.md](json.md)). All that is wrong with a command
line or a host is said at once.

## Exit statuses

| status | | |
| ---: | --- | --- |
| 0 | done | |"""
PASSED_ON = """\
`exec`, and `launch` of a command that is no server, return that command's own status instead, as a shell
counts: 128 + N if signal N ended it. `exec` has 127 for a program that is not there and 126 for one that
cannot be executed."""
CODES_BEGIN = """\
## Codes

A code names what happened; the exit status says what that means for the work. A full disk is a gate that
refuses (5) when it is seen before the work, and work that failed (1) when it fills up meanwhile.

| code | |
| --- | --- |"""


def pages() -> Mapping[Path, str]:
    """Return the text of every page that is made."""
    return {
        FOLDER / "cli.md": "\n\n".join(("# Commands", MADE, CLI, *_commands(sparkup, "sparkup"))) + "\n",
        FOLDER / "errors.md": _errors(),
        FOLDER / "answers.schema.json": json.dumps(schema(), indent=2) + "\n",
        FOLDER / "cluster.schema.json": json.dumps(json_schema(), indent=2) + "\n",
        FOLDER / "facts.schema.json": json.dumps(facts_schema.schema(), indent=2) + "\n",
        # For a plain `docker build .`, which needs no sparkup.
        Path("Dockerfile"): DOCKERFILE + dockerfile(ImageVariant.SOURCE),
        Path("Dockerfile.wheels"): DOCKERFILE + dockerfile(ImageVariant.WHEELS),
    }


def _commands(command: click.Command, name: str, above: click.Context | None = None) -> Iterator[str]:
    """Yield the parts of the page for a command and those below it, in the order of its help."""
    context = click.Context(command, info_name=name, parent=above)
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    yield f"## {context.command_path}"
    yield f"    {usage}"
    yield inspect.cleandoc(command.help or "")
    if options := [each for each in command.params if isinstance(each, click.Option)]:
        yield _options(options, context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            if found := command.get_command(context, below):
                yield from _commands(found, below, context)


def _options(options: Sequence[click.Option], context: click.Context) -> str:
    records = (option.get_help_record(context) for option in options)
    rows = (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in filter(None, records))
    return "\n".join(("| option | |", "| --- | --- |", *rows))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _errors() -> str:
    classes = sorted(SparkupError.__subclasses__(), key=lambda each: each.exit_status)
    rows = (f"| {each.exit_status} | {_spaced(each.__name__)} | {inspect.getdoc(each)} |" for each in classes)
    codes = (f"| `{code}` | {meaning} |" for code, meaning in CODES.items())
    statuses, table = "\n".join((STATUSES, *rows)), "\n".join((CODES_BEGIN, *codes))
    return f"# Errors and exit statuses\n\n{MADE}\n\n{statuses}\n\n{PASSED_ON}\n\n{table}\n"


def _spaced(name: str) -> str:
    """Return the name of a class as words: HostUnreachable is "host unreachable"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def stale(root: Path) -> list[Path]:
    """Return the pages below a checkout that differ from what the code says now, or are missing."""
    return [
        path
        for path, text in pages().items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Write the generated pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    check, root = parser.parse_args(arguments).check, Path()
    changed = stale(root)
    for path in changed:
        if check:
            print(f"{path} is stale: run ./dev docs")
        else:
            (root / path).write_text(pages()[path], encoding="utf-8")
            print(f"wrote {path}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
