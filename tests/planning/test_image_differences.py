"""What differs between two images, as far as each is known."""

from dataclasses import replace

from tests.planning.stores import NAME, PREVIOUS, docker, host, measured, named

from sparkup.domain.image import Change, ImagesDiffer
from sparkup.planning.image_differences import HIDDEN, differences
from sparkup.planning.images import Held

IMAGES = docker(host())
NEW, OLD, THEIRS = (named(IMAGES, name) for name in (NAME, PREVIOUS, "theirs:5"))
VLLM = "https://github.com/vllm-project/vllm.git"


def changes(found: ImagesDiffer, kind: str) -> dict[str, tuple[str | None, str | None]]:
    return {each.name: (each.before, each.after) for each in found.changes if each.kind == kind}


def with_env(image: Held, *variables: str) -> Held:
    return replace(image, image=replace(image.image, config={"Env": [*variables]}))


def test_two_builds() -> None:
    found = differences(OLD, NEW)
    assert not found.same
    assert changes(found, "source") == {"vllm commit": ("1" * 40, "2" * 40)}
    assert changes(found, "pull-request") == {
        f"#12345 of {VLLM}": ("a" * 40, "c" * 40),
        f"#777 of {VLLM}": (None, "f" * 40),
    }
    assert changes(found, "argument") == {"CACHEBUST_DEPS": ("1", "2"), "VLLM_REF": ("1" * 40, "2" * 40)}
    assert changes(found, "version") == {"vllm": ("0.12.0", "0.13.0")}
    assert (found.flags_added, found.flags_removed) == (("--new-flag",), ("--old-flag",))
    assert (found.layers, found.notes) == (2, ())
    assert {each.kind for each in found.changes} == {"source", "pull-request", "argument", "version"}


def test_the_other_way_round_the_same_is_told_of_the_other_side() -> None:
    there, back = differences(OLD, NEW), differences(NEW, OLD)
    turned = [Change(each.kind, each.name, each.after, each.before) for each in back.changes]
    assert sorted(map(str, there.changes)) == sorted(map(str, turned))
    assert (back.flags_added, back.flags_removed) == (there.flags_removed, there.flags_added)


def test_an_image_and_itself() -> None:
    found = differences(NEW, replace(NEW, host="spark2"))
    assert (found.same, found.changes, found.notes) == (True, (), ())
    assert (found.flags_added, found.flags_removed) == ((), ())


def test_the_order_of_pull_requests_is_an_input() -> None:
    record = measured(NEW)
    turned = replace(record.inputs, pull_requests=record.inputs.pull_requests[::-1])
    other = replace(NEW, record=replace(record, inputs=turned), image=replace(NEW.image, fingerprint="1"))
    assert differences(NEW, other).changes == (
        Change("pull-request", "order", "#12345, #777", "#777, #12345"),
    )


def test_an_image_of_others_is_told_by_what_it_is() -> None:
    found = differences(THEIRS, NEW)
    assert changes(found, "environment") == {"A": (None, "1"), "B": ("2", None)}
    assert changes(found, "config") == {"WorkingDir": ("/", "/workspace")}
    assert changes(found, "size") == {"": (str(THEIRS.image.size), str(NEW.image.size))}
    assert changes(found, "source") == {}
    assert (found.flags_added, found.flags_removed) == (None, None)
    (note,) = found.notes
    assert note.endswith("says nothing of its build: sparkup did not build it")


def test_an_image_that_was_measured_elsewhere() -> None:
    record = measured(OLD)
    found = differences(replace(OLD, record=replace(record, measured=None)), NEW)
    assert "vllm commit" in changes(found, "source")
    assert changes(found, "version") == {}
    assert found.notes == (f"what was measured of {PREVIOUS} is on none of these hosts",)


def test_two_builds_of_the_same() -> None:
    other = replace(NEW, image=replace(NEW.image, fingerprint="1", layers=NEW.image.layers[:1]))
    found = differences(NEW, other)
    assert (found.changes, found.layers) == ((), 1)
    assert found.notes[0].startswith("both were built from the same")


def test_a_check_that_fails_is_a_change() -> None:
    record = measured(NEW)
    assert record.measured is not None
    checks = tuple(replace(each, ok=False) for each in record.measured.checks)
    worse = replace(record, measured=replace(record.measured, checks=checks))
    other = replace(NEW, record=worse, image=replace(NEW.image, fingerprint="1"))
    assert changes(differences(NEW, other), "check") == {
        "imports": ("passed", "failed"),
        "kernel": ("not judged", "failed"),
    }


def test_a_secret_of_an_image_is_told_to_differ_and_not_shown() -> None:
    first, second = (with_env(THEIRS, f"HF_TOKEN=hf_{word}", "A=1") for word in ("one", "two"))
    other = replace(second, image=replace(second.image, fingerprint="1"))
    found = differences(first, other)
    assert changes(found, "environment") == {"HF_TOKEN": (HIDDEN, HIDDEN)}
