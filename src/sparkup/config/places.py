"""Where the control machine keeps what can be deleted: journals and recorded facts."""

import os
from pathlib import Path

from platformdirs import user_state_path


def state() -> Path:
    """Return our folder of state; SPARKUP_STATE_DIR names another."""
    named = os.environ.get("SPARKUP_STATE_DIR")
    return Path(named) if named else user_state_path("sparkup")


def recorded_facts() -> Path:
    """Return the folder of what hosts last answered."""
    return state() / "facts"


def journals() -> Path:
    """Return the folder of journals."""
    return state() / "journal"
