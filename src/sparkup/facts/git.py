"""Which commits branches, tags and pull requests of a repository are at, as a host sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkup.commands.git import ls_remote
from sparkup.domain.fact import Answers, Fact, run

COMMIT = re.compile(r"[0-9a-f]{40}")
PATIENCE = 60.0  # seconds for a repository to answer


@dataclass(frozen=True, slots=True)
class Refs:
    """What a repository has of what was asked: whole names and their commits, of annotated tags the tagged.

    `error` is why it did not answer, in git's words; `no_git`: the host has no git to ask with.
    """

    commits: Mapping[str, str]
    error: str = ""
    no_git: bool = False

    def branch_or_tag(self, ref: str) -> str:
        """Return the commit of a branch, else of a tag or whole name, or a commit itself; "" if none."""
        if COMMIT.fullmatch(ref):
            return ref  # whether it is there is seen when it is fetched: a list has the ends of branches only
        return next((self.commits[name] for name in whole_names(ref) if name in self.commits), "")

    def pull(self, number: int) -> str:
        """Return the commit of the head of a pull request at GitHub, "" if there is none."""
        return self.commits.get(pull_name(number), "")


def whole_names(ref: str) -> tuple[str, ...]:
    """Return the whole names that a ref may stand for, in the order in which they count."""
    return (f"refs/heads/{ref}", f"refs/tags/{ref}", ref)


def pull_name(number: int) -> str:
    """Return the whole name of the head of a pull request at GitHub."""
    return f"refs/pull/{number}/head"


def refs(repository: str, names: Sequence[str]) -> Fact[Refs]:
    """Return a fact for whole names of refs in a repository."""
    wanted = [word for name in names for word in (name, f"{name}^{{}}")]
    requests = {"refs": run(*ls_remote(repository, wanted), timeout=PATIENCE)}
    return Fact(f"refs of {repository}", requests, lambda answers: _parse(answers, set(names)))


def _parse(answers: Answers, names: set[str]) -> Refs:
    answer = answers["refs"]
    if answer["status"] == 127:  # of env
        return Refs({}, no_git=True)
    if answer["status"] != 0:
        lines = [line for line in answer["err"].splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith(("fatal:", "ssh:"))), "")
        late = (
            f"no answer in {PATIENCE:.0f} s" if answer.get("timeout") else f"exit status {answer['status']}"
        )
        return Refs({}, said.removeprefix("fatal: ") or (lines or [late])[-1])
    listed = [line.split("\t") for line in answer["out"].splitlines()]
    found = {words[1]: words[0] for words in listed if len(words) == 2}
    # The commit that an annotated tag is of follows the tag.
    return Refs({name: found.get(f"{name}^{{}}", found[name]) for name in names & set(found)})
