"""What sparkup images says of, and does with, what sparkup build has really built."""

from collections.abc import Iterator

import pytest
from tests.docked_fixture import skip_unless_there
from tests.e2e.build_bed import TAG, Builder, booted_builder
from tests.user import Json

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts, pytest.mark.timeout(1800)]
PREVIOUS = "mine:1-previous"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A host on which one name was built twice, the second time of a newer commit with a pull request."""
    skip_unless_there()
    with booted_builder(tmp_path_factory.mktemp("built")) as found:
        assert found.build().status == 0
        text = (found.vllm.tree / "vllm/engine.py").read_text()
        commit = found.vllm.commit({"vllm/new.py": "1\n"})
        found.vllm.pull_request(12, {"vllm/engine.py": text + "# 12\n"}, commit)
        assert found.build("--apply-vllm-pr", "12").status == 0
        yield found


def images(builder: Builder, *words: str) -> Json:
    return builder.user.json("images", *words, "--host", "spark1")


def test_both_builds_are_known_with_what_was_found_in_them(builder: Builder) -> None:
    rows = {name: each for each in images(builder)["images"] for name in each["names"]}
    assert {rows[name]["variant"] for name in (TAG, PREVIOUS)} == {"source"}
    before, now = (rows[name]["versions"]["vllm"] for name in (PREVIOUS, TAG))
    assert (before, now.partition("+")[0]) == ("1.0", "1.1.dev2")  # the newer commit and the pull request
    record = images(builder, "show", TAG)["record"]
    assert record["fingerprint"] == rows[TAG]["fingerprint"]
    assert "--port" in record["measured"]["flags"]


def test_what_differs_is_what_was_asked_for(builder: Builder) -> None:
    found = images(builder, "diff", PREVIOUS, TAG)
    assert [each["name"] for each in found["changes"] if each["kind"] == "source"] == ["vllm commit"]
    (applied,) = (each for each in found["changes"] if each["kind"] == "pull-request")
    assert (applied["name"].split()[0], applied["before"]) == ("#12", None)
    assert (found["flags_added"], found["flags_removed"]) == ([], [])
    assert found["layers"] > 0


def test_the_way_back_and_what_may_go(builder: Builder) -> None:
    first, second = builder.image(PREVIOUS), builder.image()
    images(builder, "rollback", TAG)
    assert (builder.image(), builder.image(PREVIOUS)) == (first, second)
    builder.vllm.commit({"vllm/newer.py": "1\n"})
    assert builder.build().status == 0
    # A build after a rollback keeps the image that it was rolled back to; the other has no name any more.
    assert builder.image(PREVIOUS) == first
    done = images(builder, "prune", "--until", "0", "--yes")
    assert [(each["image"]["id"], each["gone"]) for each in done["images"]] == [(second, True)]
    assert done["cache"] == ["spark1"]
    assert builder.image(second) == ""
