"""`sparkup build` on a host: what options do to a real build, and that a failure leaves the old image."""

import json
import signal
from collections.abc import Iterator

import pytest
from tests.data.docker.standins import VLLM
from tests.docked_fixture import TRIXIE, skip_unless_there
from tests.e2e.build_bed import FIT, TAG, Builder, booted_builder
from tests.e2e.dockerfile_bed import SITE, repository
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts, pytest.mark.timeout(1800)]
VLLM_URL = repository("vllm")
SLOW = "import time; time.sleep(600)\n"


@pytest.fixture(scope="module", params=["", pytest.param(TRIXIE, id="26")])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A host with Docker 20.10, or 26.1 with buildx, on which the source variant was built once."""
    skip_unless_there(base=request.param)
    with booted_builder(tmp_path_factory.mktemp("shop"), request.param) as builder:
        done = builder.build()
        assert done.status == 0, done
        yield builder


@pytest.fixture
def builder(shop: Builder) -> Iterator[Builder]:
    """Somebody who builds there; nothing but images, records and docker's cache is left of it."""
    yield shop
    shop.nothing_is_left()


def document(builder: Builder, *words: str) -> dict[str, object]:
    done = builder.build("--json", *words)
    assert done.status == 0, done
    return done.json


def test_the_image_has_its_record_and_the_host_has_what_was_measured(builder: Builder) -> None:
    tip = builder.vllm.tip
    inputs = json.loads(builder.label("sparkup.inputs"))
    assert builder.record() == inputs
    assert inputs["variant"] == "source"
    sources = {each["name"]: each for each in inputs["sources"]}
    assert sources["vllm"] == {
        "name": "vllm",
        "repository": VLLM_URL,
        "ref": "main",
        "commit": tip,
    }
    assert {"vllm", "flashinfer"} == {*sources}
    assert inputs["arguments"]["VLLM_REF"] == tip
    assert inputs["arguments"]["TORCH_CUDA_ARCH_LIST"] == "12.1a"
    (kept,) = builder.bed.run("sh", "-c", "cat /var/lib/sparkup/images/*.json | jq -c .").splitlines()
    record = json.loads(kept)
    assert record["inputs"] == inputs
    measured = record["measured"]
    assert (measured["versions"]["vllm"], measured["versions"]["cuda"]) == ("1.0", "13.4")
    assert "--port" in measured["flags"]
    assert {each["name"]: each["ok"] for each in measured["checks"]}["torch"] is True
    assert any("uv build" in each["name"] and each["seconds"] > 0 for each in measured["steps"])
    # The checks need no network, and no more of the host than the program that makes them.
    assert builder.bed.run("sh", "-c", "ls /var/lib/sparkup/images | wc -l").strip() == "1"


def test_nothing_changed_is_said_and_no_step_is_run(builder: Builder) -> None:
    image = builder.image()
    answer = document(builder)
    assert answer["same"]
    assert (builder.image(), builder.image("mine:1-previous")) == (image, "")


def test_a_dry_run_shows_the_commits_and_writes_nothing(builder: Builder) -> None:
    images = builder.bed.run("docker", "image", "ls", "-q")
    state = builder.bed.run("find", "/var/lib/sparkup", "-not", "-name", "*.pyz*")
    answer = document(builder, "--dry-run", "--vllm-ref", "v1.0")
    commits = {each["name"]: each["commit"] for each in answer["inputs"]["sources"]}  # type: ignore[index]
    assert len(commits["vllm"]) == 40
    assert builder.bed.run("docker", "image", "ls", "-q") == images
    assert builder.bed.run("find", "/var/lib/sparkup", "-not", "-name", "*.pyz*") == state


