"""A model or a configuration that is named by its path, as a container will see it."""

from dataclasses import replace

import pytest
from tests.planning.hosts import request
from tests.planning.test_containers import decided, places, refused

from sparkup.domain.container import ContainerRequest, Mount
from sparkup.domain.launch import LaunchRequest
from sparkup.facts.programs import Lookup
from sparkup.planning.host_paths import inside_lookup, on_host, source_of
from sparkup.planning.processes import command_lookup
from sparkup.planning.resolve import Resolved

FOLDER = Lookup("", "folder", model_configured=True)
MOUNTS = (Mount("~/models", "/models"), Mount("/deep", "/models/deep/"), Mount("volume", "/volume"))
FOUND = places({"~/models": ("/home/ada/models", "folder"), "/deep": ("/deep", "folder")})


def serving(model: str, *words: str, mounts: tuple[Mount, ...] = ()) -> LaunchRequest:
    return request("vllm", "serve", model, *words, container=ContainerRequest(mounts=mounts))


def reached(asked: LaunchRequest, inside: Lookup) -> Resolved:
    found = replace(FOUND, caches=(("/mnt/hf", "/root/.cache/huggingface"), ("/c", "/c")))
    return decided(asked, inside=inside, places=found)


def mounted(found: Resolved) -> list[tuple[str, str]]:
    container = found.launch.container
    assert container is not None
    return [(mount.source, mount.target) for mount in container.mounts if mount.read_only]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/models/x", "~/models/x"),
        ("/models", "~/models"),
        ("/models/deep/x", "/deep/x"),
        ("/models/deeper", "~/models/deeper"),
        ("/modelsx", "/modelsx"),
        ("/volume/x", ""),
        ("/other", "/other"),
        ("~/x", "~/x"),
        ("./x", "/home/ada/x"),
        ("../x", "/home/x"),
    ],
)
def test_where_the_host_has_a_path_of_the_container(path: str, there: str) -> None:
    assert on_host(path, serving("m", mounts=MOUNTS)) == there


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("../model", "~/../model"),
        ("..", "~/.."),
        ("./x/../../model", "~/../model"),
        ("./x/", "~/x"),
        (".", "~"),
        ("~/../model", "~/../model"),
    ],
)
def test_on_another_machine_it_begins_in_the_home_there_wherever_that_is(path: str, there: str) -> None:
    asked = replace(serving(path), cwd="")
    assert on_host(path, asked) == there
    assert source_of(Mount(path, "/x"), asked) == there
    found = reached(asked, replace(FOLDER, model_path="/home/model"))
    assert mounted(found) == [("/home/model", "/home/model")]
    assert found.launch.argv[2] == "/home/model"


def test_what_is_asked_of_the_host() -> None:
    asked = serving("/models/x", "--config", "serve.yaml", mounts=MOUNTS)
    fact = inside_lookup(asked)
    assert fact.requests["model"].body["paths"][0] == "~/models/x"
    assert fact.requests["config"].body["globs"] == ["/home/ada/serve.yaml"]
    for other in (serving("org/name"), request("sleep", "5")):
        assert inside_lookup(other).name == command_lookup(other).name  # no path, nothing more to ask


def test_a_folder_of_the_host_is_mounted_where_it_is() -> None:
    found = reached(serving("/data/x"), replace(FOLDER, model_path="/data/x"))
    assert mounted(found) == [("/data/x", "/data/x")]
    assert found.launch.argv[2] == "/data/x"
    assert found.notes[1] == "local: /data/x is mounted, to be read only"


@pytest.mark.parametrize("word", ["./x", "../ada/x", "~/x"])
def test_a_relative_path_is_made_whole(word: str) -> None:
    found = reached(serving(word), replace(FOLDER, model_path="/home/ada/x"))
    assert mounted(found) == [("/home/ada/x", "/home/ada/x")]
    assert found.launch.argv[2] == "/home/ada/x"


