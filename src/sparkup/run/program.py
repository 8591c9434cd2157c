"""The program for hosts (node/) as one file: a zip that any python3 runs, named by its content."""

import hashlib
import io
import zipfile
from functools import cache
from importlib import resources

ENTRY = "entry.py"  # what Python begins with when it is given the zip
FUTURE = "from __future__ import annotations\n"
IMPORT = "from .gather_net import at_once, decoded, get, reach, scan\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # equal sources make equal bytes


def _sources() -> dict[str, str]:
    folder = resources.files("sparkup.node")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".py"))
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}


@cache
def program() -> bytes:
    """Return the program that is put on hosts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        sources = _sources()
        files = {f"node/{name}": text for name, text in sources.items() if name != ENTRY}
        for name, text in {"__main__.py": sources[ENTRY], **files}.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@cache
def program_name() -> str:
    """Return its file name; another version of sparkup has another."""
    return f"node-{hashlib.sha256(program()).hexdigest()[:12]}.pyz"


@cache
def gatherer() -> bytes:
    """Return the program that answers all questions of a phase in one round trip: two sources as one."""
    sources = _sources()
    rest = sources["gather.py"].replace(FUTURE, "").replace(IMPORT, "")
    return (sources["gather_net.py"] + rest).encode()


@cache
def source(name: str) -> bytes:
    """Return one program of node/ that needs no other, to be sent on standard input."""
    return _sources()[name].encode()
