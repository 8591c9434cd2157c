"""Which wheels of a resolution fit which Linux machine and Python; no input or output."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from operator import itemgetter
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

OLDEST_GLIBC, NEWEST_GLIBC = 17, 39  # the minor number of 2.x; 2.39 is Ubuntu 24.04, so DGX OS 7


@dataclass(frozen=True, slots=True)
class Target:
    """A CPython on a Linux machine."""

    python: str  # "3.12"
    machine: str  # as `uname -m` says

    def environment(self) -> dict[str, str]:
        """Return what environment markers are evaluated against."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    def tags(self, glibc: int) -> Iterator[Tag]:
        """Yield the wheel tags that pip accepts there, best first."""
        minor = int(self.python.removeprefix("3."))
        names = [f"manylinux_2_{older}" for older in range(glibc, 4, -1)]
        older_names = ["manylinux2014", "manylinux2010", "manylinux1", "linux"]
        platforms = [f"{name}_{self.machine}" for name in (*names, *older_names)]
        yield from cpython_tags((3, minor), platforms=platforms)
        yield from compatible_tags((3, minor), f"cp3{minor}", platforms)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of a package, by name; its size in bytes."""

    name: str
    sha256: str
    size: int

    def tags(self) -> frozenset[Tag]:
        return _tags(self.name)


@cache
def _tags(name: str) -> frozenset[Tag]:
    return parse_wheel_filename(name)[3]


@cache
def ranks(target: Target, glibc: int) -> Mapping[Tag, int]:
    """Number the wheel tags of a target; pip takes the wheel with the lowest."""
    return {tag: rank for rank, tag in enumerate(dict.fromkeys(target.tags(glibc)))}


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package: where it is needed, and its wheels."""

    name: str
    version: str
    marker: str
    wheels: tuple[Wheel, ...]

    def is_for(self, target: Target) -> bool:
        if not self.marker:
            return True
        return Marker(self.marker).evaluate(target.environment())

    def best(self, target: Target, glibc: int) -> Wheel | None:
        """Return the wheel that pip takes there."""
        rank = ranks(target, glibc)
        found = [(min(map(rank.__getitem__, tags)), wheel) for wheel in self.wheels
                 if (tags := wheel.tags() & rank.keys())]  # fmt: skip
        return min(found, key=itemgetter(0))[1] if found else None

    def fitting(self, targets: Iterable[Target]) -> Iterator[Wheel]:
        """Yield every wheel that pip may take on one of the targets, whatever their glibc."""
        accepted = {tag for target in targets for tag in ranks(target, NEWEST_GLIBC)}
        return (wheel for wheel in self.wheels if wheel.tags() & accepted)


def read_pylock(text: str) -> tuple[Package, ...]:
    """Read a pylock.toml (PEP 751); its wheels must say their size."""
    return tuple(
        Package(
            name=package["name"],
            version=package["version"],
            marker=package.get("marker", ""),
            wheels=tuple(
                Wheel(_file_name(wheel["url"]), wheel["hashes"]["sha256"], wheel["size"])
                for wheel in package.get("wheels", ())
            ),
        )
        for package in tomllib.loads(text)["packages"]
    )


def _file_name(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name)


def without_wheel(packages: Iterable[Package], target: Target, glibc: int = NEWEST_GLIBC) -> list[str]:
    """Name the packages that the target needs and that have no wheel for it."""
    return [p.name for p in packages if p.is_for(target) and p.best(target, glibc) is None]


def lowest_glibc(packages: Sequence[Package], targets: Iterable[Target]) -> int | None:
    """Return the oldest glibc (2.x) with wheels of everything for all targets."""
    targets = tuple(targets)
    for glibc in range(OLDEST_GLIBC, NEWEST_GLIBC + 1):
        if not any(without_wheel(packages, target, glibc) for target in targets):
            return glibc
    return None


def download_bytes(packages: Iterable[Package], target: Target) -> int:
    """Add up the wheels that pip takes on a target."""
    wheels = (p.best(target, NEWEST_GLIBC) for p in packages if p.is_for(target))
    return sum(wheel.size for wheel in wheels if wheel is not None)


def requirement(package: Package, targets: Sequence[Target]) -> str:
    """Write a package as pip reads it with --require-hashes, its marker as short as it can be."""
    marker = short_marker(package, targets)
    head = f"{package.name}=={package.version}" + (f" ; {marker}" if marker else "")
    needing = [target for target in targets if package.is_for(target)]
    hashes = sorted(f"--hash=sha256:{wheel.sha256}" for wheel in package.fitting(needing))
    return " \\\n    ".join((head, *hashes)) + "\n"


def short_marker(package: Package, targets: Sequence[Target]) -> str:
    """Return the shortest marker that says the same as the package's own on all targets."""
    wanted = [package.is_for(target) for target in targets]
    for marker in _markers(targets):
        candidate = Package(package.name, package.version, marker, ())
        if [candidate.is_for(target) for target in targets] == wanted:
            return marker
    return package.marker


def _markers(targets: Sequence[Target]) -> Iterator[str]:
    machines = [f"platform_machine == '{m}'" for m in sorted({t.machine for t in targets})]
    pythons = [
        f"python_version {sign} '{python}'"
        for python in sorted({t.python for t in targets})
        for sign in (">=", "<")
    ]
    yield ""
    yield from machines
    yield from pythons
    yield from (f"{machine} and {python}" for machine, python in product(machines, pythons))
