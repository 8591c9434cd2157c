"""What was typed for a build, turned into a BuildRequest; all that is wrong with it is said at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from sparkup.config.dockerfiles import context, dockerfile
from sparkup.config.problems import Problems, closest, number
from sparkup.domain.build import BuildRequest, ImageVariant
from sparkup.domain.dockerfile import PROXIES, arguments
from sparkup.domain.host import LOCAL, Host
from sparkup.domain.secret_names import is_secret
from sparkup.errors import InputRefused

# As Docker takes them (distribution/reference): a registry, a path of lower-case words, a tag.
_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
TAG = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_WORD}(?:/{_WORD})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
)
# An architecture of a GPU as PyTorch's and FlashInfer's lists have it: 12.1a, 12.0f, 9.0+PTX.
ARCH = re.compile(r"\d+\.\d+[a-z]?(?:\+PTX)?(?:[ ;,]+\d+\.\d+[a-z]?(?:\+PTX)?)*")
REF = re.compile(
    r"(?!.*(?:\.\.|@\{|//|\.lock(?:/|$)))[^\s~^:?*\[\\\x00-\x1f\x7f/.-][^\s~^:?*\[\\\x00-\x1f\x7f]*(?<![/.])"
)
ARGUMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
PULL = re.compile(r"#?([1-9]\d*)|https?://github\.com/([^/]+/[^/]+)/pull/([1-9]\d*)(?:[/?#].*)?")
GITHUB = re.compile(r"https?://github\.com[:/]([^/]+/[^/]+?)(?:\.git)?/?")
REPOSITORY = re.compile(r"(?:https?|git)://\S+")
READ_BY_ALL = "what an image is built from can be read in it by everybody who has it"
NETWORK = re.compile(r"[A-Za-z0-9][\w.:-]*")  # which there are, the engine says
KINDS = ("nightly", "release")  # of wheels


@dataclass(frozen=True, slots=True)
class TypedBuild:
    """The words of a build as they were typed, none of them checked yet."""

    host: Host = LOCAL
    tag: str | None = None
    variant: str | None = None
    gpu_arch: str | None = None
    rebuild_deps: bool = False
    rebuild_vllm: bool = False
    triton_ref: str | None = None
    vllm_ref: str | None = None
    vllm_repo: str | None = None
    flashinfer_ref: str | None = None
    pre_flashinfer: bool = False
    pre_tf: bool = False
    exp_mxfp4: bool = False
    use_wheels: str | None = None
    apply_vllm_pr: Sequence[str] = ()
    build_jobs: str | None = None
    full_log: bool = False
    no_build: bool = False
    copy_to: Sequence[str] = ()
    copy_parallel: bool = False
    user: str | None = None
    base_image: str | None = None
    build_arg: Sequence[str] = ()
    network: str | None = None
    wheels: str | None = None
    like: str | None = None


# field of TypedBuild: the build arguments that its option stands for
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "gpu_arch": ("TORCH_CUDA_ARCH_LIST", "FLASHINFER_CUDA_ARCH_LIST"),
    "rebuild_deps": ("CACHEBUST_DEPS",),
    "rebuild_vllm": ("CACHEBUST_VLLM",),
    "triton_ref": ("TRITON_REF",),
    "vllm_ref": ("VLLM_REF",),
    "vllm_repo": ("VLLM_REPO",),
    "flashinfer_ref": ("FLASHINFER_REF",),
    "pre_flashinfer": ("FLASHINFER_PRE",),
    "pre_tf": ("PRE_TRANSFORMERS",),
    "apply_vllm_pr": ("VLLM_PRS",),
    "build_jobs": ("BUILD_JOBS",),
    "base_image": ("BASE_IMAGE",),
}
RENEWED = ("rebuild_deps", "rebuild_vllm")
VALUES = {"pre_flashinfer": "--pre", "pre_tf": "1"}  # of options without one
REFS = ("triton_ref", "vllm_ref", "flashinfer_ref")
COPYING = ("no_build", "copy_to", "copy_parallel", "user")  # what they ask for is not there yet
# Options that no build can have together with others (the second of each).
MXFP4 = ("triton_ref", "vllm_ref", "use_wheels", "pre_flashinfer", "pre_tf", "apply_vllm_pr")
CONTRADICT = {"exp_mxfp4": MXFP4, "use_wheels": ("apply_vllm_pr",)}
LIKE = (*OPTIONS, "exp_mxfp4", "use_wheels", "variant", "build_arg")  # what --like says already


def files(variant: ImageVariant) -> Mapping[str, bytes]:
    """Return the context of a build by path, its Dockerfile too."""
    return {"Dockerfile": dockerfile(variant).encode(), **context(variant)}


def check_program() -> bytes:
    """Return the program that looks at a finished image from inside."""
    return (resources.files("sparkup") / "data" / "docker" / "check.py").read_bytes()


def parse(typed: TypedBuild, problems: Problems | None = None) -> BuildRequest:
    """Return the request; raises InputRefused with every problem, those found before included."""
    found = Problems() if problems is None else problems
    _pairs(typed, found)
    variant = _variant(typed, found)
    known = arguments(dockerfile(variant))
    named = {**_options(typed, variant, known, found), **_named(typed.build_arg, variant, known, found)}
    request = BuildRequest(
        variant=variant,
        tag=_tag(typed, variant, found),
        host=typed.host,
        arguments=named,
        renew=tuple(OPTIONS[name][0] for name in RENEWED if getattr(typed, name)),
        pull_requests=tuple(_pulls(typed, named.get("VLLM_REPO") or known.get("VLLM_REPO", ""), found)),
        network=typed.network or "",
        wheels=_folder(typed, variant, found),
        full_log=typed.full_log,
        like=typed.like or "",
    )
    _copying(typed, found)
    if found:
        raise InputRefused(*found)
    return request


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _given(typed: TypedBuild, name: str) -> bool:
    value = getattr(typed, name)
    return value is not None and value is not False and value != ()


def _pairs(typed: TypedBuild, problems: Problems) -> None:
    """Note options that exclude each other."""
    for one, others in CONTRADICT.items():
        for other in others:
            if _given(typed, one) and _given(typed, other):
                problems.add(
                    f"{_option(one)} and {_option(other)} exclude each other", "leave one of them out"
                )
    if typed.like:
        for option in (_option(name) for name in LIKE if _given(typed, name)):
            problems.add(f"--like takes what {option} says from that image", f"leave {option} out")


def _variant(typed: TypedBuild, problems: Problems) -> ImageVariant:
    meant = ImageVariant.WHEELS if typed.use_wheels else ImageVariant.SOURCE
    meant = ImageVariant.MXFP4 if typed.exp_mxfp4 else meant
    if typed.use_wheels and typed.use_wheels not in KINDS:
        problems.add(
            f"--use-wheels {typed.use_wheels!r} are no wheels that there are",
            closest(typed.use_wheels, KINDS) or f"there are: {', '.join(KINDS)}",
        )
    if typed.variant is None:
        return meant
    try:
        variant = ImageVariant(typed.variant)
    except ValueError:
        known = [str(each) for each in ImageVariant]
        hint = closest(typed.variant, known) or f"there are: {', '.join(known)}"
        problems.add(f"unknown variant {typed.variant!r}", hint)
        return meant
    for name, its in (("use_wheels", ImageVariant.WHEELS), ("exp_mxfp4", ImageVariant.MXFP4)):
        if _given(typed, name) and variant is not its:
            problems.add(f"{_option(name)} is not for --variant {variant}", "leave one of them out")
    return variant


def _tag(typed: TypedBuild, variant: ImageVariant, problems: Problems) -> str:
    if typed.tag is None:
        if typed.like:
            problems.add("--like does not say what the new image is to be called", "add -t NAME")
        return variant.tag
    if not TAG.fullmatch(typed.tag):
        hint = (
            "NAME or NAME:TAG: lower-case letters, digits, dots, dashes and underscores, with slashes between"
        )
        problems.add(f"{typed.tag!r} cannot be the name of an image", hint, "bad-name")
    return typed.tag


def _options(
    typed: TypedBuild, variant: ImageVariant, known: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Return the build arguments that options stand for; notes options without an effect."""
    found: dict[str, str] = {}
    jobs = number(typed.build_jobs, "--build-jobs", problems)
    for name, its in OPTIONS.items():
        if not _given(typed, name) or _excluded(typed, name):
            continue
        taken = [argument for argument in its if argument in known]
        if not taken and not typed.like:
            problems.add(
                f"{_option(name)} changes nothing of an image of the variant {variant}", "leave it out"
            )
        elif name not in (*RENEWED, "apply_vllm_pr"):
            value = VALUES.get(name) or str(getattr(typed, name))
            found |= dict.fromkeys(taken, str(jobs) if name == "build_jobs" else value)
    if typed.use_wheels == "release":
        found["WHEELS_FROM_GITHUB_RELEASE"] = "1"
    _syntax(typed, problems)
    return found


