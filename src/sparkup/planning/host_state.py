"""What of our own on a host refuses a launch: a name that is taken, a folder whose place is none."""

from sparkup.domain.fact import Seen
from sparkup.domain.host import follow_up
from sparkup.errors import Problem
from sparkup.facts.machine import MACHINE
from sparkup.planning.serving import mine


def name_problems(name: str, seen: Seen) -> list[Problem]:
    holder = next((rank for rank in mine(seen) if rank.launch == name), None)
    if holder is None:
        return []
    what = " ".join(holder.argv[:3])
    process = "" if holder.nodes else f" (pid {holder.pid})"  # of several ranks none is meant
    return [
        Problem(
            "name-taken",
            f"{name} is already the name of a launch: {what} …{process}",
            where=seen.host,
            hint=f"choose another with --name, or: {follow_up('stop', name, seen.host)}",
        )
    ]


def place_problems(seen: Seen) -> list[Problem]:
    """Find folders of ours whose place depends on where one is: what we start is elsewhere."""
    places = {
        "SPARKUP_STATE_DIR": seen[MACHINE].state_root,
        "SPARKUP_DATA_DIR": seen[MACHINE].environments,
    }
    return [
        Problem(
            "unsafe-folder",
            f"{folder}, where sparkup keeps things, is no absolute path",
            where=seen.host,
            hint=f"let the login there set {name} to one, or HOME if that is missing",
        )
        for name, folder in places.items()
        if not folder.is_absolute()
    ]
