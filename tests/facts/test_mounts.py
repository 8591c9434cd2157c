"""What of a host a container is to see, as a live host told it."""

from collections.abc import Mapping

import pytest
from tests.fixtures.recorded import answers

from sparkup.facts.mounts import Places, mounts

SOURCES = ("/root/t", "~/no-such")


def places(values: Mapping[str, str] | None = None) -> Places:
    told = answers("mounts", "spark")
    told["env"]["env"].update(values or {})
    return mounts(SOURCES).parse(told)


def test_what_is_there_and_where() -> None:
    found = places()
    assert [found.exists(source) for source in SOURCES] == [True, False]
    assert [found.path(source) for source in SOURCES] == ["/root/t", "/root/no-such"]
    assert found.home == "/root"


def test_caches_are_those_of_the_login() -> None:
    assert places().caches == (
        ("/root/.cache/huggingface", "/root/.cache/huggingface"),
        ("/root/.cache/vllm", "/root/.cache/vllm"),
        ("/root/.cache/flashinfer", "/root/.cache/flashinfer"),
        ("/root/.triton", "/root/.triton"),
        ("/root/.tilelang", "/root/.tilelang"),
    )


@pytest.mark.parametrize(
    ("values", "source", "target"),
    [
        ({"HF_HOME": "/mnt/hf"}, "/mnt/hf", "/root/.cache/huggingface"),
        ({"HF_HOME": "~/hf"}, "/root/hf", "/root/.cache/huggingface"),
        ({"HF_HOME": "${HOME}/hf"}, "/root/hf", "/root/.cache/huggingface"),
        ({"HF_HOME": ""}, "/root/.cache/huggingface", "/root/.cache/huggingface"),
        ({"HF_HUB_CACHE": "/mnt/hub"}, "/mnt/hub", "/root/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/mnt/c"}, "/mnt/c/huggingface", "/root/.cache/huggingface"),
        ({"XDG_CACHE_HOME": "/mnt/c"}, "/mnt/c/flashinfer", "/root/.cache/flashinfer"),
        ({"XDG_CACHE_HOME": "/mnt/c", "HF_HOME": "/h"}, "/h", "/root/.cache/huggingface"),
        ({"VLLM_CACHE_ROOT": "/mnt/v"}, "/mnt/v", "/root/.cache/vllm"),
        ({"TRITON_CACHE_DIR": "/mnt/t"}, "/mnt/t", "/root/.triton"),
    ],
)
def test_variables_of_the_login_move_them(values: dict[str, str], source: str, target: str) -> None:
    assert (source, target) in places(values).caches


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("$HOME/x:/x", "/root/x:/x"),
        ("A=${HOME}", "A=/root"),
        ("~/x:/x", "/root/x:/x"),
        ("~", "/root"),
        ("--env-file=~/e.env", "--env-file=/root/e.env"),
        ("--label=~", "--label=/root"),
        ("--label=a~/x", "--label=a~/x"),
        ("a~/x", "a~/x"),
        ("~ada/x", "~ada/x"),
        ("$HOMER", "$HOMER"),
        ("$OTHER", "$OTHER"),
        ("\\1", "\\1"),
    ],
)
def test_the_home_of_the_login_in_words_for_an_engine(word: str, written: str) -> None:
    assert places().at_home(word) == written


def test_what_keeps_a_cache_from_being_a_folder() -> None:
    """Recorded where the disk of ~/.cache was not mounted, and ~/.triton and a mount were files."""
    found = mounts(("~/file",)).parse(answers("mounts", "blocked"))
    cache = ("/home/ada/.cache", "/mnt/disk/cache")
    assert found.blocked == {
        **{f"/home/ada/.cache/{name}": cache for name in ("huggingface", "vllm", "flashinfer")},
        "/home/ada/.triton": ("/home/ada/.triton", ""),
        "/home/ada/file": ("/home/ada/file", ""),
    }
    assert {source for source, _ in found.caches} & found.blocked.keys() == found.blocked.keys() - {
        "/home/ada/file"
    }


def test_what_root_in_a_container_has_made_is_known() -> None:
    """In caches and in a mount of the user's own; what lies in a mount of root's is no business of theirs."""
    assert mounts(("~/data", "/opt")).parse(answers("mounts", "user")).roots == (
        "/home/spark/.cache/huggingface/hub",
        "/home/spark/.cache/vllm/torch_compile_cache",
        "/home/spark/data/x",
    )
    assert places().roots == ()
