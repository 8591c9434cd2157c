"""Where the program begins: it takes its modules from bytecode that an earlier run has left beside it.

Python compiles what it imports from a zip anew in each process. FILE.pyz.MAGIC holds all of it for the
Pythons of one bytecode: four bytes of CRC-32, then a marshalled {name: marshalled code}. It is only used if
it is whole and nobody but us can write it. In a container, where the program has another name, there is none.
"""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import os
import stat
import sys
import zlib
from typing import Any

OURS = "node-"  # how the file is called where it was put on a host
PACKAGE = "node"


class Compiled:
    """Finds and loads modules of ours in bytecode."""

    def __init__(self, codes: dict[str, bytes]) -> None:
        self.codes = codes

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002 - a finder's
        """Find a module of ours."""
        if name not in self.codes:
            return None
        loader: Any = self
        return importlib.util.spec_from_loader(name, loader, is_package=name == PACKAGE)

    def create_module(self, spec: Any) -> None:
        """Leave that to Python."""

    def exec_module(self, module: Any) -> None:
        """Fill a module."""
        exec(marshal.loads(self.codes[module.__name__]), module.__dict__)  # noqa: S102, S302 - see `whole`


def codes(file: str) -> dict[str, bytes]:
    """Return the bytecode of a program's modules, as it was left or made anew; {} if nobody may leave it."""
    path = "%s.%s" % (file, importlib.util.MAGIC_NUMBER.hex())
    try:
        data = whole(path)
    except OSError:
        data = b""
    if not data:
        if not os.access(os.path.dirname(os.path.abspath(file)), os.W_OK):
            return {}  # to compile all of it each time would take longer than what is needed
        data = compiled(file)
        leave(path, data)
    found: dict[str, bytes] = marshal.loads(data)  # noqa: S302 - see `whole`
    return found


def whole(path: str) -> bytes:
    """Return what was left, b"" for what others could have written, or is not all there; raises OSError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return b""
        data = file.read()
    return data[4:] if data[:4] == zlib.crc32(data[4:]).to_bytes(4, "big") else b""


def compiled(file: str) -> bytes:
    """Compile all modules of a program."""
    zipfile: Any = importlib.import_module("zipfile")  # here: nobody else needs it
    found = {}
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            folder, _, base = name[: -len(".py")].partition("/")
            if folder == PACKAGE:
                module = PACKAGE if base == "__init__" else "%s.%s" % (PACKAGE, base)
                found[module] = marshal.dumps(compile(archive.read(name), name, "exec", dont_inherit=True))
    return marshal.dumps(found)


def leave(path: str, data: bytes) -> None:
    """Leave bytecode for the next run, whole or not at all; where there is no room, there is none."""
    new = "%s.%d" % (path, os.getpid())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
            file.write(zlib.crc32(data).to_bytes(4, "big") + data)
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(new)


def begin(file: str) -> int:
    """Run the program."""
    if os.path.basename(file).startswith(OURS):
        sys.meta_path.insert(0, Compiled(codes(file)))
    return int(importlib.import_module(PACKAGE + ".main").main())


if __name__ == "__main__":
    sys.exit(begin(sys.argv[0]))
