"""Which cluster.yaml counts, and whether it may: one that lies in a folder is trusted once, by its digest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sparkup.config import places
from sparkup.errors import GateRefused, InputRefused, Problem

HERE = Path("cluster.yaml")
NONE = "none"  # --inventory none: do without


@dataclass(frozen=True, slots=True)
class Found:
    """A file that counts. `digest` is "" for one that needs no trust: the user's own, or named by them."""

    path: Path
    digest: str = ""

    @property
    def trusted(self) -> bool:
        """Say whether it may be used; whoever wrote it decides where our work, data and secrets go."""
        return not self.digest or (places.trusted() / self.digest).exists()


def find(named: str = "") -> Found | None:
    """Return the file that is named, else the one in this folder, else the user's own; None for none.

    Raises InputRefused for one that is named and not there.
    """
    if named == NONE:
        return None
    if named:
        if not Path(named).is_file():
            hint = "name another, or --inventory none to do without"
            raise InputRefused(Problem("bad-inventory", "there is no such file", where=named, hint=hint))
        return Found(Path(named))
    own = places.inventory()
    if HERE.exists():
        mine = own is not None and own.exists() and own.samefile(HERE)
        return Found(HERE, "" if mine else digest(HERE))
    return Found(own) if own is not None and own.exists() else None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; raises InputRefused for one that cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputRefused(Problem("bad-inventory", message, where=str(path))) from None


def trust(found: Found) -> None:
    """Remember that a file as it is now may be used. Raises GateRefused where nothing can be kept."""
    folder = places.trusted()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / found.digest).touch(mode=0o600)
    except OSError as error:
        message = f"what is trusted cannot be kept: {error.strerror or error}"
        raise GateRefused(Problem("unsafe-folder", message, where=str(folder))) from None


def untrusted(found: Found) -> InputRefused:
    """Say that a file may not be used yet, and how it may."""
    message = "it was never trusted as it is now: a cluster.yaml decides on which machines our work is done"
    hint = f"read it, then: sparkup trust {found.path}; or do without: --inventory none"
    return InputRefused(Problem("untrusted-inventory", message, where=str(found.path), hint=hint))
