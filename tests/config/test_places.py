"""Where the control machine keeps what can be deleted."""

import subprocess
import sys
from pathlib import Path

PRINT = (
    "from sparkup.config import places as p; print(p.state(), p.recorded_facts(), p.journals(), sep='\\n')"
)


def places(**variables: str) -> list[Path]:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={"PYTHONPATH": ":".join(sys.path), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in done.stdout.splitlines()]


def test_a_folder_that_is_named() -> None:
    root = Path("/srv/state")
    assert places(SPARKUP_STATE_DIR=str(root)) == [root, root / "facts", root / "journal"]


def test_the_state_folder_of_the_user() -> None:
    assert places(HOME="/home/ada")[0] == Path("/home/ada/.local/state/sparkup")
    assert places(HOME="/home/ada", XDG_STATE_HOME="/x")[0] == Path("/x/sparkup")
    assert places(HOME="/home/ada", SPARKUP_STATE_DIR="")[0] == Path("/home/ada/.local/state/sparkup")
