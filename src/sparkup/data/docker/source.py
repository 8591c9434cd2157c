"""Check a repository out at a ref, and apply pull requests to it: runs while an image is built.

    source.py checkout --repo URL --ref REF [--skip SUBMODULE] --cache FOLDER --to FOLDER
    source.py apply --repo URL --prs "N N@COMMIT ..." --cache FOLDER --to FOLDER

The cache keeps what was fetched, one bare repository for each URL; nobody else may use it meanwhile. What was
done is one line of JSON after "sparkup: " for each. Ends with 1, and says why, if it cannot be done.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, Sequence

WHO = {f"GIT_{who}_{what}": "sparkup" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
HEX = re.compile("[0-9a-f]{7,40}")
WORD = re.compile("([1-9][0-9]*)(?:@([0-9a-f]{40}))?")
UNIMPORTANT = ("tests", "docs")  # folders at the top whose conflicts change nothing of what is built
FINAL = ("couldn't find remote ref", "not our ref", "does not appear to be a git repo", "could not read User")
TRIES, PAUSE = 3, 5.0  # of what needs the network; seconds between them
HUNK = re.compile("^<<<<<<< .*?^>>>>>>> .*?$", re.MULTILINE | re.DOTALL)
SHOWN = 12  # lines of a hunk that conflicts


class Failed(Exception):
    """What cannot be done, as it is said."""


class Git:
    """A repository; its methods raise Failed if git does, but for those that say otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tried(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run git, which may fail."""
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        return subprocess.run(
            ["git", "-C", str(self.folder), "-c", "advice.detachedHead=false", *words],
            env={**os.environ, **quiet, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def __call__(self, *words: str, **env: str) -> str:
        """Run git and return what it prints, stripped."""
        done = self.tried(*words, **env)
        if done.returncode:
            raise Failed(f"git {words[0]} in {self.folder}: {shown(done.stderr.strip())}")
        return done.stdout.strip()

    def commit(self, name: str) -> str | None:
        """Return the commit that a name stands for here, None if there is none."""
        done = self.tried("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
        return done.stdout.strip() if done.returncode == 0 else None

    def fetch(self, *words: str) -> None:
        """Fetch, a few times if need be: networks fail for moments."""
        for left in reversed(range(TRIES)):
            done = self.tried("fetch", "--quiet", "--force", *words)
            if done.returncode == 0:
                return
            if not left or any(words in done.stderr for words in FINAL):
                raise Failed(f"git fetch: {shown(done.stderr.strip())}")
            time.sleep(PAUSE)


def shown(text: str) -> str:
    """Return a text without the passwords of its URLs."""
    return re.sub(r"(\w+://)[^/@\s]+@", r"\1", text)


def tell(**what: object) -> None:
    """Print a line for programs."""
    print("sparkup: " + json.dumps(what), flush=True)


def cached(cache: Path, url: str) -> Git:
    """Return the repository of the cache that is for a URL, made if need be."""
    path = cache / (hashlib.sha256(url.encode()).hexdigest()[:16] + ".git")
    if not (path / "HEAD").exists():
        path.mkdir(parents=True, exist_ok=True)
        Git(path)("init", "--quiet", "--bare")
    for lock in (*path.glob("*.lock"), *path.glob("refs/**/*.lock")):
        lock.unlink()  # of a build that was killed
    Git(path)("config", "uploadpack.allowAnySHA1InWant", "true")
    return Git(path)


def resolved(git: Git, url: str, ref: str) -> str:
    """Return the commit that a ref stands for at its URL now, fetched. A whole commit stands for itself."""
    if len(ref) == 40 and HEX.fullmatch(ref) and git.commit(ref):
        return ref
    git.fetch("--prune", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    names = ("refs/heads/" + ref, "refs/tags/" + ref, ref if HEX.fullmatch(ref) else "refs/none")
    found = next(filter(None, map(git.commit, names)), None)
    if found:
        return found
    try:
        git.fetch(url, f"+{ref}:refs/sparkup/wanted")
    except Failed as failed:
        raise Failed(f"there is no {ref} in {shown(url)}: {failed}") from failed
    return git("rev-parse", "refs/sparkup/wanted^{commit}")


def checkout(url: str, ref: str, skip: str, cache: Path, to: Path) -> None:
    """Make a work tree at a ref, submodules included, and forget what was in its folder."""
    git = cached(cache, url)
    commit = resolved(git, url, ref)
    submodules(placed(git, url, commit, to), url, cache, skip)
    tell(source=shown(url), ref=ref, commit=commit)


def placed(git: Git, url: str, commit: str, to: Path) -> Git:
    """Return a work tree at a commit, complete in its folder: a cache may be emptied."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    tree = Git(to)
    tree("clone", "--quiet", "--no-checkout", "--no-hardlinks", str(git.folder), ".")
    tree("fetch", "--quiet", str(git.folder), commit)
    tree("remote", "set-url", "origin", shown(url))
    tree("checkout", "--quiet", "--detach", commit)
    return tree


def submodules(tree: Git, url: str, cache: Path, skip: str = "") -> None:
    """Check out the submodules of a work tree, and theirs, through the cache."""
    words = ("config", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    for line in tree.tried(*words).stdout.splitlines():  # none if there is no such file
        key, path = line.split(" ", 1)
        entry = tree("ls-files", "--stage", "--", path).split()
        if not entry or entry[0] != "160000" or path == skip:
            continue  # named, but no longer there, or not wanted
        theirs = joined(url, tree("config", "--file", ".gitmodules", key[: -len("path")] + "url"))
        git = cached(cache, theirs)
        commit = resolved(git, theirs, entry[1])
        submodules(placed(git, theirs, commit, tree.folder / path), theirs, cache)


def joined(url: str, other: str) -> str:
    """Return the URL of a submodule, which may be relative to that of its repository."""
    if not other.startswith(("./", "../")):
        return other
    parts = url.rstrip("/").split("/")
    for part in other.split("/"):
        if part == "..":
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def apply(url: str, words: Sequence[str], cache: Path, to: Path) -> None:
    """Apply pull requests in their order, each as one commit that is the same whoever makes it."""
    wrong = [word for word in words if not WORD.fullmatch(word)]
    if wrong:
        raise Failed(f"no pull requests: {', '.join(wrong)}; write N or N@COMMIT")
    git, tree = cached(cache, url), Git(to)
    done: list[str] = []
    git.fetch(url, "+HEAD:refs/sparkup/default")
    for word in words:
        number, _, wanted = word.partition("@")
        head = head_of(git, url, number, wanted)
        tree("fetch", "--quiet", str(git.folder), head, "refs/sparkup/default")
        tell(pull_request=int(number), commit=head, **applied(tree, git, number, head, done))
        done.append(number)
    submodules(tree, url, cache)


def head_of(git: Git, url: str, number: str, wanted: str) -> str:
    """Return the commit of a pull request, fetched: the one that is wanted, or the newest."""
    ref = "refs/sparkup/pull/" + number
    try:
        git.fetch(url, f"+refs/pull/{number}/head:{ref}")
    except Failed as failed:
        raise Failed(f"there is no pull request {number} in {shown(url)}: {failed}") from failed
    newest = git("rev-parse", ref)
    if wanted and not git.commit(wanted):
        try:
            git.fetch(url, wanted)  # what was pushed over may still be had
        except Failed as failed:
            said = f"it was at {wanted}, which is gone, and is at {newest}"
            raise Failed(f"pull request {number} has moved: {said}") from failed
    return wanted or newest


def applied(tree: Git, git: Git, number: str, head: str, before: Sequence[str]) -> dict[str, Any]:
    """Apply one pull request; return what became of it, "applied" or "contained", as it is told."""
    if tree.tried("merge-base", "--is-ancestor", head, "HEAD").returncode == 0:
        return {"result": "contained"}
    base = base_of(git, number, head)
    when = tree("show", "--no-patch", "--format=%cI", head)
    env = dict(WHO, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
    message = f"Pull request {number} at {head}"
    change = tree("commit-tree", head + "^{tree}", "-p", base, "-m", message, **env)
    picked = tree.tried("cherry-pick", "--no-commit", change, **env)
    unmerged = tree("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
    conflicts = [path for path in unmerged if path]
    if picked.returncode and not conflicts:
        raise Failed(f"pull request {number}: git cherry-pick: {picked.stderr.strip()}")
    ignored = [path for path in conflicts if path.split("/")[0] in UNIMPORTANT]
    hard = [path for path in conflicts if path not in ignored]
    merged = merged_as(tree, number, base) if hard else None
    if merged:
        tree("reset", "--quiet", "--hard")
        return {"result": "contained", "merged_as": merged}
    if hard:
        refuse(tree, number, head, hard, before)
    for path in ignored:
        keep_ours(tree, path)
    if tree.tried("diff", "--cached", "--quiet").returncode == 0:
        return {"result": "contained"}
    tree("commit", "--quiet", "--no-verify", "-m", message, **env)
    return {"result": "applied", "ignored_conflicts": ignored}


def base_of(git: Git, number: str, head: str) -> str:
    """Return where a pull request began, seen from the main line of its repository."""
    base = git.tried("merge-base", "refs/sparkup/default", head).stdout.strip()
    if base == head:  # it is part of the main line: look from what it was merged into
        since = git("rev-list", "--first-parent", "--ancestry-path", head + "..refs/sparkup/default")
        base = git.tried("merge-base", since.split()[-1] + "^1", head).stdout.strip() if since else ""
    if base in ("", head):
        raise Failed(f"pull request {number}: there is no telling where {head} began")
    return base


def merged_as(tree: Git, number: str, base: str) -> str | None:
    """Return the commit of the work tree's history that says it is the pull request, unless it was undone."""
    log = tree("log", "--format=%H%x09%s%x09%b%x00", base + "..HEAD").split("\0")
    undone = " ".join(log)
    for entry in log:
        commit, _, rest = entry.strip().partition("\t")
        if rest.partition("\t")[0].endswith(f"(#{number})"):
            return None if "This reverts commit " + commit in undone else commit
    return None


def keep_ours(tree: Git, path: str) -> None:
    """Resolve a conflict to what was there before."""
    if tree.tried("cat-file", "-e", "HEAD:" + path).returncode == 0:
        tree("checkout", "--quiet", "HEAD", "--", path)
    else:
        tree("rm", "--quiet", "--force", "--", path)


def refuse(tree: Git, number: str, head: str, paths: Sequence[str], before: Sequence[str]) -> NoReturn:
    """Tell every hunk that conflicts, and fail."""
    hunks = [hunk for path in paths for hunk in conflicts_in(tree.folder / path, path)]
    tell(pull_request=int(number), commit=head, result="conflict", conflicts=hunks)
    after = f", after {', '.join(before)}," if before else ""
    said = [line for hunk in hunks for line in (f"{hunk['file']}:{hunk['line']}", *hunk["hunk"])]
    raise Failed("\n".join((f"pull request {number} at {head}{after} does not apply:", *said)))


def conflicts_in(file: Path, path: str) -> list[dict[str, Any]]:
    """Return the hunks of a file that conflict, with the line at which each begins."""
    text = file.read_text("utf-8", "replace") if file.is_file() else ""
    hunks = [
        {"file": path, "line": text.count("\n", 0, found.start()) + 1, "hunk": found[0].splitlines()[:SHOWN]}
        for found in HUNK.finditer(text)
    ]
    return hunks or [{"file": path, "line": 0, "hunk": ["removed on one side, or no text"]}]


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="source.py")
    parser.add_argument("verb", choices=("checkout", "apply"))
    parser.add_argument("--repo", required=True)
    for optional in ("--ref", "--skip", "--prs"):
        parser.add_argument(optional, default="")
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--to", required=True, type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.verb == "checkout":
            checkout(given.repo, given.ref or "HEAD", given.skip, given.cache, given.to)
        else:
            apply(given.repo, given.prs.split(), given.cache, given.to)
    except Failed as failed:
        print(f"source.py: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