def test_also_behind_an_equals_sign() -> None:
    asked = request("vllm", "serve", "--model=./x")
    found = reached(asked, replace(FOLDER, model_path="/home/ada/x"))
    assert found.launch.argv[2] == "--model=/home/ada/x"


def test_a_file_is_mounted_too() -> None:
    found = reached(serving("/data/x.gguf"), Lookup("", "file", model_path="/data/x.gguf"))
    assert mounted(found) == [("/data/x.gguf", "/data/x.gguf")]


def test_a_snapshot_comes_with_the_files_that_it_links_to() -> None:
    model = "/hub/models--a--b"
    found = reached(serving(f"{model}/snapshots/1f"), replace(FOLDER, model_path=f"{model}/snapshots/1f"))
    assert mounted(found) == [(model, model)]
    assert found.launch.argv[2] == f"{model}/snapshots/1f"


def test_what_a_mount_has_is_left_as_it_is() -> None:
    found = reached(serving("/models/x", mounts=MOUNTS), replace(FOLDER, model_path="/home/ada/models/x"))
    assert mounted(found) == []
    assert found.launch.argv[2] == "/models/x"
    assert len(found.notes) == 1
    inside_volume = reached(serving("/volume/x", mounts=MOUNTS), Lookup())
    assert len(inside_volume.notes) == 1


def test_what_a_cache_has_is_left_as_it_is() -> None:
    assert len(reached(serving("/root/.cache/huggingface/x"), Lookup()).notes) == 1
    same = reached(serving("/c/x"), replace(FOLDER, model_path="/c/x"))
    assert mounted(same) == []
    other = reached(
        serving("/root/.cache/huggingface/x"), replace(FOLDER, model_path="/root/.cache/huggingface/x")
    )
    assert mounted(other) == [("/root/.cache/huggingface/x", "/root/.cache/huggingface/x")]


def test_a_whole_path_that_the_host_has_not_may_be_the_images() -> None:
    found = reached(serving("/opt/x"), Lookup())
    assert mounted(found) == []
    assert found.notes[1] == "local: there is no /opt/x, and no -v leads there: it must be in the image"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("/models/x", "there is no ~/models/x, which is /models/x in the container"),
        ("./x", "there is no /home/ada/x"),
        ("~/x", "there is no ~/x"),
    ],
)
def test_a_path_that_leads_nowhere(model: str, message: str) -> None:
    (problem,) = refused(serving(model, mounts=MOUNTS), places=FOUND, inside=Lookup()).problems
    assert (problem.code, problem.message) == ("model-not-found", message)
    assert "-v" in problem.hint


def test_a_path_with_a_colon_is_never_split() -> None:
    inside = replace(FOLDER, model_path="/data/a:/etc")
    (problem,) = refused(serving("/data/a:/etc"), inside=inside).problems
    assert problem.message == "/data/a:/etc cannot be mounted: no engine takes a path with a colon"


def test_a_folder_that_holds_no_model() -> None:
    inside = Lookup("", "folder", model_path="/data/x")
    (problem,) = refused(serving("/data/x"), inside=inside).problems
    assert problem.message == "the model folder /data/x has no config.json"


def test_a_configuration_is_mounted_and_decides_the_port() -> None:
    inside = Lookup(config="port: 9100\n", config_path="/home/ada/s.yaml")
    found = reached(serving("org/name", "--config", "s.yaml"), inside)
    assert mounted(found) == [("/home/ada/s.yaml", "/home/ada/s.yaml")]
    assert found.launch.argv[3:5] == ("--config", "/home/ada/s.yaml")
    assert found.launch.port == 9100


def test_a_name_on_the_hub_is_not_looked_for_in_the_current_folder() -> None:
    found = reached(serving("org/name"), FOLDER)
    assert mounted(found) == []
    assert found.launch.argv[2] == "org/name"


def test_what_was_never_recorded_is_said() -> None:
    assert reached(serving("/data/x"), Lookup(known=False)).notes[1] == (
        "not recorded of local, so not checked: the model"
    )
    assert len(reached(serving("org/name"), Lookup(known=False)).notes) == 1
