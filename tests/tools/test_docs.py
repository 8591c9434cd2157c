"""The pages: current, complete, linked to what is there, and of no machine in particular."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sparkup.cli.main import COMMANDS, sparkup
from sparkup.errors import CODES, SparkupError
from tools import docs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tests/testbed/README.md"])
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere; what is shown as code is no link."""
    for target, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        there = page.parent / target if target else page
        if not there.exists() or (anchor and anchor not in slugs(there)):
            yield f"{target}#{anchor}" if anchor else target


def test_generated_pages_are_current() -> None:
    assert docs.stale(ROOT) == []


def test_check_names_what_is_stale_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    (tmp_path / "docs" / "cli.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/cli.md is stale: run ./dev docs\n"
    assert (tmp_path / "docs" / "cli.md").read_text(encoding="utf-8") == "old"


def shown() -> Iterator[str]:
    """The command lines of sparkup in the pages that are written by hand."""
    for page in {*PAGES} - {ROOT / "docs" / "cli.md", ROOT / "CHANGELOG.md"}:
        text = page.read_text(encoding="utf-8")
        yield from re.findall(r"(?:^    |`)(?:\./)?sparkup ([a-z][^`\n]*)", text, re.MULTILINE)


def unknown(line: str) -> list[str]:
    """The verbs and options of a command line that there are not."""
    words = shlex.split(re.split(r" -- | >", line + " ")[0])
    command: click.Command | None = sparkup
    context = click.Context(sparkup)
    while isinstance(command, click.Group) and words and words[0][0] != "-":
        word = words.pop(0)
        command = command.get_command(context, word)
        if command is None:
            return [word]
    assert command is not None
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    return [word for word in words if word[0] == "-" and word.partition("=")[0] not in known]


@pytest.mark.parametrize("line", sorted({*shown()} - {"COMMAND --help"}))
def test_commands_shown_are_there(line: str) -> None:
    assert unknown(line) == []


@pytest.mark.parametrize("line", ["lauch -- true", "env make cpu", "stop --every"])
def test_a_wrong_command_is_seen(line: str) -> None:
    assert len(unknown(line)) == 1


def test_the_quick_start_is_two_commands() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## ")[1]
    assert section.startswith("Quick start\n")
    assert re.findall(r"^    (.*)$", section, re.MULTILINE) == ["./sparkup try", "./dev test"]


def test_the_readme_names_what_the_program_does() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if not re.search(rf"(\./|`)sparkup {name}\b", text)] == []


def test_the_readme_sends_readers_to_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in text] == []


def test_files_that_contributors_are_sent_to_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where does it go?")[2]
    paths = {path for path in re.findall(r"`([\w/]+/\w+\.\w+)`", text) if "NAME" not in path}
    assert len(paths) > 20
    gone = {path for path in paths if not any((ROOT / base / path).exists() for base in ("", "src/sparkup"))}
    assert gone == set()


def test_every_code_and_status_is_explained() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"| `{code}` |" not in text] == []
    statuses = {each.exit_status for each in SparkupError.__subclasses__()}
    assert [status for status in statuses if f"\n| {status} |" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


@pytest.mark.parametrize("text", ["[a](gone.md)", "[a](here.md#gone)", "[a](#gone)"])
def test_a_broken_link_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "here.md").write_text("# Here is it\n[fine](here.md#here-is-it) `[code](gone.md)`\n" + text)
    assert len(list(broken(tmp_path / "here.md"))) == 1


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/answers.schema.json"], ids=lambda page: page.name)
def test_no_path_of_this_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [
        path for path in (str(ROOT), sys.prefix, sys.base_prefix) if path != "/usr" and path in text
    ] == []
