"""A repository as at GitHub, pull requests included, for the program that builds check sources out with."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WHO = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")} | {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ALLOW_PROTOCOL": "file",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A bare repository whose main line is `main`, and a work tree to change it from."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Upstream":
        folder.mkdir(parents=True)
        upstream = cls(folder)
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", upstream.url)
        git(folder, "clone", "--quiet", upstream.url, str(upstream.tree))
        git(upstream.tree, "checkout", "--quiet", "-b", "main")
        return upstream

    @property
    def url(self) -> str:
        return str(self.folder / "upstream.git")

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def tip(self) -> str:
        """The newest commit of main."""
        return git(Path(self.url), "rev-parse", "main")

    def commit(self, files: Mapping[str, str], message: str = "a change") -> str:
        """Put files ("" removes one) on top of main, and return the commit."""
        return self._commit(files, message, "main")

    def pull_request(self, number: int, files: Mapping[str, str], base: str = "main") -> str:
        """Make a pull request from a commit of main, or give it a new head, and return that."""
        git(self.tree, "checkout", "--quiet", "--detach", base)
        head = self._commit(files, f"for {number}", f"refs/pull/{number}/head")
        git(self.tree, "checkout", "--quiet", "main")
        return head

    def merge(self, number: int) -> str:
        """Merge a pull request with a merge commit."""
        git(self.tree, "merge", "--quiet", "--no-ff", "-m", f"Merge {number}", self.head(number))
        git(self.tree, "push", "--quiet", self.url, "HEAD:main")
        return git(self.tree, "rev-parse", "HEAD")

    def head(self, number: int) -> str:
        return git(Path(self.url), "rev-parse", f"refs/pull/{number}/head")

    def _commit(self, files: Mapping[str, str], message: str, to: str) -> str:
        for name, text in files.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text) if text else path.unlink()
        git(self.tree, "add", "--all")
        git(self.tree, "commit", "--quiet", "--message", message)
        git(self.tree, "push", "--quiet", "--force", self.url, f"HEAD:{to}")
        return git(self.tree, "rev-parse", "HEAD")


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as nobody's configuration has it, and return what it prints."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **WHO}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()
