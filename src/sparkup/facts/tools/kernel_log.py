"""The kernel's log (`dmesg`, `journalctl -k`): lines that tell of a known failure, or only seem to."""

import re
from dataclasses import dataclass

from sparkup.facts.kernel_failures import SIGNS, Sign

_TIME = re.compile(
    r"^(?:<\d+>)?\s*(?:\[\s*[\d.]+\]|\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]|\w{3} +\d+ [\d:]+ \S+ \S+:"
    r"|\d{4}-\d\d-\d\d[T ][\d:.,+-]+(?:Z|\+[\d:]+)? \S+ \S+:)\s*(?:\[\s*[\d.]+\]\s*)?"
)
_LEVELS = ("fail", "warn", "benign")


@dataclass(frozen=True, slots=True)
class KernelFinding:
    """Lines that tell of one failure, by the first of them. `level`: fail, warn or benign.

    `failure` is None for what has no number in the list of known failures.
    """

    failure: str | None
    level: str
    line: str
    hint: str
    count: int


@dataclass(frozen=True, slots=True)
class KernelLog:
    """What a log tells. `failure`: the first of the worst level; `benign`: nothing else is in it."""

    failure: str | None
    benign: bool
    findings: tuple[KernelFinding, ...]


def parse(text: str) -> KernelLog:
    """Read lines of the kernel, with or without times before them. Any text may be such a log."""
    found: dict[int, list[str]] = {}
    for line in text.splitlines():
        said = _TIME.sub("", line).strip()
        number = next((at for at, sign in enumerate(SIGNS) if sign.pattern.search(said)), None)
        if number is not None:
            found.setdefault(number, []).append(said)
    findings = sorted(
        (_finding(SIGNS[number], lines) for number, lines in found.items()),
        key=lambda finding: _LEVELS.index(finding.level),
    )
    return KernelLog(
        failure=next((finding.failure for finding in findings if finding.failure), None),
        benign=bool(findings) and findings[0].level == "benign",
        findings=tuple(findings),
    )


def _finding(sign: Sign, lines: list[str]) -> KernelFinding:
    return KernelFinding(sign.id or None, sign.level, lines[0], sign.advice, len(lines))