def _excluded(typed: TypedBuild, name: str) -> bool:
    return any(_given(typed, one) and name in others for one, others in CONTRADICT.items())


def _syntax(typed: TypedBuild, problems: Problems) -> None:
    if typed.gpu_arch is not None and not ARCH.fullmatch(typed.gpu_arch):
        problems.add(
            f"--gpu-arch {typed.gpu_arch!r} is no architecture", "write it as 12.1a, 12.0f or 9.0+PTX"
        )
    for name in REFS:
        ref = getattr(typed, name)
        if ref is not None and not REF.fullmatch(ref):
            problems.add(f"{_option(name)} {ref!r} can be no ref", "give a branch, a tag or a whole commit")
    if typed.vllm_repo is not None and (is_secret("", typed.vllm_repo) or "?" in typed.vllm_repo):
        problems.add("--vllm-repo has a login or a token in it", READ_BY_ALL)
    elif typed.vllm_repo is not None and not REPOSITORY.fullmatch(typed.vllm_repo):
        hint = "write https://HOST/PATH.git: a build has no keys of yours, and sees none of your files"
        problems.add(f"--vllm-repo {typed.vllm_repo!r} is no address that a build can fetch from", hint)
    if typed.network is not None and not NETWORK.fullmatch(typed.network):
        problems.add(f"--network {typed.network!r} is no network", "there are: default, host, none")
    if typed.base_image is not None and (not typed.base_image.strip() or typed.base_image.startswith("-")):
        problems.add(f"--base-image {typed.base_image!r} is no image", "write NAME:TAG or NAME@sha256:DIGEST")


