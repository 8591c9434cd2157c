"""Whether a cable for RDMA is plugged into this machine: a few files are read, and no program runs."""

from pathlib import Path

DEVICES = Path("/sys/class/infiniband")
ACTIVE = "ACTIVE"  # "4: ACTIVE"


def cabled(devices: Path = DEVICES) -> bool:
    """Say whether a port with RDMA is up; what cannot be read is not."""
    return any(_text(state).endswith(ACTIVE) for state in devices.glob("*/ports/*/state"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
