"""Wrong words: all that is wrong is said at once, with suggestions, and nothing is touched."""

import pytest
from tests.user import User


def refused(user: User, *words: str) -> str:
    """Run what must be refused as wrong input; return what it says."""
    done = user.run(*words)
    assert (done.status, done.out) == (2, ""), done
    assert "Traceback" not in done.err
    assert user.names() == []
    return done.err


def test_all_of_a_launch(user: User) -> None:
    said = refused(
        user,
        *("launch", "--nmae", "x", "--name", "-bad-", "-e", "=x", "-e", "NOT_SET", "-j", "0"),
        *("--ready", "maybe", "--stall-timeout", "soon", "--engine", "dokcer", "--solo", "-n", "a,b"),
        *("--offline", "-d", "--stop-on-exit", "--no-follow"),
    )
    for problem in (
        "unknown option --nmae",
        "did you mean --name?",
        "'-bad-' cannot be the name of a launch",
        "has no variable name",
        "NOT_SET is not set here",
        "-j '0' is no number above 0",
        "--ready 'maybe' is unknown",
        "--stall-timeout 'soon' is no number",
        "unknown engine 'dokcer'",
        "--solo means one machine",
        "--offline goes with --dry-run",
        "-d and --stop-on-exit contradict each other",
        "--no-follow and --stop-on-exit contradict each other",
        "there is no command to launch",
    ):
        assert problem in said


def test_sizes_that_are_none_are_refused_before_any_host_is_asked(user: User) -> None:
    words = ("vllm", "serve", "m", "-tp", "abc", "-pp", "0")
    said = refused(user, "launch", "--name", "-bad-", "-n", "no-such-host", "--", *words)
    assert "--tensor-parallel-size abc is no size; vLLM would say: invalid int value: 'abc'" in said
    assert "--pipeline-parallel-size 0 is no size" in said
    assert "'-bad-' cannot be the name of a launch" in said
    assert "no-such-host" not in said


def test_all_of_them_as_json(user: User) -> None:
    done = user.run("launch", "--json", "--nmae", "x", "-j", "0")
    assert done.status == 2
    assert (done.json["ok"], done.json["exit_status"]) == (False, 2)
    codes = [problem["code"] for problem in done.json["problems"]]
    assert sorted(codes) == ["bad-option", "bad-option", "no-command"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lauch",), ("unknown command 'lauch'", "did you mean launch?")),
        pytest.param(("xyzzy",), ("unknown command 'xyzzy'", "sparkup --help"), marks=pytest.mark.e2e),
        pytest.param(
            ("stauts", "--json"), ("unknown command 'stauts'", "did you mean status?"), marks=pytest.mark.e2e
        ),
        (("--bogus",), ("--bogus",)),
        (("status", "--wacth"), ("unknown option --wacth", "did you mean --watch?")),
        pytest.param(("stop", "--al"), ("unknown option --al", "did you mean --all?"), marks=pytest.mark.e2e),
        (("stop", "a", "b"), ("unexpected word 'b'",)),
        (("logs", "--folow", "--tial", "5"), ("--folow", "did you mean --follow?", "--tial", "--tail?")),
        pytest.param(("logs", "--tail", "many"), ("many",), marks=pytest.mark.e2e),
        pytest.param(("env", "crate", "cpu"), ("crate",), marks=pytest.mark.e2e),
        (("env", "create", "gpu"), ("no kind of environment is called 'gpu'", "cpu, cuda")),
        pytest.param(("status", "--progress", "loud"), ("loud", "plain"), marks=pytest.mark.e2e),
        pytest.param(("completion", "csh"), ("csh",), marks=pytest.mark.e2e),
        (("launch", "vllm", "serve", "x"), ("sparkup launch -- vllm serve x",)),
        (("env", "create", "cpu", "-n", "a,b"), ("this command works on one machine",)),
    ],
)
def test_misspelt_words(user: User, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    found = refused(user, *words) if "--json" not in words else user.run(*words).err
    for text in said:
        assert text in found


def test_no_abbreviation_is_taken(user: User) -> None:
    """What is unique today is ambiguous tomorrow."""
    assert "--dry-ru" in refused(user, "launch", "--dry-ru", "--", "true")


def test_what_follows_the_dashes_is_not_ours(user: User) -> None:
    done = user.run("launch", "--", "printf", "%s|", "--json", "--name", "--dry-run", "-d", "--", "-h")
    assert (done.status, done.out) == (0, "--json|--name|--dry-run|-d|--|-h|")