def _named(
    words: Sequence[str], variant: ImageVariant, known: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Return the build arguments that were named as they are."""
    found: dict[str, str] = {}
    for word in words:
        named = ARGUMENT.fullmatch(word)
        name, value = (named[1], named[2]) if named else ("", "")
        if not named:
            problems.add(
                f"--build-arg {word.partition('=')[0]!r} has no value", "write --build-arg NAME=VALUE"
            )
        elif name.upper() in PROXIES:
            hint = "set it where the build runs: the variables of the login there are taken"
            problems.add(f"--build-arg {name}: a proxy is no part of what an image is made of", hint)
        elif name == "VLLM_PRS":
            problems.add("--build-arg VLLM_PRS would be applied at no known commit", "use --apply-vllm-pr")
        elif name not in known:
            hint = closest(name, list(known)) or f"there are: {', '.join(sorted(known))}"
            problems.add(f"an image of the variant {variant} has no build argument {name}", hint)
        elif is_secret(name, value):
            problems.add(f"--build-arg {name} looks like a secret", READ_BY_ALL)
        else:
            found[name] = value
    return found


def _pulls(typed: TypedBuild, repository: str, problems: Problems) -> Iterator[int]:
    """Yield the pull requests in their order; notes those of another repository, and those named twice."""
    ours, seen = GITHUB.fullmatch(repository), set[int]()
    for word in typed.apply_vllm_pr:
        found = PULL.fullmatch(word)
        if found is None:
            hint = "give its number, or its address: https://github.com/vllm-project/vllm/pull/NUMBER"
            problems.add(f"--apply-vllm-pr {word!r} is no pull request", hint)
            continue
        pull = int(found[1] or found[3])
        if found[2] and (ours is None or found[2].lower() != ours[1].lower()):
            hint = f"its repository would have to be --vllm-repo https://github.com/{found[2]}.git"
            problems.add(
                f"--apply-vllm-pr {word} is not of {repository or 'the source of this variant'}", hint
            )
        if pull in seen:
            problems.add(f"--apply-vllm-pr {pull} is there twice", "once is enough")
        seen.add(pull)
        yield pull


def _folder(typed: TypedBuild, variant: ImageVariant, problems: Problems) -> str:
    if typed.wheels is None:
        return ""
    if variant is not ImageVariant.CPU and not typed.like:
        problems.add(f"--wheels changes nothing of an image of the variant {variant}", "leave it out")
    if not typed.wheels.startswith("/"):
        problems.add(
            f"--wheels {typed.wheels!r} is no whole path", "it is a folder of the machine that builds"
        )
    return typed.wheels


def _copying(typed: TypedBuild, problems: Problems) -> None:
    """Note what cannot be done with the image afterwards."""
    if any(_given(typed, name) for name in COPYING):
        hint = "leave it out, then where the image was built: docker save IMAGE | ssh HOST docker load"
        problems.add("this version cannot copy images to other hosts yet", hint, "not-yet")
