"""Checking out and applying pull requests while an image is built, with real repositories."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.data.docker.upstream import WHO, Upstream, git
from tests.pythons import oldest

from sparkup.config import dockerfiles

PROGRAM = Path(dockerfiles.__file__).parents[1] / "data" / "docker" / "source.py"
LINES = "".join(f"line {number}\n" for number in range(1, 21))


def changed(number: int, to: str, text: str = LINES) -> str:
    return text.replace(f"line {number}\n", f"{to}\n")


@dataclass(frozen=True, slots=True)
class Done:
    """What a call of the program printed, and its status."""

    status: int
    told: list[dict[str, Any]]
    error: str


@dataclass(frozen=True, slots=True)
class Builder:
    """The folders of a build, whose cache the next one finds."""

    folder: Path
    upstream: Upstream

    @property
    def tree(self) -> Path:
        return self.folder / "vllm"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def checkout(self, ref: str, url: str = "") -> Done:
        return self._call("checkout", "--repo", url or self.upstream.url, "--ref", ref)

    def apply(self, words: str) -> Done:
        return self._call("apply", "--repo", self.upstream.url, "--prs", words)

    def read(self, name: str) -> str:
        return (self.tree / name).read_text()

    def _call(self, *words: str) -> Done:
        done = subprocess.run(
            [oldest() or sys.executable, PROGRAM, *words, "--cache", self.cache, "--to", self.tree],
            env={**os.environ, **WHO},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        lines = done.stdout.splitlines()
        assert all(line.startswith("sparkup: ") for line in lines)
        told = [json.loads(line.removeprefix("sparkup: ")) for line in lines]
        return Done(done.returncode, told, done.stderr)


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    made = Upstream.made(tmp_path / "github")
    made.commit({"vllm/engine.py": LINES, "tests/test_engine.py": LINES, "docs/a.md": LINES})
    return made


@pytest.fixture
def builder(tmp_path: Path, upstream: Upstream) -> Builder:
    return Builder(tmp_path / "build", upstream)


def test_a_branch_is_its_newest_commit(builder: Builder, upstream: Upstream) -> None:
    first = builder.checkout("main").told
    newest = upstream.commit({"vllm/engine.py": changed(3, "three")})
    assert builder.checkout("main").told == [{"source": upstream.url, "ref": "main", "commit": newest}]
    assert first[0]["commit"] != newest
    assert builder.read("vllm/engine.py") == changed(3, "three")


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1", "release/1", "SHORT", "WHOLE", "refs/pull/7/head"])
def test_a_ref_is_what_it_is_at_its_repository(builder: Builder, upstream: Upstream, ref: str) -> None:
    there = upstream.commit({"new": "1\n"})
    for name in ("refs/tags/v1", "refs/heads/release/1", "refs/pull/7/head"):
        git(upstream.tree, "push", "--quiet", upstream.url, f"HEAD:{name}")
    upstream.commit({"new": "2\n"})
    done = builder.checkout({"SHORT": there[:9], "WHOLE": there}.get(ref, ref))
    assert [each["commit"] for each in done.told] == [there]
    assert git(builder.tree, "status", "--porcelain") == ""


def test_a_commit_that_the_cache_has_needs_no_network(builder: Builder, upstream: Upstream) -> None:
    first = builder.checkout("main").told[0]["commit"]
    Path(upstream.url).rename(upstream.folder / "gone")
    assert builder.checkout(first).told[0]["commit"] == first


def test_a_commit_that_no_branch_has_any_more_is_fetched_by_itself(
    builder: Builder, upstream: Upstream
) -> None:
    lost = upstream.commit({"new": "1\n"})
    git(upstream.tree, "reset", "--quiet", "--hard", "HEAD^")
    git(upstream.tree, "push", "--quiet", "--force", upstream.url, "main")
    assert builder.checkout(lost).told[0]["commit"] == lost
    assert builder.read("new") == "1\n"


def test_what_an_earlier_build_left_does_not_matter(builder: Builder, upstream: Upstream) -> None:
    builder.checkout("main")
    (builder.tree / "vllm" / "stray").write_text("of an earlier build")
    (cached,) = builder.cache.iterdir()
    (cached / "packed-refs.lock").touch()
    (cached / "refs" / "heads" / "main.lock").touch()
    upstream.commit({"vllm/engine.py": changed(3, "three")})
    assert builder.checkout("main").status == 0
    assert not (builder.tree / "vllm" / "stray").exists()
    assert builder.read("vllm/engine.py") == changed(3, "three")


def test_a_work_tree_is_whole_without_the_cache(builder: Builder) -> None:
    builder.checkout("main")
    for path in builder.cache.iterdir():
        path.rename(builder.folder / "elsewhere")
    assert git(builder.tree, "log", "--format=%s") == "a change"


def test_submodules_come_along_at_their_commits(builder: Builder, upstream: Upstream, tmp_path: Path) -> None:
    inner, outer = Upstream.made(tmp_path / "inner"), Upstream.made(tmp_path / "outer")
    inner.commit({"in": "1\n"})
    git(outer.tree, "submodule", "--quiet", "add", inner.url, "deep")
    outer.commit({"out": "1\n"})
    git(upstream.tree, "submodule", "--quiet", "add", "../../outer/upstream.git", "3rdparty/outer")
    before = upstream.commit({"new": "1\n"})
    inner.commit({"in": "2\n"})
    git(upstream.tree, "rm", "--quiet", "3rdparty/outer")
    upstream.commit({"new": "2\n"})
    assert builder.checkout(before).status == 0
    assert builder.read("3rdparty/outer/out") == "1\n"
    assert builder.read("3rdparty/outer/deep/in") == "1\n"
    assert builder.checkout("main").status == 0
    assert not (builder.tree / "3rdparty").exists()


@pytest.mark.parametrize("ref", ["nowhere", "0123456789" * 4, "v9"])
def test_a_ref_that_is_not_there_is_told(builder: Builder, upstream: Upstream, ref: str) -> None:
    done = builder.checkout(ref)
    assert (done.status, done.told) == (1, [])
    assert f"there is no {ref} in {upstream.url}" in done.error


def test_passwords_of_urls_are_not_shown(builder: Builder) -> None:
    done = builder.checkout("main", url="file://me:secret@nowhere.invalid/vllm.git")
    assert done.status == 1
    assert "secret" not in done.error


def test_pull_requests_are_applied_in_their_order(builder: Builder, upstream: Upstream) -> None:
    first = upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    second = upstream.pull_request(7, {"vllm/engine.py": changed(16, "sixteen"), "vllm/new.py": "new\n"})
    newest = upstream.commit({"vllm/engine.py": changed(9, "nine")})
    builder.checkout("main")
    done = builder.apply("12 7")
    assert done.told == [
        {"pull_request": 12, "commit": first, "result": "applied", "ignored_conflicts": []},
        {"pull_request": 7, "commit": second, "result": "applied", "ignored_conflicts": []},
    ]
    expected = changed(16, "sixteen", changed(9, "nine", changed(3, "three")))
    assert builder.read("vllm/engine.py") == expected
    assert builder.read("vllm/new.py") == "new\n"
    said = [f"Pull request 7 at {second}", f"Pull request 12 at {first}"]
    assert git(builder.tree, "log", "--format=%s", f"{newest}..").splitlines() == said


def test_the_same_requests_make_the_same_commits(builder: Builder, upstream: Upstream) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    heads = set()
    for _ in range(2):
        builder.checkout("main")
        builder.apply("12")
        heads.add(git(builder.tree, "rev-parse", "HEAD"))
    assert len(heads) == 1


def test_only_the_requests_own_change_is_applied_to_an_older_commit(
    builder: Builder, upstream: Upstream
) -> None:
    old = git(upstream.tree, "rev-parse", "HEAD")
    upstream.commit({"vllm/engine.py": changed(9, "nine")})
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three", changed(9, "nine"))})
    builder.checkout(old)
    assert builder.apply("12").told[0]["result"] == "applied"
    assert builder.read("vllm/engine.py") == changed(3, "three")


def test_a_change_follows_a_file_that_was_renamed(builder: Builder, upstream: Upstream) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    upstream.commit({"vllm/engine.py": "", "vllm/core/engine.py": LINES})
    builder.checkout("main")
    assert builder.apply("12").told[0]["result"] == "applied"
    assert builder.read("vllm/core/engine.py") == changed(3, "three")


@pytest.mark.parametrize("how", ["merged", "squashed", "squashed and changed since"])
def test_what_is_contained_is_left_out(builder: Builder, upstream: Upstream, how: str) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    if how == "merged":
        upstream.merge(12)
    else:
        upstream.commit({"vllm/engine.py": changed(3, "three")}, "Do three (#12)")
    if how == "squashed and changed since":
        upstream.commit({"vllm/engine.py": changed(3, "THREE")})
    after = upstream.pull_request(13, {"vllm/new.py": "new\n"})
    builder.checkout("main")
    before = git(builder.tree, "rev-parse", "HEAD")
    done = builder.apply("12 13")
    assert [each["result"] for each in done.told] == ["contained", "applied"]
    assert git(builder.tree, "rev-parse", "HEAD^") == before
    assert done.told[1]["commit"] == after


def test_what_was_merged_and_undone_is_not_contained(builder: Builder, upstream: Upstream) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    merged = upstream.commit({"vllm/engine.py": changed(3, "three")}, "Do three (#12)")
    undone = f'Revert "Do three (#12)" (#14)\n\nThis reverts commit {merged}.'
    upstream.commit({"vllm/engine.py": changed(3, "3")}, undone)
    builder.checkout("main")
    assert builder.apply("12").told[0]["result"] == "conflict"


def test_a_merged_request_can_be_applied_to_an_older_commit(builder: Builder, upstream: Upstream) -> None:
    old = upstream.commit({"vllm/engine.py": changed(9, "nine")})
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three", changed(9, "nine"))})
    upstream.merge(12)
    upstream.commit({"new": "1\n"})
    builder.checkout(old)
    assert builder.apply("12").told[0]["result"] == "applied"
    assert builder.read("vllm/engine.py") == changed(3, "three", changed(9, "nine"))


def test_a_request_that_does_not_apply_is_told_with_file_and_hunk(
    builder: Builder, upstream: Upstream
) -> None:
    head = upstream.pull_request(12, {"vllm/engine.py": changed(3, "three", changed(16, "sixteen"))})
    upstream.commit({"vllm/engine.py": changed(3, "THREE", changed(16, "SIXTEEN"))})
    builder.checkout("main")
    done = builder.apply("12")
    assert done.status == 1
    (told,) = done.told
    assert (told["pull_request"], told["commit"], told["result"]) == (12, head, "conflict")
    first, second = told["conflicts"]
    assert (first["file"], first["line"]) == ("vllm/engine.py", 3)
    assert first["hunk"][1::2] == ["THREE", "three"]
    assert (second["file"], second["line"]) == ("vllm/engine.py", 20)
    assert f"pull request 12 at {head} does not apply:\nvllm/engine.py:3\n" in done.error


def test_two_requests_that_conflict_are_both_named(builder: Builder, upstream: Upstream) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    head = upstream.pull_request(13, {"vllm/engine.py": changed(3, "THREE")})
    builder.checkout("main")
    done = builder.apply("12 13")
    assert [each["result"] for each in done.told] == ["applied", "conflict"]
    assert f"pull request 13 at {head}, after 12, does not apply" in done.error


def test_a_file_that_one_side_removed_is_a_conflict(builder: Builder, upstream: Upstream) -> None:
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    upstream.commit({"vllm/engine.py": ""})
    builder.checkout("main")
    (conflict,) = builder.apply("12").told[0]["conflicts"]
    assert conflict["file"] == "vllm/engine.py"


def test_conflicts_in_tests_and_docs_are_left_as_they_were(builder: Builder, upstream: Upstream) -> None:
    both = {"tests/test_engine.py": changed(3, "three"), "docs/a.md": changed(3, "three")}
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "three"), **both})
    upstream.commit({"tests/test_engine.py": changed(3, "THREE"), "docs/a.md": ""})
    builder.checkout("main")
    (told,) = builder.apply("12").told
    assert (told["result"], told["ignored_conflicts"]) == ("applied", ["docs/a.md", "tests/test_engine.py"])
    assert builder.read("vllm/engine.py") == changed(3, "three")
    assert builder.read("tests/test_engine.py") == changed(3, "THREE")
    assert not (builder.tree / "docs" / "a.md").exists()
    assert git(builder.tree, "status", "--porcelain") == ""


def test_the_commit_that_was_recorded_is_applied_also_if_more_came_since(
    builder: Builder, upstream: Upstream
) -> None:
    recorded = upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    upstream.pull_request(12, {"vllm/engine.py": changed(3, "more")}, base=recorded)
    builder.checkout("main")
    assert builder.apply(f"12@{recorded}").told[0]["commit"] == recorded
    assert builder.read("vllm/engine.py") == changed(3, "three")


def test_a_request_whose_recorded_commit_is_gone_has_moved(builder: Builder, upstream: Upstream) -> None:
    recorded = upstream.pull_request(12, {"vllm/engine.py": changed(3, "three")})
    newest = upstream.pull_request(12, {"vllm/engine.py": changed(3, "more")})
    git(Path(upstream.url), "gc", "--quiet", "--prune=now")
    builder.checkout("main")
    done = builder.apply(f"12@{recorded}")
    assert (done.status, done.told) == (1, [])
    moved = f"pull request 12 has moved: it was at {recorded}, which is gone, and is at {newest}"
    assert moved in done.error


def test_a_request_that_is_not_there_is_told(builder: Builder, upstream: Upstream) -> None:
    builder.checkout("main")
    done = builder.apply("99")
    assert done.status == 1
    assert f"there is no pull request 99 in {upstream.url}" in done.error


def test_words_that_are_no_requests_are_all_told(builder: Builder) -> None:
    builder.checkout("main")
    done = builder.apply("12 x 0 13@abc")
    assert "no pull requests: x, 0, 13@abc; write N or N@COMMIT" in done.error
