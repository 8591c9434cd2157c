"""Assignments of a shell file: bash itself says what they mean."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkup.config.assignments import Assignment, Odd, assignments

PRINT = '\nfor n in A B C; do [[ -v $n ]] && printf \'%s=%s\\0\' "$n" "${!n}"; done'


def bash(text: str) -> dict[str, str]:
    """Return what variables are after bash has read a text."""
    program = shutil.which("bash")
    if program is None:
        pytest.skip("bash is not installed")
    argv = [program, "--norc", "-c", text + PRINT]
    done = subprocess.run(argv, env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=False)
    return dict(each.split("=", 1) for each in done.stdout.decode().split("\0") if "=" in each)


def plain(text: str) -> dict[str, str]:
    """Return the same as we read it; AssertionError for what we take for no assignment."""
    found = {}
    for each in assignments(text):
        assert isinstance(each, Assignment), each
        found[each.name] = each.value
    return found


@pytest.mark.parametrize(
    "text",
    [
        *(
            "A=1",
            "A=1 # c",
            "A=1#c",
            "A=#c",
            "A= # c",
            "A='x y'",
            "A=a\\ b",
            "A='a'\"b\"c",
            "export A=1",
            "A=",
        ),
        *(
            "A=1;B=2",
            "A=1 ; B=2",
            "A=1 B=2",
            "A='two\nlines'\nB=1",
            'A="a\\\nb"',
            "A=a\\\nb",
            "#A=1\nB=2",
            "  A=1",
        ),
        *("A=a,b", 'A=""', "A=http://x?y=1", "A={x}", "A=*", "A=!x", "A=a=b", "A=x#y", "A=''#c", "A=\\#c"),
        *(
            "A=[1]",
            "A=%x",
            'A="a#b"',
            'A="it\'s"',
            "A=é",
            'A="\\#"',
            'A="!"',
            "A=^",
            "export A=1 B=2",
            "A=a~b",
        ),
        *(
            "export A='1'  B=2 # x",
            "A=b #c\nC=d",
            "A='#'",
            "A=a;#c",
            "A=\n#c",
            "\\\nA=1",
            "A=b;",
            "A=1\nA=2",
            "",
        ),
        'A="x \\"y\\" \\z \\\\ \\$H \\`"',
    ],
)
def test_what_bash_takes_for_plain(text: str) -> None:
    assert plain(text) == bash(text)


@given(st.lists(st.text(st.sampled_from("ab'\"\\ \n#=,:;é")), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_we_take_for_plain_bash_does_too(values: list[str]) -> None:
    text = "\n".join(f"{name}={value}" for name, value in zip("ABC", values, strict=False))
    found = list(assignments(text))
    if all(isinstance(each, Assignment) and each.name in "ABC" for each in found):
        assert {each.name: each.value for each in found if isinstance(each, Assignment)} == bash(text)


def test_windows_ends_its_lines_otherwise() -> None:
    assert plain("A=1\r\nB='2'\r\n") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    "text",
    [
        *("A=$X", "A=`x`", "A=$(x)", "A=~/x", "A=a:~/x", "A='x", 'A="x', "A=(1 2)", "A+=1", "A =1", "A= 1"),
        *("echo x", "A=1 true", "A=1 && B=2", "A=1|x", "A=1>x", "A[0]=1", "declare A=1", 'A="$X"', "A=a$"),
        *("source x", "if true", "1A=2", "A-B=1", "A=1& B=2", "export A", "export"),
    ],
)
def test_what_a_shell_would_have_to_work_out(text: str) -> None:
    found = list(assignments(f"B=1\n{text}\nC=3"))
    assert Assignment("B", "1", 1) in found
    assert [each.line for each in found if isinstance(each, Odd)][:1] == [2]


def test_lines_are_counted() -> None:
    found = assignments("# c\nA=1\nB='x\ny'\n\nC=2 D=3\nrm x\n")
    assert [(each.name if isinstance(each, Assignment) else each.text, each.line) for each in found] == [
        ("A", 2),
        ("B", 3),
        ("C", 6),
        ("D", 6),
        ("rm x", 7),
    ]
