"""The managed Python environments of a host, and the Pythons that could make one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.commands.pip import versions
from sparkup.domain.fact import Answers, Fact, Request, env, files, http, paths, run, which, whole
from sparkup.facts.machine import ENVIRONMENTS as FOLDER
from sparkup.facts.machine import NAMED_ENVIRONMENTS as NAMED_FOLDER

NAMED = "SPARKUP_DATA_DIR"
RECORD = "sparkup-env.json"  # written last: a folder without it is no environment
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PROBE = (
    "import sys, sysconfig, importlib.util as u;"
    "print('%d.%d' % sys.version_info[:2], int(bool(u.find_spec('ensurepip'))),"
    "int(bool(u.find_spec('pip'))), sys.executable)"
)


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A managed environment that is complete."""

    folder: PurePosixPath
    variant: str
    digest: str  # of the lock it was made from
    python: str
    vllm: str
    made: float  # seconds since the epoch

    @property
    def name(self) -> str:
        """Return the name it is called by: its folder's."""
        return self.folder.name

    @property
    def bin(self) -> PurePosixPath:
        """Return the folder of its programs."""
        return self.folder / "bin"


@dataclass(frozen=True, slots=True)
class Python:
    """A Python on a host: what it can do for a virtual environment."""

    path: str
    version: str  # "3.12"
    ensurepip: bool
    pip: bool


@dataclass(frozen=True, slots=True)
class Builders:
    """What a host has to make environments with; `index` says that PyTorch's CPU wheels answer."""

    pythons: tuple[Python, ...]
    uv: str
    index: bool


def parse_environments(answers: Answers) -> tuple[PythonEnvironment, ...]:
    """Read the answers to ENVIRONMENTS, the newest first."""
    found = []
    for path, text in answers["records"]["files"].items():
        try:
            record = json.loads(text)
            found.append(_environment(PurePosixPath(path).parent, record))
        except (ValueError, KeyError, TypeError):
            continue  # not ours, or of another version: not an environment we can use
    named = answers["env"]["env"].get(NAMED)
    if named:  # whoever names a folder keeps its environments apart
        found = [each for each in found if each.folder.is_relative_to(PurePosixPath(named))]
    unique = {environment.folder: environment for environment in found}
    return tuple(sorted(unique.values(), key=lambda each: each.made, reverse=True))


def _environment(folder: PurePosixPath, record: Mapping[str, object]) -> PythonEnvironment:
    words = {name: str(record[name]) for name in ("variant", "digest", "python", "vllm")}
    if "/" in words["variant"]:
        raise ValueError(words["variant"])  # it becomes part of file names
    return PythonEnvironment(folder, **words, made=float(str(record["made"])))


def parse_builders(answers: Answers) -> Builders:
    """Read the answers to BUILDERS; one Python a version, in the order they were asked for."""
    found: dict[str, Python] = {}
    for name, answer in answers.items():
        if name.startswith("python") and answer.get("status") == 0:
            words = answer["out"].split(maxsplit=3)
            if len(words) == 4:
                python = Python(words[3].strip(), words[0], words[1] == "1", words[2] == "1")
                found.setdefault(python.version, python)
    return Builders(
        pythons=tuple(found.values()),
        uv=answers["uv"]["which"]["uv"] or "",
        index=answers["index"].get("status") == 200,
    )


def builders(index: str) -> Fact[Builders]:
    """Return a fact for what could make an environment; `index` is a page of PyTorch's CPU wheels."""
    requests: dict[str, Request] = {
        f"python{version}": run(f"python{version}", "-I", "-c", PROBE) for version in PYTHONS
    }
    requests["python"] = run("python3", "-I", "-c", PROBE)
    requests["uv"] = which("uv", first=("~/.local/bin", "~/.cargo/bin"))
    requests["index"] = http(index, timeout=5, proxy=True)
    return Fact("builders", requests, parse_builders)


ENVIRONMENTS = Fact(
    "environments",
    {"env": env(NAMED), "records": files(f"{FOLDER}/*/{RECORD}", f"{NAMED_FOLDER}/*/{RECORD}")},
    parse_environments,
    recorded=whole,
)


def there(path: PurePosixPath) -> Fact[bool]:
    """Return a fact for whether anything stands at a path."""
    name = str(path)
    requests = {"path": paths(name)}
    return Fact(f"what is at {name}", requests, lambda answers: bool(answers["path"]["paths"][name]["kind"]))


def wheels(pythons: tuple[Python, ...], package: str, version: str) -> Fact[tuple[str, ...]]:
    """Return a fact for the Pythons for which pip, as it is configured, finds a version of a package."""
    requests: dict[str, Request] = {
        python.version: run(*versions(python.path, package, python.version), timeout=30)
        for python in pythons
        if python.pip
    }

    def parse(answers: Answers) -> tuple[str, ...]:
        return tuple(python for python, answer in answers.items() if _lists(answer["out"], version))

    return Fact(f"wheels of {package} {version}", requests, parse)


def _lists(text: str, version: str) -> bool:
    found = re.search(r"^Available versions:(.*)$", text, re.MULTILINE)
    return bool(found) and version in (found[1].replace(",", " ").split() if found else [])
