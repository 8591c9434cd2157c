"""sparkup images here, with a docker that tells what a real one told and notes what it is asked."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fixtures.recorded import answers
from tests.user import Done, User

NAME, PREVIOUS = "vllm-node-cpu:latest", "vllm-node-cpu:previous"
DOCKER = """#!/bin/sh
cd "$(dirname "$0")/../told"
echo "$*" >> ../asked
[ ! -e down ] || { cat down >&2; exit 1; }
case "$1 $2" in
"info --format") echo '{"ServerVersion": "26.1.5"}' ;;
"context inspect") echo '{"name": "default", "host": "unix:///var/run/docker.sock"}' ;;
"image ls" | "ps -aq") echo an-id ;;
"image inspect") cat images ;;
"container inspect") cat containers ;;
"system df") cat disk ;;
*) if [ -e refused ] && grep -qxF "$*" refused; then echo "conflict" >&2; exit 1; fi ;;
esac
"""
DOWN = answers("images", "down_26")["docker images"]["err"]


@dataclass(frozen=True, slots=True)
class Desk:
    """A user with that docker, and a podman that has nothing."""

    user: User
    folder: Path

    def run(self, *words: str) -> Done:
        path = f"{self.folder / 'bin'}:{self.user.environment['PATH']}"
        return self.user.run("images", *words, env={"PATH": path})

    @property
    def changes(self) -> list[str]:
        """Return what docker was asked to change, in order."""
        asked = (self.folder / "asked").read_text().splitlines()
        verbs = ("image tag", "image rm", "builder prune")
        return [line for line in asked if line.startswith(verbs)]

    def refuse(self, *lines: str) -> None:
        """Let docker refuse some command lines."""
        (self.folder / "told" / "refused").write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def desk(user: User) -> Desk:
    folder = user.home / "docker"
    whole = answers("images", "docker_26")
    told = {
        "images": whole["docker images"]["out"],
        "containers": whole["docker containers"]["out"],
        "disk": answers("disk_use", "docker_26")["docker"]["out"],
    }
    for name in ("bin", "told"):
        (folder / name).mkdir(parents=True)
    for name, text in told.items():
        (folder / "told" / name).write_text(text)
    for name, text in {"docker": DOCKER, "podman": "#!/bin/sh\n"}.items():
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    return Desk(user, folder)


def ids() -> tuple[str, str]:
    """Return the IDs of the image of now and the one before."""
    images = json.loads(answers("images", "docker_26")["docker images"]["out"])
    found = {name: each["Id"] for each in images for name in each["RepoTags"]}
    return found[NAME], found[PREVIOUS]


def test_listing_and_showing_change_nothing(desk: Desk) -> None:
    listed = desk.run("--json").json
    assert len(listed["images"]) == 7
    shown = desk.run("show", "vllm-node-cpu", "--json").json
    assert shown["record"]["inputs"]["variant"] == "cpu"
    assert shown["images"][0]["used_by"] == ["up"]
    found = desk.run("diff", PREVIOUS, NAME, "--json").json
    assert ["source", "vllm commit"] in [[each["kind"], each["name"]] for each in found["changes"]]
    assert desk.changes == []


def test_all_is_asked_in_one_round_trip(desk: Desk) -> None:
    desk.run("list")
    asked = (desk.folder / "asked").read_text().splitlines()
    assert [line for line in asked if line.startswith("image inspect")] == ["image inspect an-id"]
    assert len([line for line in asked if line.startswith("image ls")]) == 1


def test_a_docker_that_is_down(desk: Desk) -> None:
    (desk.folder / "told" / "down").write_text(DOWN)
    (desk.folder / "bin" / "podman").write_text("#!/bin/sh\nexit 125\n")
    done = desk.run("list")
    assert (done.status, "docker does not run: Cannot connect" in done.err) == (5, True), done


def test_both_names_of_a_difference_are_looked_for(desk: Desk) -> None:
    done = desk.run("diff", "vllm-node-cpx", "nonesuch", "--json")
    assert (done.status, [each["message"] for each in done.json["problems"]]) == (
        2,
        ["there is no image vllm-node-cpx", "there is no image nonesuch"],
    )


def test_who_does_not_answer_is_told_beside_what_there_is_to_prune(desk: Desk) -> None:
    done = desk.run("prune", "--dry-run", "--json", "--host", "local,nowhere.invalid")
    assert (done.status, done.json["problems"][0]["code"]) == (3, "host-unreachable"), done
    assert len(done.json["kept"]) == 3


def test_a_rollback_gives_names_by_id(desk: Desk) -> None:
    now, before = ids()
    assert desk.run("rollback", "vllm-node-cpu").status == 0
    assert desk.changes == [f"image tag {now} {PREVIOUS}", f"image tag {before} {NAME}"]


def test_a_rollback_that_fails_is_undone(desk: Desk) -> None:
    now, before = ids()
    desk.refuse(f"image tag {before} {NAME}")
    done = desk.run("rollback", "vllm-node-cpu")
    assert (done.status, "(step-failed)" in done.err, "(not-undone)" in done.err) == (1, True, False), done
    assert desk.changes[2:] == [f"image tag {now} {NAME}", f"image tag {before} {PREVIOUS}"]


def test_what_is_refused_changes_nothing(desk: Desk) -> None:
    statuses = {
        ("rollback", "theirs:5"): 5,
        ("rollback", "vllm-node-cpx"): 2,
        ("rollback", NAME, "--engine", "podman"): 2,
        ("show", "nonesuch"): 2,
        ("prune",): 2,
        ("prune", "--yes", "--until", "5"): 2,
        ("prune", "--yes", "--nonesuch"): 2,
    }
    assert {words: desk.run(*words).status for words in statuses} == statuses
    assert not (desk.folder / "asked").exists() or desk.changes == []


def test_a_misspelt_verb_is_not_a_word_of_the_list(desk: Desk) -> None:
    done = desk.run("prun")
    assert (done.status, "did you mean prune?" in done.err) == (2, True), done


def test_a_prune_goes_on_after_what_it_cannot_remove(desk: Desk) -> None:
    dry = desk.run("prune", "--until", "0", "--others", "--dry-run", "--json").json
    first, second, *candidates = (each["image"]["id"] for each in dry["images"])
    assert desk.changes == []
    desk.refuse(f"image rm {first}")
    done = desk.run("prune", "--until", "0", "--others", "--yes", "--json")
    assert (done.status, [each["code"] for each in done.json["problems"]]) == (3, ["step-failed"]), done
    gone = {each["image"]["id"]: each["gone"] for each in done.json["images"]}
    assert gone == {first: False, second: True, **dict.fromkeys(candidates, True)}
    assert desk.changes[:2] == [f"image rm {first}", f"image rm {second}"]
    assert desk.changes[-1] == "builder prune --force --filter until=0s"


def test_a_prune_that_nobody_agreed_on_beforehand_takes_nothing_of_others(desk: Desk) -> None:
    done = desk.run("prune", "--until", "0", "--yes", "--json").json
    assert done["images"] == []
    assert len(done["kept"]) == 3
    assert desk.changes == ["builder prune --force --filter until=0s"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's podman is asked")
def test_an_image_of_two_contents_is_ambiguous(desk: Desk) -> None:
    """podman of the same machine has another one of that name."""
    other = answers("images", "docker_20_podman_4")["podman images"]["out"]
    (desk.folder / "told" / "others").write_text(other)
    tells = f'"image ls") echo i ;; "image inspect") cat {desk.folder}/told/others ;;'
    (desk.folder / "bin" / "podman").write_text(f'#!/bin/sh\ncase "$1 $2" in {tells} esac\n')
    done = desk.run("show", "vllm-node-cpu")
    assert (done.status, "is 2 different images (ambiguous-image)" in done.err) == (2, True), done
