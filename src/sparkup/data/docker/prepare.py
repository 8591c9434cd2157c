"""Keep the base's torch while vLLM and FlashInfer are built and installed: runs while an image is built.

prepare.py keep               print what uv is told to leave as it is (--overrides)
prepare.py strip FOLDER       take what stays as it is out of the requirements of a work tree
prepare.py needs FOLDER...    print what building the projects in the folders needs (-r)
prepare.py wants WHEEL        print what a wheel wants to run with (-r)
"""

from __future__ import annotations

import re
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Iterable, Iterator, Sequence

# Never fetched: what is not in the base is left out. NCCL must be there once, and torch has one.
LEFT_OUT = ("torch", "torchvision", "torchaudio", "triton", "nvidia-nccl-cu12", "nvidia-nccl-cu13")
STAYS = re.compile(r"torch|triton$|pytorch-triton|flashinfer")  # FlashInfer is what we have built
NAME = re.compile(r"""\s*["']?([A-Za-z0-9][A-Za-z0-9._-]*)""")
STRING = r"""(?:"[^"]*"|'[^']*')"""
REQUIRES = re.compile(rf"^requires\s*=\s*\[((?:\s|,|#.*|{STRING})*)\]", re.MULTILINE)
BUILD_FILES = ("requirements/build/cuda.txt", "requirements/build.txt", "requirements.txt")


def stays(requirement: str) -> bool:
    """Say whether a requirement is of what the base has, or we have built."""
    found = NAME.match(requirement)
    return bool(found and STAYS.match(canonical(found.group(1))))


def canonical(name: str) -> str:
    """Return the name of a package as indexes compare it."""
    return re.sub("[-_.]+", "-", name).lower()


def keep() -> Iterator[str]:
    """Yield overrides: what is installed stays at its version, what is not is wanted by nobody."""
    found = {canonical(each.metadata["Name"]): each.version for each in distributions()}
    for name in sorted({*LEFT_OUT, *filter(stays, found)}):
        yield f"{name}=={found[name]}" if name in found else f"{name} ; python_version < '0'"


def strip(folder: Path) -> Iterator[str]:
    """Take requirements out of the files of a work tree; yield them."""
    files = [*folder.glob("requirements*.txt"), *folder.glob("requirements/**/*.[ti][xn]*")]
    for file in sorted(files):
        lines = file.read_text("utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not stays(line)), "utf-8")
        yield from (line.strip() for line in lines if stays(line))


def needs(folders: Iterable[Path]) -> Iterator[str]:
    """Yield what building projects needs, as their pyproject.toml and files of requirements have it."""
    for folder in folders:
        found = REQUIRES.search((folder / "pyproject.toml").read_text("utf-8"))
        listed = re.sub(r"^\s*#.*", "", found[1], flags=re.MULTILINE) if found else ""
        lines = [word[1:-1] for word in re.findall(STRING, listed)]
        files = [folder / name for name in BUILD_FILES if (folder / name).exists()]
        for file in files[:1]:
            lines += file.read_text("utf-8").splitlines()
        yield from (line for line in lines if NAME.match(line) and not stays(line))


def wants(wheel: Path) -> Iterator[str]:
    """Yield the requirements of a wheel, but for those of its extras."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().split("\n\n")[0].splitlines()
    wanted = (line[len("Requires-Dist: ") :] for line in lines if line.startswith("Requires-Dist: "))
    yield from (line for line in wanted if not re.search(r";.*\bextra\s*==", line) and not stays(line))


def main(arguments: Sequence[str]) -> int:
    """Print what is asked for; return the exit status."""
    verb, paths = arguments[0], [Path(word) for word in arguments[1:]]
    if verb == "keep":
        lines = keep()
    elif verb == "needs":
        lines = needs(paths)
    else:
        lines = {"strip": strip, "wants": wants}[verb](paths[0])
    print("\n".join(dict.fromkeys(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
