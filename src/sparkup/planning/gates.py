"""The checks before a launch: which there are, what they find, and what of that refuses it."""

from collections.abc import Iterable, Mapping

from sparkup.domain.check import LEVELS, Finding
from sparkup.errors import Problem
from sparkup.planning.gates_gpus import CHECKS as OF_GPUS
from sparkup.planning.gates_hosts import CHECKS as OF_SEVERAL
from sparkup.planning.gates_memory import CHECKS as OF_MEMORY
from sparkup.planning.gates_subject import Gate, Subject, missing

__all__ = ["Subject", "checks", "findings", "ids", "refusals", "told"]

OF_ANY = (*OF_MEMORY, *OF_GPUS)
# What a fabric finds of itself (docs/fabric.md), for several hosts.
OF_FABRIC = (
    *("net.cx7", "net.state", "net.addr", "net.cable", "net.peer", "net.mtu", "net.mgmt", "net.twins"),
    *("net.speed", "net.bond", "net.order", "net.tcp", "net.link-layer", "net.ring", "env.shell"),
)
CHOSEN = ("eth-if", "ib-if")  # findings about what the user chose
# What is checked while a launch is decided, and how errors.py calls it when it refuses.
BY_PROBLEM: Mapping[str, str] = {
    "name-taken": "docker.names",
    "port-taken": "port.free",
    "no-engine": "docker.cli",
    "no-gpu-in-container": "docker.runtime",
    "image-not-found": "img.there",
    "wrong-architecture": "img.arch",
    "mount-not-found": "docker.mounts",
    "linger-off": "sys.linger",
    "no-limits": "sys.limits",
    "unsafe-folder": "sys.folders",
    "command-not-found": "run.program",
    "unknown-environment": "run.environment",
    "model-not-found": "model.there",
    "too-few-hosts": "run.hosts",
}
OPTIONS = "run.options"  # all else that was typed wrongly


def checks(*, several: bool) -> tuple[Gate, ...]:
    """Return the checks of a launch on one host, or on several."""
    return (*OF_ANY, *OF_SEVERAL) if several else OF_ANY


def findings(subject: Subject) -> tuple[Finding, ...]:
    """Return what all checks find, the gravest first."""
    found: list[Finding] = []
    for check in checks(several=len(subject.request.hosts) > 1):
        unknown = list(missing(check, subject))
        found += unknown or check.verdict(subject)
    return tuple(sorted(found, key=lambda each: LEVELS.index(each.level)))


def refusals(found: Iterable[Finding]) -> list[Problem]:
    """Return what of findings refuses a launch."""
    return [_refusal(each) for each in found if each.level == "fail"]


def _refusal(finding: Finding) -> Problem:
    codes = {check.id: check.refuses for check in checks(several=True)}
    code = "bad-option" if finding.code in CHOSEN else codes.get(finding.code, "no-fabric")
    return Problem(code, finding.message, finding.where, finding.hint)


def told(found: Iterable[Finding]) -> tuple[str, ...]:
    """Return the rest of findings as the notes of a launch."""
    before = {"warn": "warning: ", "unknown": "could not check: "}
    return tuple(
        f"{before.get(each.level, '')}{each.where and each.where + ': '}{each.message}"
        f"{each.hint and '; ' + each.hint}"
        for each in found
        if each.level != "fail"
    )


def ids(*, several: bool) -> tuple[str, ...]:
    """Return the ids of all that is checked, by name."""
    own = (check.id for check in checks(several=several))
    return tuple(sorted({*own, *BY_PROBLEM.values(), OPTIONS, *(OF_FABRIC if several else ())}))
