"""What a host tells of podman, recorded from podman 4.3.1 (docker is there too, with nothing in it)."""

from tests.fixtures.recorded import answers

from sparkup.domain.launch import Engine
from sparkup.facts import container_engines, containers


def test_its_containers_in_dockers_words() -> None:
    found = containers.CONTAINERS.parse(answers("containers", "podman_4"))
    assert [(each.name, each.state, each.launch, each.attempt) for each in found] == [
        ("up", "running", "up", "a1"),
        ("gone", "exited", "gone", "a2"),
        ("made", "created", "", "a3"),
        ("held", "paused", "held", "a4"),
        ("theirs", "running", "theirs", "a5"),
        ("plain", "running", "", ""),
    ]
    assert {(each.engine, each.image) for each in found} == {(Engine.PODMAN, "localhost/base:1")}


def test_its_image() -> None:
    found = containers.image("base:1").parse(answers("image", "podman_4"))
    assert set(found) == {Engine.PODMAN}
    assert (found[Engine.PODMAN].architecture, found[Engine.PODMAN].user) == ("amd64", "")
    assert not containers.image("nonesuch:1").parse(answers("image", "absent_podman_4"))


def test_whether_it_answers_and_what_it_has() -> None:
    state = container_engines.parse(answers("engines", "podman_4"))
    assert (state.podman.state, state.podman.version, state.cdi_spec, state.gpu) == (
        "up",
        "4.3.1",
        False,
        False,
    )
    state = container_engines.parse(answers("engines", "podman_4_cdi"))
    assert (state.podman.cdi, state.cdi_spec, state.gpu) == (True, True, True)


def test_it_says_itself_why_it_does_not_work_for_a_user() -> None:
    """Without the package uidmap only root has it."""
    state = container_engines.parse(answers("engines", "no_uidmap_podman_4")).podman
    assert state.state == "failed"
    assert 'exec: "newuidmap": executable file not found' in state.message


def test_without_root_it_says_so() -> None:
    answer = answers("engines", "rootless_podman_4")
    assert container_engines.parse(answer).podman.state == "rootless"
    assert container_engines.ENGINES.recorded is not None
    recorded = container_engines.ENGINES.recorded(answer)
    assert container_engines.parse(recorded).podman == container_engines.parse(answer).podman
    assert "kernel" not in recorded["podman"]["out"]