def test_another_ref_and_a_pull_request_are_in_the_image_and_the_one_before_keeps_a_name(
    builder: Builder,
) -> None:
    old = builder.image()
    text = (builder.vllm.tree / "vllm/engine.py").read_text()
    commit = builder.vllm.commit({"vllm/new.py": "1\n"})
    head = builder.vllm.pull_request(12, {"vllm/engine.py": text + "# 12\n"}, commit)
    answer = document(builder, "--apply-vllm-pr", "12", "--vllm-ref", "main")
    assert (answer["same"], answer["before"]) == (False, "mine:1-previous")
    assert builder.image("mine:1-previous") == old
    inputs = builder.record()
    assert [each["commit"] for each in inputs["pull_requests"]] == [head]  # type: ignore[attr-defined]
    assert inputs["arguments"]["VLLM_PRS"] == f"12@{head}"  # type: ignore[index]
    assert builder.bed.inside(TAG, "tail", "-1", f"{SITE}/vllm/engine.py") == "# 12\n"
    # The same again by what it says of itself, though main has moved on.
    builder.vllm.commit({"vllm/newer.py": "2\n"})
    with builder.user.running("build", "--on", "spark1", "--like", TAG, "-t", "like:1", "--json") as command:
        done = command.done(900)
    assert done.status == 0, done
    assert builder.image("like:1") == builder.image()


def test_each_line_is_shown_if_that_is_asked_for(builder: Builder) -> None:
    done = builder.build("--full-log", "--gpu-arch", "12.0f", "-j", "3", tag="full:1")
    assert done.status == 0, done
    assert "compiling for 12.0f in 3 jobs" in done.err
    env = builder.bed.inside("full:1", "env").split()
    assert {"TORCH_CUDA_ARCH_LIST=12.0f", "FLASHINFER_CUDA_ARCH_LIST=12.0f", "MAX_JOBS=3"} <= {*env}


def test_vllm_is_made_anew_if_that_is_asked_for_and_stays_so_in_the_next_build(builder: Builder) -> None:
    answer = document(builder, "--rebuild-vllm", tag_of("anew:1"))
    ran = [each["name"] for each in answer["record"]["measured"]["steps"] if not each["cached"]]  # type: ignore[index]
    assert any("source.py checkout" in name and "--to vllm" in name for name in ran)
    assert not any("flashinfer-jit-cache" in name for name in ran)
    assert document(builder, tag_of("anew:1"))["same"]


def tag_of(name: str) -> str:
    return f"--tag={name}"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--vllm-ref", "v9.9"), 2, f"{VLLM_URL} has no branch or tag 'v9.9'"),
        (("--vllm-ref", "abc1234"), 2, "a commit is only found by all of its 40 digits"),
        (("--apply-vllm-pr", "99"), 2, "has no pull request 99"),
        (("--vllm-repo", "git://192.168.176.1/none.git"), 1, "git://192.168.176.1/none.git does not answer"),
        (("--vllm-repo", "https://no-such-host.invalid/x.git"), 1, "does not answer: unable to access"),
        (("--network", "no-such-network"), 1, 'network mode "no-such-network" not supported by buildkit'),
        (("--base-image", "registry.invalid/x:1"), 1, "the base image registry.invalid/x:1 is not there"),
    ],
)
def test_what_is_not_there_ends_it_and_the_old_image_stays(
    builder: Builder, words: tuple[str, ...], status: int, said: str
) -> None:
    old = builder.image()
    done = builder.build(*words)
    assert done.status == status, done
    assert said in done.err
    assert builder.image() == old


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--like", "debian:1", "-t", "x:1"), "debian:1 does not say what it was built from"),
        (("--like", "no-such:1", "-t", "x:1"), "no-such:1 does not say what it was built from"),
        (("--variant", "cpu", "--wheels", "/no/such"), "--wheels: there is no /no/such"),
    ],
)
def test_images_and_folders_that_are_not_there_are_wrong_input(
    builder: Builder, words: tuple[str, ...], said: str
) -> None:
    with builder.user.running("build", "--on", "spark1", *words) as command:
        done = command.done(60)
    assert done.status == 2, done
    assert said in done.err


def test_pull_requests_that_do_not_go_together_name_the_second_with_its_hunk(builder: Builder) -> None:
    old, text = builder.image(), (builder.vllm.tree / "vllm/engine.py").read_text()
    for number in (21, 22):
        changed = text.replace("LINE_9 = 9\n", f"LINE_9 = {number}\n")
        builder.vllm.pull_request(number, {"vllm/engine.py": changed})
    done = builder.build("--apply-vllm-pr", "21", "--apply-vllm-pr", "22")
    assert done.status == 1, done
    assert "pull request 22 does not apply to vllm/engine.py (patch-refused)" in done.err
    assert "vllm/engine.py:9" in done.err
    assert "LINE_9 = 22" in done.err
    assert builder.image() == old


