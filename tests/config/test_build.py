"""What may be typed for a build, and what each option changes."""

from typing import Any

import pytest

from sparkup.config.build import TypedBuild, parse
from sparkup.domain.build import BuildRequest, ImageVariant
from sparkup.errors import InputRefused

VLLM = "https://github.com/vllm-project/vllm"


def read(**typed: object) -> BuildRequest:
    return parse(TypedBuild(**typed))  # type: ignore[arg-type]


def refused(**typed: object) -> list[str]:
    with pytest.raises(InputRefused) as caught:
        read(**typed)
    return [problem.message for problem in caught.value.problems]


def test_without_options_the_source_variant_has_its_usual_name_and_nothing_is_changed() -> None:
    request = read()
    assert (request.variant, request.tag) == (ImageVariant.SOURCE, "vllm-node")
    assert (request.arguments, request.renew, request.pull_requests) == ({}, (), ())


@pytest.mark.parametrize(
    ("typed", "arguments"),
    [
        (
            {"gpu_arch": "12.0f"},
            {"TORCH_CUDA_ARCH_LIST": "12.0f", "FLASHINFER_CUDA_ARCH_LIST": "12.0f"},
        ),
        ({"vllm_ref": "v0.15.0"}, {"VLLM_REF": "v0.15.0"}),
        ({"vllm_repo": "https://example.org/vllm.git"}, {"VLLM_REPO": "https://example.org/vllm.git"}),
        ({"triton_ref": "v3.6.0"}, {"TRITON_REF": "v3.6.0"}),
        ({"flashinfer_ref": "v0.6.2"}, {"FLASHINFER_REF": "v0.6.2"}),
        ({"pre_tf": True}, {"PRE_TRANSFORMERS": "1"}),
        ({"build_jobs": "4"}, {"BUILD_JOBS": "4"}),
        ({"base_image": "small:1"}, {"BASE_IMAGE": "small:1"}),
        ({"build_arg": ("CACHEBUST_DEPS=7",)}, {"CACHEBUST_DEPS": "7"}),
        ({"vllm_ref": "a", "build_arg": ("VLLM_REF=b",)}, {"VLLM_REF": "b"}),
        ({"use_wheels": "nightly"}, {}),
        ({"use_wheels": "release"}, {"WHEELS_FROM_GITHUB_RELEASE": "1"}),
        ({"use_wheels": "nightly", "pre_flashinfer": True}, {"FLASHINFER_PRE": "--pre"}),
    ],
)
def test_each_option_changes_the_arguments_that_it_says(
    typed: dict[str, object], arguments: dict[str, str]
) -> None:
    assert read(**typed).arguments == arguments


@pytest.mark.parametrize(
    ("typed", "variant", "tag"),
    [
        ({"use_wheels": "nightly"}, "wheels", "vllm-node"),
        ({"exp_mxfp4": True}, "mxfp4", "vllm-node-mxfp4"),
        ({"variant": "cpu"}, "cpu", "vllm-node-cpu"),
        ({"variant": "cpu", "tag": "registry:5000/team/x-y_z:V1.2"}, "cpu", "registry:5000/team/x-y_z:V1.2"),
    ],
)
def test_the_variant_has_its_name(typed: dict[str, object], variant: str, tag: str) -> None:
    request = read(**typed)
    assert (request.variant, request.tag) == (variant, tag)


def test_what_is_to_be_made_anew_is_named() -> None:
    assert read(rebuild_deps=True, rebuild_vllm=True).renew == ("CACHEBUST_DEPS", "CACHEBUST_VLLM")


def test_pull_requests_keep_their_order_as_numbers_or_addresses() -> None:
    words = ("34695", f"{VLLM}/pull/12/files", "#7", f"{VLLM}/pull/8")
    assert read(apply_vllm_pr=words).pull_requests == (34695, 12, 7, 8)


