"""Which engine runs a launch, what its container gets, and everything that keeps it from being had."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.fixtures.recorded import answers
from tests.planning.hosts import ADA, CPU, PLACES, request, running, seen

from sparkup.domain.container import Container, ContainerLimits, ContainerRequest, Mount
from sparkup.domain.launch import Engine, Launch, LaunchRequest, Limits
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError
from sparkup.facts import container_engines, containers
from sparkup.facts.container_engines import Engines, EngineState
from sparkup.facts.containers import ContainerState, Image
from sparkup.facts.mounts import Places
from sparkup.planning.containers import container_of, engine_of, why_none
from sparkup.planning.engine_words import devices
from sparkup.planning.resolve import Resolved, resolve

DOCKER, PODMAN, HOST = Engine.DOCKER, Engine.PODMAN, Engine.HOST
UP: Engines = container_engines.parse(answers("engines", "docker_20"))
DENIED: Engines = container_engines.parse(answers("engines", "denied_26"))
DOWN: Engines = container_engines.parse(answers("engines", "down_28"))
ABSENT: Engines = container_engines.parse(answers("engines", "absent"))
BOTH = replace(UP, podman=EngineState("up", version="4.3.1", cdi=True))
BROKEN = replace(UP, docker=EngineState("failed", "no answer in time"))
ODD = containers.image("odd:1").parse(answers("image", "docker_20"))[DOCKER]  # runs as nobody
IMAGE = Image("sha256:1", "amd64", "linux", "", "/workspace", ("/entry",))
IMAGES = {DOCKER: IMAGE}
CACHES = (("/home/ada/.cache/huggingface", "/root/.cache/huggingface"), ("/mnt/vllm", "/root/.cache/vllm"))
THERE = Places({}, CACHES, "/home/ada")


def decided(asked: LaunchRequest | None = None, **there: Any) -> Resolved:  # noqa: ANN401 - as seen() has it
    asked = asked or request()
    there = {"engines": UP, "images": IMAGES, "places": THERE, **there}
    return resolve(asked, {"local": seen(asked, **there)}, "a1b2")


def inside(asked: LaunchRequest | None = None, **there: Any) -> Container:  # noqa: ANN401
    found = decided(asked, **there).launch.container
    assert found is not None
    return found


def refused(asked: LaunchRequest | None = None, **there: Any) -> SparkupError:  # noqa: ANN401
    with pytest.raises((InputRefused, GateRefused)) as caught:
        decided(asked, **there)
    assert all(problem.where == "local" and problem.hint for problem in caught.value.problems)
    return caught.value


def refusal(asked: LaunchRequest | None = None, **there: Any) -> Problem:  # noqa: ANN401
    (problem,) = refused(asked, **there).problems
    return problem


ASKED = ContainerRequest(asked=True)


@pytest.mark.parametrize(
    ("asked", "engines", "images", "engine"),
    [
        (request(), UP, (DOCKER,), DOCKER),
        (request(), BOTH, (DOCKER, PODMAN), DOCKER),
        (request(), BOTH, (PODMAN,), PODMAN),
        (request(), UP, (), HOST),
        (request(), ABSENT, (), HOST),
        (request(), DENIED, (), HOST),
        (request(), DENIED, (DOCKER,), HOST),
        (request(container=ASKED), UP, (), DOCKER),
        (request(container=ASKED), ABSENT, (), DOCKER),
        (request(container=ASKED), replace(ABSENT, podman=BOTH.podman), (), PODMAN),
        (request(engine=HOST), UP, (DOCKER,), HOST),
        (request(engine=PODMAN), UP, (DOCKER,), PODMAN),
        (request(venv="cpu"), UP, (DOCKER,), HOST),
        (request(venv="none"), UP, (DOCKER,), HOST),
    ],
)
def test_which_engine_runs_it(
    asked: LaunchRequest, engines: Engines, images: tuple[Engine, ...], engine: Engine
) -> None:
    there = seen(asked, engines=engines, images=dict.fromkeys(images, IMAGE))
    assert engine_of(asked, there) is engine


@pytest.mark.parametrize(
    ("asked", "engines", "notes"),
    [
        (request(), UP, ("engine host: docker has no image vllm-node (another: -t IMAGE)",)),
        (request(), DENIED, ("engine host: docker does not let ada in",)),
        (request(), DOWN, ("engine host: docker does not run",)),
        (request(), BROKEN, ("engine host: docker does not answer",)),
        (request(), ABSENT, ()),
        (request(engine=HOST), UP, ()),
        (request(venv="none"), UP, ()),
        (request("sleep", "5"), DOWN, ()),  # what it prints is what is wanted
    ],
)
def test_that_it_runs_in_no_container_is_said_where_it_might_have(
    asked: LaunchRequest, engines: Engines, notes: tuple[str, ...]
) -> None:
    assert why_none(asked, seen(asked, engines=engines)) == notes
    assert decided(asked, engines=engines, images={}, environments_=()).notes == notes


def test_what_a_container_gets() -> None:
    found = decided()
    assert found.launch.engine is DOCKER
    assert found.launch.cwd == "/workspace"
    assert found.launch.environment.plain == {"NCCL_IGNORE_CPU_AFFINITY": "1"}
    assert found.launch.container == Container(
        image="vllm-node",
        image_id="sha256:1",
        working_dir="/workspace",
        infiniband=True,
        mounts=tuple(Mount(source, target, cache=True) for source, target in CACHES),
    )
    assert found.notes == ("engine docker, image vllm-node",)


def test_the_entrypoint_of_the_image_only_where_it_is_to_stay() -> None:
    assert inside(request(container=ContainerRequest(keep_entrypoint=True))).entrypoint == ("/entry",)


def test_an_image_without_a_folder_of_its_own_begins_at_the_root() -> None:
    images = {DOCKER: replace(IMAGE, working_dir="")}
    assert inside(images=images).working_dir == "/"


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:root"])
def test_caches_are_for_root_in_the_image(user: str) -> None:
    images = {DOCKER: replace(IMAGE, user=user)}
    assert len(inside(images=images).mounts) == 2
    assert inside(images=images).user == ""


@pytest.mark.parametrize(("count", "more"), [(1, ""), (3, ""), (5, " and 2 more")])
def test_what_root_has_made_is_told_with_its_remedy(count: int, more: str) -> None:
    made = tuple(f"/home/ada/.cache/vllm/{number}" for number in range(count))
    found = decided(images={DOCKER: IMAGE}, places=replace(THERE, roots=made))
    first = " ".join(made[:3])
    assert f"root in containers has made {first}{more}; to own it: sudo chown -R ada {first}" in found.notes


def test_an_image_of_another_user_gets_none_and_that_is_said() -> None:
    found = decided(images={DOCKER: ODD})
    assert found.launch.container is not None
    assert (found.launch.container.user, found.launch.container.mounts) == ("nobody", ())
    assert found.notes[1] == "no caches are mounted: the image runs as nobody, and they are for root in it"
    fewer = decided(request(container=ContainerRequest(caches=False)), images={DOCKER: ODD})
    assert fewer.notes[1] == found.notes[1]  # nor that of models


def test_caches_that_are_not_wanted_or_that_the_user_mounts_himself() -> None:
    found = inside(request(container=ContainerRequest(caches=False))).mounts
    assert found == (Mount(*CACHES[0], cache=True),)  # what was downloaded is not compiled anew
    own = ContainerRequest(mounts=(Mount("/m", "/root/.cache/vllm/"),))
    mounts = inside(request(container=own), places=replace(THERE, found={"/m": ("/m", "folder")})).mounts
    assert [mount.source for mount in mounts] == ["/home/ada/.cache/huggingface", "/m"]


def test_a_cache_that_the_user_mounts_as_we_do_may_be_missing() -> None:
    own = ContainerRequest(mounts=(Mount("$HOME/.cache/huggingface", "/root/.cache/huggingface"),))
    there = replace(THERE, found={"$HOME/.cache/huggingface": (CACHES[0][0], "")})
    assert set(inside(request(container=own), places=there).mounts) == set(inside().mounts)


@pytest.mark.parametrize("source", ["/mnt/a:b", "cache", ""])
def test_a_cache_that_cannot_be_mounted(source: str) -> None:
    problem = refusal(places=replace(THERE, caches=((source, "/root/.cache/vllm"),)))
    assert problem.code == "bad-option"
    assert "or mount another in its place: -v FOLDER:/root/.cache/vllm" in problem.hint


def with_mounts(*mounts: Mount, cwd: str = "/home/ada") -> LaunchRequest:
    return replace(request(container=ContainerRequest(mounts=mounts)), cwd=cwd)


def places(found: Mapping[str, tuple[str, str]]) -> Places:
    return replace(PLACES, found=found)


def test_mounts_are_written_as_the_host_has_them() -> None:
    asked = with_mounts(Mount("~/m", "/m"), Mount("./x", "/x", read_only=True), Mount("models", "/v"))
    found = {"~/m": ("/home/ada/m", "folder"), "/home/ada/x": ("/home/ada/x", "file")}
    assert inside(asked, places=places(found)).mounts == (
        Mount("/home/ada/m", "/m"),
        Mount("/home/ada/x", "/x", read_only=True),
        Mount("models", "/v"),  # a volume of the engine: nothing of the host
    )


def test_on_another_machine_a_relative_mount_begins_in_the_home_there() -> None:
    asked = with_mounts(Mount("x/y", "/x"), cwd="")
    found = {"~/x/y": ("/home/ada/x/y", "folder")}
    assert inside(asked, places=places(found)).mounts == (Mount("/home/ada/x/y", "/x"),)


def test_a_mount_that_is_not_there_or_that_no_engine_takes() -> None:
    asked = with_mounts(Mount("/none", "/a"), Mount("$ODD", "/b"), Mount("$UNSET/c", "/c"))
    found = {
        "/none": ("/none", ""),
        "$ODD": ("/a:/etc", "folder"),  # would be split elsewhere
        "$UNSET/c": ("$UNSET/c", ""),
    }
    problems = refused(asked, places=places(found)).problems
    assert [problem.code for problem in problems] == ["mount-not-found", "bad-option", "mount-not-found"]
    assert problems[2].message == "there is no $UNSET/c to mount"


def test_the_home_of_the_host_is_put_into_words_for_the_engine() -> None:
    asked = request(container=ContainerRequest(extra=("--label", "home=$HOME")))
    assert inside(asked).extra == ("--label", "home=/home/ada")


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("--env-file", "$HOME/env"), "$HOME/env"),
        (("--env-file=/etc/env",), "/etc/env"),
        (("--env-file", "env"), "/home/ada/x/env"),
    ],
)
def test_a_file_of_variables_that_is_not_there(words: tuple[str, ...], path: str) -> None:
    asked = replace(request(container=ContainerRequest(extra=words)), cwd="/home/ada/x")
    assert inside(asked, places=replace(THERE, found={path: ("/found", "file")})).extra[0] == words[0]
    problem = refusal(asked, places=replace(THERE, found={path: ("/looked/for", "")}))
    assert problem.message == "there is no /looked/for to read variables from"


def test_a_device_is_named_by_its_whole_path() -> None:
    asked = request(container=ContainerRequest(extra=("--device", "fuse", "--device", "a.com/b=c")))
    assert refusal(asked).message == "--device fuse is no device"  # podman 4.3 starts without it, in silence


GPU = replace(UP, gpu=True)
PLAIN = replace(GPU, docker=EngineState("up", version="28.0", cdi=True))


@pytest.mark.parametrize(
    ("engines", "gpus"),
    [
        (UP, ""),
        (GPU, "all"),
        (replace(GPU, cdi_mode=True), "runtime"),
        (replace(PLAIN, cdi_spec=True), "cdi"),
    ],
)
def test_how_the_gpu_is_given(engines: Engines, gpus: str) -> None:
    assert inside(engines=engines).gpus == gpus


@pytest.mark.parametrize(
    ("engines", "hint"),
    [
        (replace(GPU, docker=replace(GPU.docker, snap=True)), "remove snap's docker"),
        (PLAIN, "once: sudo nvidia-ctk runtime configure --runtime=docker"),
    ],
)
def test_a_gpu_that_the_container_would_not_see(engines: Engines, hint: str) -> None:
    problem = refusal(engines=engines)
    assert problem.code == "no-gpu-in-container"
    assert problem.hint.startswith(hint)


def test_podman_gives_the_gpu_by_its_specification() -> None:
    both, podman = replace(BOTH, gpu=True), request(engine=PODMAN)
    assert inside(podman, engines=replace(both, cdi_spec=True), images={PODMAN: IMAGE}).gpus == "cdi"
    problem = refusal(podman, engines=both, images={PODMAN: IMAGE})
    assert problem.hint == "once: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"


@pytest.mark.parametrize(
    ("extra", "limits", "message"),
    [
        (("--gpus", "all"), None, "podman ignores --gpus"),
        (("--shm-size=1g",), None, "podman takes no --shm-size with the host's IPC namespace"),
        (("--shm-size=1g",), ContainerLimits(), ""),
        (("--shm-size=1g", "--ipc=private"), None, ""),
    ],
)
def test_words_that_podman_does_not_take(
    extra: tuple[str, ...], limits: ContainerLimits | None, message: str
) -> None:
    asked = request(engine=PODMAN, container=ContainerRequest(extra=extra, limits=limits))
    there = {"engines": BOTH, "images": {PODMAN: IMAGE}}
    if message:
        assert refusal(asked, **there).message == message
    else:
        assert inside(asked, **there).extra == extra


@pytest.mark.parametrize(
    ("engines", "message", "hint"),
    [
        (ABSENT, "docker is not installed", "sudo apt-get install docker.io"),
        (DENIED, "ada may not use docker: permission denied", "once: sudo usermod -aG docker ada"),
        (DOWN, "docker does not run: Cannot connect", "sudo systemctl start docker"),
        (BROKEN, "docker does not answer: no answer in time", "see what `docker info` says there"),
    ],
)
def test_an_engine_that_is_not_up(engines: Engines, message: str, hint: str) -> None:
    error = refused(request(engine=DOCKER), engines=engines)
    (problem,) = error.problems
    assert isinstance(error, GateRefused)
    assert problem.code == "no-engine"
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)


def test_podman_that_is_not_there() -> None:
    assert refusal(request(engine=PODMAN)).hint.startswith("sudo apt-get install podman")


def test_an_image_that_is_not_there() -> None:
    error = refused(request(engine=DOCKER, container=ContainerRequest(image="a/b:1")), images={})
    assert isinstance(error, InputRefused)
    assert error.problems[0].message == "docker has no image a/b:1"
    assert "docker pull a/b:1" in error.problems[0].hint


def test_an_image_for_other_processors() -> None:
    problem = refusal(images={DOCKER: replace(IMAGE, architecture="arm64")})
    assert problem.message == "the image vllm-node is for linux/arm64, this machine is amd64"
    spark = replace(ADA, architecture="aarch64")
    assert (
        inside(machine_=spark, images={DOCKER: replace(IMAGE, architecture="arm64")}).image_id == "sha256:1"
    )


def test_limits_are_for_a_container_without_privileges() -> None:
    limits = Limits(8 << 30)
    assert refusal(request(limits=limits)).message == "limits of a container need --non-privileged"
    held = ContainerRequest(limits=ContainerLimits(8 << 30))
    assert inside(request(limits=limits, container=held)).limits == held.limits
    # What is said of an engine that does not run is not also said of limits that were asked for rightly.
    assert refusal(request(limits=limits, container=held, engine=DOCKER), engines=DOWN).code == "no-engine"


def test_a_managed_environment_is_not_for_containers() -> None:
    problem = refusal(request(engine=DOCKER, venv="cpu"), environments_=[CPU])
    assert problem.message == "a container of docker has no managed environment"


def test_options_of_containers_are_not_for_the_engine_host() -> None:
    asked = request(engine=HOST, container=ASKED, limits=Limits(1), venv="rocm")
    codes = [problem.code for problem in refused(asked).problems]
    assert codes == ["no-limits", "bad-option", "unknown-environment"]
    (problem,) = refused(request(container=ASKED, venv="none")).problems
    assert problem.hint == "leave the options of containers out, or --venv"
    (problem,) = refused(request(container=ASKED, engine=HOST)).problems
    assert problem.hint == "leave the options of containers out, or --engine host"


def test_everything_wrong_is_said_at_once() -> None:
    asked = request(
        engine=DOCKER,
        venv="cpu",
        limits=Limits(1),
        container=ContainerRequest(image="none", mounts=(Mount("/none", "/n"),)),
    )
    error = refused(asked, images={}, places=places({"/none": ("/none", "")}))
    codes = [problem.code for problem in error.problems]
    assert codes == ["mount-not-found", "bad-option", "bad-option", "image-not-found"]


THEIRS = ContainerState(DOCKER, "c1", "exited", "vllm_node", image="vllm/vllm-openai")


def test_a_name_that_somebody_elses_container_has() -> None:
    problem = refusal(containers_=[THEIRS])
    assert problem.message == (
        "vllm_node is the name of a container of somebody else: vllm/vllm-openai (exited)"
    )
    assert problem.hint == "choose another with --name, or: docker rm vllm_node"
    running_one = refusal(containers_=[replace(THEIRS, state="running", launch="vllm_node")])
    assert "a launch that is not this user's" in running_one.message
    assert running_one.hint == "choose another with --name"  # not to kill a colleague's server


def test_a_name_is_not_held_by_our_own_that_has_ended_nor_by_another_engines() -> None:
    ended = running(port=None, alive=False)
    ours = replace(THEIRS, launch="vllm_node", attempt=ended.attempt)
    assert inside(containers_=[ours], launches_=[ended]).image == "vllm-node"
    podmans = request(engine=PODMAN)
    assert inside(podmans, engines=BOTH, images={PODMAN: IMAGE}, containers_=[THEIRS]).image == "vllm-node"


def test_the_container_of_a_launch() -> None:
    rank = replace(running(), spec={"engine": "docker"})
    up = replace(THEIRS, state="running", attempt=rank.attempt)
    assert not running().contained
    assert rank.contained
    assert container_of(rank, seen(containers_=[THEIRS, up], engines=UP)) == up
    with pytest.raises(GateRefused) as caught:
        container_of(rank, seen(engines=DENIED))
    assert caught.value.problems[0].code == "no-engine"


@pytest.mark.parametrize(
    ("there", "state", "hint"),
    [
        ((), "gone", "sparkup status"),
        (("exited",), "exited", "sparkup status"),
        (("paused",), "paused", "let it go on: docker unpause vllm_node"),
    ],
)
def test_a_container_that_does_not_run_cannot_be_entered(
    there: tuple[str, ...], state: str, hint: str
) -> None:
    rank = replace(running(), spec={"engine": "docker"})
    found = [replace(THEIRS, state=each, attempt=rank.attempt) for each in there]
    with pytest.raises(InputRefused) as caught:
        container_of(rank, seen(containers_=found, engines=UP))
    (problem,) = caught.value.problems
    assert problem.message == f"the container of vllm_node does not run ({state})"
    assert problem.hint.startswith(hint)


def test_a_launch_without_a_container_is_one_of_the_host() -> None:
    launch: Launch = decided(request(engine=HOST)).launch
    assert (launch.engine, launch.container) == (HOST, None)


def test_a_name_of_one_letter_is_none_of_a_container() -> None:
    error = refused(request(name="a"))
    assert (error.problems[0].code, error.exit_status) == ("bad-name", 2)
    assert decided(request(name="a", engine=HOST)).launch.name == "a"


@pytest.mark.parametrize("words", [("--device", "/dev/nope"), ("--device=/dev/nope:/dev/x:rw",)])
def test_a_device_that_is_not_there_is_refused(words: tuple[str, ...]) -> None:
    """With privileges docker 20.10 and podman 4.3 start without it, in silence."""
    asked = request(container=ContainerRequest(extra=words, asked=True))
    problem = refusal(asked, places=replace(THERE, found={"/dev/nope": ("/dev/nope", "")}))
    assert (problem.code, problem.message) == ("bad-option", "there is no device /dev/nope")
    there = replace(THERE, found={"/dev/nope": ("/dev/nope", "other")})
    assert inside(asked, places=there).extra == words


def test_a_device_of_cdi_is_no_path() -> None:
    assert devices(("--device", "nvidia.com/gpu=0", "--device=vendor.com/net=1", "--tmpfs", "/x")) == ()
