"""Mounts above and in the place of caches, and caches that are no folders, as a live host told of them."""

from dataclasses import replace

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import request
from tests.planning.test_containers import IMAGES, ODD, THERE, inside, refused

from sparkup.domain.container import ContainerRequest, Mount
from sparkup.domain.launch import Engine, LaunchRequest
from sparkup.facts.mounts import Places, mounts

HUB = "/root/.cache/huggingface"
CACHES = (("/hf", HUB), ("/blobs", f"{HUB}/hub"), ("/c/vllm", "/root/.cache/vllm"), ("/t", "/root/.triton"))
SHOWN = {"/m": ("/m", "folder"), "/hf": ("/hf", "folder")}
BLOCKED: Places = mounts(()).parse(answers("mounts", "blocked"))


def mounting(*asked: Mount, caches: bool = True) -> LaunchRequest:
    return request(container=ContainerRequest(mounts=asked, caches=caches))


@pytest.mark.parametrize(
    ("mount", "sources"),
    [
        (Mount("/m", "/root/.cache"), ["/t", "/m"]),
        (Mount("/m", "/root/x/../.cache/"), ["/t", "/m"]),
        (Mount("/m", "/root"), ["/m"]),
        (Mount("models", "/root/.cache"), ["/t", "models"]),
        (Mount("/m", HUB), ["/c/vllm", "/t", "/m"]),
        (Mount("/m", f"{HUB}/hub"), ["/hf", "/c/vllm", "/t", "/m"]),
        (Mount("/m", f"{HUB}/hub/x"), ["/hf", "/blobs", "/c/vllm", "/t", "/m"]),
        (Mount("/m", "/root/.cach"), ["/hf", "/blobs", "/c/vllm", "/t", "/m"]),
        (Mount("/hf", HUB), ["/blobs", "/c/vllm", "/t", "/hf"]),  # what we do ourselves, said by hand
    ],
)
def test_what_is_mounted_at_or_above_a_cache_replaces_it(mount: Mount, sources: list[str]) -> None:
    there = replace(THERE, caches=CACHES, found=SHOWN)
    assert [each.source for each in inside(mounting(mount), places=there).mounts] == sources


def test_a_cache_that_is_no_folder_is_refused_with_what_is_there() -> None:
    problems = refused(places=BLOCKED).problems
    assert {problem.code for problem in problems} == {"mount-not-found"}
    hub = "/home/ada/.cache/huggingface"
    said = {problem.message: problem.hint for problem in problems}
    link = "/home/ada/.cache is a link to /mnt/disk/cache, which is not there"
    assert said[f"there is no cache {hub} to mount: {link}"] == (
        f"mount that disk, or mount another there: -v FOLDER:{HUB}"
    )
    assert said["there is no cache /home/ada/.triton to mount: /home/ada/.triton is no folder"].startswith(
        "move it away, or mount another there"
    )
    assert len(said) == 4


def test_nor_is_it_when_it_is_named_by_hand() -> None:
    hub = "/home/ada/.cache/huggingface"
    there = replace(BLOCKED, found={hub: (hub, "")})
    assert len(refused(mounting(Mount(hub, HUB)), places=there).problems) == 4


def test_of_caches_that_are_not_mounted_nothing_is_said() -> None:
    assert len(refused(mounting(caches=False), places=BLOCKED).problems) == 1
    there = replace(BLOCKED, found=SHOWN)
    assert inside(mounting(Mount("/m", "/root")), places=there).mounts == (Mount("/m", "/root"),)
    assert inside(images={Engine.DOCKER: ODD}, places=BLOCKED).mounts == ()
    assert IMAGES[Engine.DOCKER] != ODD
