"""What is quick stays quick: version and help load little."""

import subprocess
import sys

import pytest
from tests.user import User

LOADED = (
    "import sys; sys.argv = ['sparkup', *sys.argv[1:]]\n"
    "from sparkup.__main__ import main\n"
    "status = main()\n"
    "print('\\n' + ' '.join(sys.modules), file=sys.stderr); sys.exit(status)"
)


def loaded(user: User, *words: str) -> tuple[str, set[str]]:
    """Return what a command prints, and the modules that it has loaded by then."""
    argv = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(argv, env=user.environment, capture_output=True, text=True, check=False)
    return done.stdout, set(done.stderr.split("\n")[-2].split())


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version(user: User, word: str) -> None:
    out, modules = loaded(user, word)
    assert out.startswith("sparkup ")
    assert not modules & {"click", "rich", "asyncio", "json", "sparkup.errors"}
    assert user.run(word) == (0, out, "")


@pytest.mark.parametrize("words", [("-h",), ("--help",), ()])
def test_the_overview(user: User, words: tuple[str, ...]) -> None:
    if not words:
        assert "Usage: sparkup" in user.run().out + user.run().err
        return
    out, modules = loaded(user, *words)
    assert "Usage: sparkup" in out
    assert not modules & {"rich", "asyncio", "platformdirs", "sparkup.actions", "sparkup.connect"}


@pytest.mark.parametrize("words", [("status",), ("launch", "-h"), ("stop", "--json")])
def test_no_picture_is_loaded_away_from_a_terminal(user: User, words: tuple[str, ...]) -> None:
    assert "rich" not in loaded(user, *words)[1]
