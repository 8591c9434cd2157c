"""What a measurement found: lines to read, and goals that are met or missed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A value that must not be above another."""

    what: str
    value: float
    most: float

    @property
    def met(self) -> bool:
        """Say whether it is met."""
        return self.value <= self.most

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"  {verdict}: {self.what}: {self.value:.3g}, at most {self.most:g}"


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one part."""

    title: str
    lines: Sequence[str]
    goals: Sequence[Goal] = ()

    def __str__(self) -> str:
        return "\n".join([self.title, *self.lines, *map(str, self.goals)])

    @property
    def missed(self) -> bool:
        """Say whether a goal was missed."""
        return not all(goal.met for goal in self.goals)
