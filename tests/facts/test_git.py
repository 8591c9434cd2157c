"""What repositories have, asked of real ones with the real git."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.data.docker.upstream import Upstream, git

from sparkup.facts.git import Refs, pull_name, refs, whole_names
from sparkup.node import gather


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    made = Upstream.made(tmp_path_factory.mktemp("git") / "vllm")
    made.commit({"a": "1\n"})
    git(made.tree, "tag", "plain")
    git(made.tree, "tag", "-a", "-m", "v1", "v1.0")
    git(made.tree, "push", "--quiet", made.url, "plain", "v1.0")
    made.commit({"a": "2\n"})
    git(made.tree, "push", "--quiet", made.url, "HEAD:refs/heads/releases/v1.0", "HEAD:refs/heads/both")
    git(made.tree, "push", "--quiet", made.url, "plain:refs/tags/both")
    made.pull_request(12, {"b": "1\n"})
    return made


def asked(repository: str, names: Sequence[str]) -> Refs:
    fact = refs(repository, names)
    return fact.parse({name: gather.run(dict(each.body)) for name, each in fact.requests.items()})


def commit(upstream: Upstream, name: str) -> str:
    return git(Path(upstream.url), "rev-parse", f"{name}^{{commit}}")


@pytest.mark.parametrize(
    ("ref", "is_at"),
    [
        ("main", "refs/heads/main"),
        ("plain", "refs/tags/plain"),
        ("v1.0", "refs/tags/v1.0"),  # of the commit, not of the tag itself; releases/v1.0 is another
        ("releases/v1.0", "refs/heads/releases/v1.0"),
        ("both", "refs/heads/both"),
        ("refs/tags/both", "refs/tags/both"),
    ],
)
def test_a_ref_is_resolved_to_a_commit(upstream: Upstream, ref: str, is_at: str) -> None:
    assert asked(upstream.url, whole_names(ref)).branch_or_tag(ref) == commit(upstream, is_at)


def test_a_pull_request_is_at_its_head(upstream: Upstream) -> None:
    found = asked(upstream.url, [pull_name(12), pull_name(13)])
    assert (found.pull(12), found.pull(13)) == (upstream.head(12), "")


def test_what_is_not_there_has_no_commit_and_a_whole_commit_is_taken_as_it_is(upstream: Upstream) -> None:
    found = asked(upstream.url, whole_names("v9"))
    assert (found.branch_or_tag("v9"), found.error) == ("", "")
    assert found.branch_or_tag("a" * 40) == "a" * 40


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        ("/no/such/folder", "does not appear to be a git repository"),
        ("https://no-such-host.invalid/x.git", "Could not resolve host"),
        ("git://127.0.0.1:9/x.git", "unable to connect"),
    ],
)
def test_a_repository_that_does_not_answer_says_why(repository: str, said: str) -> None:
    found = asked(repository, whole_names("main"))
    assert said in found.error
    assert not found.no_git


def test_a_host_without_git_is_told_apart() -> None:
    answer = gather.run({"argv": ["env", "PATH=/nowhere", "git", "ls-remote"]})
    assert refs("x", ["y"]).parse({"refs": answer}).no_git
