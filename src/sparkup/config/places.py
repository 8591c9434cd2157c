"""Where the control machine has its configuration, and what can be deleted: journals and recorded facts."""

import os
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from sparkup.errors import GateRefused, Problem

STATE, DATA = "SPARKUP_STATE_DIR", "SPARKUP_DATA_DIR"


def settle() -> None:
    """Make our variables mean the same to all that we start here, wherever it goes; raises GateRefused."""
    for name in (STATE, DATA):
        if value := os.environ.get(name):
            os.environ[name] = _absolute(name, value)
    if not os.environ.get("HOME"):
        os.environ.pop("HOME", None)  # an empty one would be the root folder; so it is the user table's


def _absolute(name: str, value: str) -> str:
    try:
        return str(Path(value).absolute())
    except FileNotFoundError:
        message = f"{name} is {value}, in a folder that was removed: the one that you are in"
        raise GateRefused(Problem("unsafe-folder", message, hint="give an absolute path")) from None


def state() -> Path:
    """Return our folder of state; SPARKUP_STATE_DIR names another. Raises GateRefused where there is none."""
    named = os.environ.get(STATE)
    try:
        return Path(named) if named else user_state_path("sparkup")
    except RuntimeError as error:  # no HOME, and a user whom no table knows
        hint = f"set HOME to your home, or {STATE}"
        raise GateRefused(Problem("unsafe-folder", f"no place to keep state: {error}", hint=hint)) from None


def recorded_facts() -> Path:
    """Return the folder of what hosts last answered."""
    return state() / "facts"


def journals() -> Path:
    """Return the folder of journals."""
    return state() / "journal"


def trusted() -> Path:
    """Return the folder of what was trusted: empty files, each named by the digest of one."""
    return state() / "trusted"


def inventory() -> Path | None:
    """Return the user's own cluster.yaml, which need not be there; None for a user without a home."""
    try:
        return user_config_path("sparkup") / "cluster.yaml"
    except RuntimeError:
        return None