def test_an_image_that_fails_its_checks_does_not_get_the_name(builder: Builder) -> None:
    old = builder.image()
    done = builder.build("--gpu-arch", "7.0")  # the torch of the base has no code for it
    assert done.status == 1, done
    assert "the new image is unfit: torch: torch has no code for 7.0" in done.err
    assert builder.image() == old


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_broken_off_ends_on_the_host_and_leaves_nothing(
    builder: Builder, number: signal.Signals
) -> None:
    old = builder.image()
    commit = builder.vllm.commit({"setup.py": SLOW, "vllm/engine.py": f"# {number}\n"})
    try:
        with builder.building("--vllm-ref", commit) as command:
            until(
                lambda: builder.bed.run("pgrep", "-f", "uv build.*vllm|[u]v build", check=False),
                "it compiles",
                300,
            )
            command.signal(number)
            done = command.done(60)
    finally:
        builder.vllm.commit({"setup.py": VLLM["setup.py"]})
    assert done.status == 130, done
    assert "nothing of it is left but docker's cache" in done.err
    assert builder.image() == old
    until(lambda: not builder.bed.run("pgrep", "-f", "[u]v build", check=False), "the step has ended", 30)


def test_a_check_that_is_broken_off_ends_too(builder: Builder) -> None:
    old = builder.image()
    with builder.building("--gpu-arch", "12.0a") as command:
        command.expect("look at the image from inside")
        until(lambda: builder.bed.run("docker", "ps", "-q"), "the check runs", 60)
        command.signal()
        done = command.done(60)
    assert done.status == 130, done
    assert builder.image() == old


def test_a_build_ends_with_the_machine_that_asked_for_it_and_the_next_one_clears_up(shop: Builder) -> None:
    old = shop.image()
    commit = shop.vllm.commit({"setup.py": SLOW})
    with shop.building("--vllm-ref", commit) as command:
        until(lambda: shop.bed.run("pgrep", "-f", "[u]v build", check=False), "it compiles", 300)
        shop.user.close()  # kills all of it
        command.done(60)
    shop.vllm.commit({"setup.py": VLLM["setup.py"]})
    until(
        lambda: not shop.bed.run("pgrep", "-f", "[u]v build|[d]ocker build", check=False), "it has ended", 60
    )
    assert shop.image() == old
    done = shop.build()
    assert done.status == 0, done
    shop.nothing_is_left()


def test_without_docker_nothing_is_begun(builder: Builder) -> None:
    builder.bed.run("systemctl", "stop", "docker")
    try:
        done = builder.build()
    finally:
        builder.bed.run("systemctl", "start", "docker")
    assert done.status == 5, done
    assert "docker does not run" in done.err


def test_a_disk_that_is_too_small_is_refused_and_one_that_fills_up_is_told_of(builder: Builder) -> None:
    """The disk has room for many bytes, and for few files: docker counts bytes as well."""
    bed = builder.bed
    bed.run("docker", "save", "-o", "/root/fit.tar", FIT)
    before = builder.image()
    try:
        for size, status, said in (("1g", 5, "are free at /var/lib/docker"), ("12g", 1, "the disk is full")):
            bed.run("systemctl", "stop", "docker")
            options = f"size={size},nr_inodes=14000"
            bed.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", "/var/lib/docker")
            try:
                bed.run("systemctl", "start", "docker")
                bed.run("docker", "load", "-i", "/root/fit.tar")
                done = builder.build()
                assert done.status == status, done
                assert "(no-disk)" in done.err
                assert said in done.err
                builder.nothing_is_left()
            finally:
                bed.run("systemctl", "stop", "docker")
                bed.run("umount", "--lazy", "/var/lib/docker")
    finally:
        bed.run("systemctl", "start", "docker")
    assert builder.image() == before
