"""What goes into a build: build arguments with every ref resolved, pull requests at their commits."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sparkup.domain.build import BuildRequest, ImageVariant, Inputs, PullRequest, Source, inputs_in
from sparkup.domain.dockerfile import arguments
from sparkup.domain.fact import Fact, Seen
from sparkup.errors import GateRefused, InputRefused, Problem, WorkFailed
from sparkup.facts.git import Refs, pull_name, refs, whole_names
from sparkup.planning.containers import ARCHITECTURES

PULLS, PULLED = (
    "VLLM_PRS",
    "VLLM_REPO",
)  # the argument with pull requests, and the repository that they are of
# What a build keeps of the one before: another value would have everything after it made anew for nothing.
KEPT = ("BUILD_JOBS", "CACHEBUST_DEPS", "CACHEBUST_VLLM")

Files = Mapping[str, bytes]  # of a build context by path, the Dockerfile too


def asked(request: BuildRequest, files: Files, before: Inputs | None, stamp: str) -> dict[str, str]:
    """Return the build arguments before refs are resolved; `stamp`: a value that no build had before.

    `before`: what the image was built from that has the name now.
    """
    known = arguments(files["Dockerfile"].decode())
    same = before if before is not None and before.variant is request.variant else None
    kept = {name: same.arguments[name] for name in KEPT if same and name in same.arguments and name in known}
    return {**known, **kept, **dict.fromkeys(request.renew, stamp), **request.arguments}


def sources(given: Mapping[str, str]) -> tuple[Source, ...]:
    """Return the repositories that are built from, as yet without commits."""
    found = (name.removesuffix("_REF") for name in given if name.endswith("_REF"))
    return tuple(
        Source(name.lower(), given[f"{name}_REPO"], given[f"{name}_REF"])
        for name in found
        if given[f"{name}_REF"] and given.get(f"{name}_REPO")
    )


def questions(request: BuildRequest, given: Mapping[str, str]) -> Mapping[str, Fact[Refs]]:
    """Return what each repository is to be asked, by its address."""
    wanted: dict[str, list[str]] = {}
    for source in sources(given):
        wanted.setdefault(source.repository, []).extend(whole_names(source.ref))
    if request.pull_requests:
        pulls = map(pull_name, request.pull_requests)
        wanted.setdefault(given[PULLED], []).extend(pulls)
    return {repository: refs(repository, names) for repository, names in wanted.items()}


def resolved(
    request: BuildRequest, given: Mapping[str, str], asked_of: Mapping[str, Fact[Refs]], seen: Seen
) -> tuple[tuple[Source, ...], tuple[PullRequest, ...]]:
    """Return sources and pull requests with their commits.

    Raises InputRefused for what a repository does not have, WorkFailed where one does not answer, GateRefused
    where there is no git, each with all that there is of it.
    """
    told = {repository: seen[fact] for repository, fact in asked_of.items()}
    problems = [*_no_answer(told, seen.host)]
    found = [replace(each, commit=told[each.repository].branch_or_tag(each.ref)) for each in sources(given)]
    pulls = [
        PullRequest(number, given[PULLED], told[given[PULLED]].pull(number))
        for number in request.pull_requests
    ]
    if not problems:
        problems = [*(_unknown(each) for each in found if not each.commit), *map(_no_pull, _missing(pulls))]
    if problems:
        kinds = {"no-git": GateRefused, "source-gone": WorkFailed}
        raise kinds.get(problems[0].code, InputRefused)(*problems)
    return tuple(found), tuple(pulls)


def _missing(pulls: list[PullRequest]) -> Iterator[PullRequest]:
    return (pull for pull in pulls if not pull.commit)


def _no_answer(told: Mapping[str, Refs], host: str) -> Iterator[Problem]:
    if any(each.no_git for each in told.values()):
        yield Problem("no-git", "git is not installed", host, "sudo apt-get install git")
        return
    for repository, each in told.items():
        if each.error:
            hint = "is the host on the internet, does it need a proxy, and is the address right?"
            yield Problem("source-gone", f"{repository} does not answer: {each.error}", host, hint)


def _unknown(source: Source) -> Problem:
    short = source.ref and all(each in "0123456789abcdef" for each in source.ref)
    hint = (
        "a commit is only found by all of its 40 digits"
        if short
        else f"see: git ls-remote {source.repository}"
    )
    return Problem("unknown-ref", f"{source.repository} has no branch or tag {source.ref!r}", hint=hint)


def _no_pull(pull: PullRequest) -> Problem:
    hint = "is it a number of an issue, or of another repository?"
    return Problem("unknown-ref", f"{pull.repository} has no pull request {pull.number}", hint=hint)


def inputs(
    variant: ImageVariant,
    given: Mapping[str, str],
    of: tuple[tuple[Source, ...], tuple[PullRequest, ...]],
    files: Files,
    machine: tuple[str, str],
) -> Inputs:
    """Return all that goes into a build; `machine`: the host's architecture, and the version of sparkup."""
    found, pulls = of
    commits = {f"{source.name.upper()}_REF": source.commit for source in found}
    words = {PULLS: " ".join(pull.word for pull in pulls)} if pulls else {}
    return Inputs(
        variant=variant,
        platform=f"linux/{ARCHITECTURES.get(machine[0], machine[0])}",
        base=given.get("BASE_IMAGE", ""),
        sources=found,
        pull_requests=pulls,
        arguments={**given, **commits, **words},
        files={path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())},
        sparkup=machine[1],
    )


def again(before: Inputs, files: Files, architecture: str, version: str) -> tuple[Inputs, tuple[str, ...]]:
    """Return the inputs of an image for another build of it, and what of it is not the same any more.

    Raises InputRefused for an image of another kind of machine.
    """
    platform = f"linux/{ARCHITECTURES.get(architecture, architecture)}"
    if before.platform != platform:
        message = f"that image is for {before.platform}, this machine is {platform}"
        raise InputRefused(Problem("wrong-architecture", message, hint="build it where it was built"))
    new = inputs(
        before.variant, before.arguments, (before.sources, before.pull_requests), files, ("", version)
    )
    changed = [
        name for name in {**before.files, **new.files} if before.files.get(name) != new.files.get(name)
    ]
    notes = [f"{', '.join(sorted(changed))} are not those of sparkup {before.sparkup}"] if changed else []
    return replace(new, platform=platform, arguments=before.arguments), tuple(notes)


def read(label: str, image: str, host: str) -> Inputs:
    """Read the label with the inputs of an image; raises InputRefused for an image that has none."""
    found = inputs_in(label)
    if found is None:
        hint = "it takes one that sparkup has built and docker there has: sparkup images"
        message = f"{image} does not say what it was built from"
        raise InputRefused(Problem("image-not-found", message, host, hint))
    return found