@pytest.mark.parametrize("arch", ["12.1a", "12.0f", "9.0+PTX", "8.9 12.1a", "9.0;12.1a"])
def test_any_valid_architecture_passes(arch: str) -> None:
    assert read(gpu_arch=arch).arguments["TORCH_CUDA_ARCH_LIST"] == arch


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"use_wheels": "nightly", "apply_vllm_pr": ("1",)}, "--use-wheels and --apply-vllm-pr exclude"),
        ({"exp_mxfp4": True, "apply_vllm_pr": ("1",)}, "--exp-mxfp4 and --apply-vllm-pr exclude"),
        ({"exp_mxfp4": True, "triton_ref": "x"}, "--exp-mxfp4 and --triton-ref exclude"),
        ({"exp_mxfp4": True, "vllm_ref": "x"}, "--exp-mxfp4 and --vllm-ref exclude"),
        ({"exp_mxfp4": True, "use_wheels": "nightly"}, "--exp-mxfp4 and --use-wheels exclude"),
        ({"exp_mxfp4": True, "pre_flashinfer": True}, "--exp-mxfp4 and --pre-flashinfer exclude"),
        ({"exp_mxfp4": True, "pre_tf": True}, "--exp-mxfp4 and --pre-tf exclude"),
        ({"use_wheels": "daily"}, "'daily'"),
        ({"variant": "cuda"}, "unknown variant 'cuda'"),
        ({"variant": "cpu", "use_wheels": "nightly"}, "--use-wheels is not for --variant cpu"),
        ({"variant": "cpu", "gpu_arch": "12.1a"}, "--gpu-arch changes nothing"),
        ({"variant": "cpu", "apply_vllm_pr": ("1",)}, "--apply-vllm-pr changes nothing"),
        ({"variant": "cpu", "rebuild_vllm": True}, "--rebuild-vllm changes nothing"),
        ({"gpu_arch": "sm_121"}, "'sm_121' is no architecture"),
        ({"gpu_arch": ""}, "'' is no architecture"),
        ({"tag": "Upper"}, "'Upper' cannot be the name"),
        ({"tag": "a b"}, "'a b' cannot be the name"),
        ({"tag": "x:y:z"}, "'x:y:z' cannot be the name"),
        ({"tag": "x@sha256:ab"}, "cannot be the name"),
        ({"tag": "-x"}, "cannot be the name"),
        ({"build_jobs": "0"}, "--build-jobs '0' is no number above 0"),
        ({"vllm_ref": "--upload-pack=x"}, "can be no ref"),
        ({"vllm_ref": "a..b"}, "can be no ref"),
        ({"vllm_ref": "a b"}, "can be no ref"),
        ({"vllm_repo": "--upload-pack=x"}, "is no address"),
        ({"vllm_repo": "git@github.com:vllm-project/vllm.git"}, "is no address"),
        ({"vllm_repo": "/root/vllm"}, "is no address"),
        ({"vllm_repo": "https://x/y.git?access_token=1"}, "a login or a token"),
        ({"base_image": "-x"}, "is no image"),
        ({"network": "--x"}, "'--x' is no network"),
        ({"apply_vllm_pr": ("abc",)}, "'abc' is no pull request"),
        ({"apply_vllm_pr": ("https://github.com/other/vllm/pull/3",)}, "is not of"),
        ({"apply_vllm_pr": ("3", f"{VLLM}/pull/3")}, "3 is there twice"),
        ({"build_arg": ("NO_SUCH=1",)}, "no build argument NO_SUCH"),
        ({"build_arg": ("VLLM_REF",)}, "'VLLM_REF' has no value"),
        ({"build_arg": ("https_proxy=http://x",)}, "a proxy is no part"),
        ({"build_arg": ("VLLM_PRS=1",)}, "at no known commit"),
        ({"build_arg": ("BASE_IMAGE=https://me:pw@x/y",)}, "looks like a secret"),
        ({"copy_parallel": True}, "cannot copy images"),
        ({"no_build": True}, "cannot copy images"),
        ({"user": "me"}, "cannot copy images"),
        ({"copy_to": ("spark2",)}, "cannot copy images"),
        ({"like": "x:1", "tag": "y", "vllm_ref": "main"}, "--like takes what --vllm-ref says"),
        ({"like": "x:1", "tag": "y", "variant": "cpu"}, "--like takes what --variant says"),
        ({"like": "x:1"}, "--like does not say what the new image is to be called"),
        ({"wheels": "/w"}, "--wheels changes nothing"),
        ({"variant": "cpu", "wheels": "w"}, "is no whole path"),
    ],
)
def test_what_cannot_be_is_one_problem(typed: dict[str, object], words: str) -> None:
    messages = refused(**typed)
    assert len(messages) == 1, messages
    assert words in messages[0]


def test_all_problems_are_said_at_once() -> None:
    messages = refused(
        exp_mxfp4=True,
        apply_vllm_pr=("x",),
        tag="A",
        gpu_arch="x",
        build_jobs="-1",
        build_arg=("X=1", "Y"),
        network="host",
    )
    assert len(messages) == 7, messages


@pytest.mark.parametrize(
    "given",
    [{"build_arg": ("BASE_IMAGE=https://me:hunter2@x/y",)}, {"vllm_repo": "https://hunter2@x/y.git"}],
)
def test_a_secret_that_an_image_would_keep_is_not_repeated(given: dict[str, Any]) -> None:
    with pytest.raises(InputRefused) as caught:
        read(**given)
    assert "hunter2" not in str(caught.value.problems)
