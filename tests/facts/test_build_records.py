"""Records of builds, as two users of a host keep them; one is torn and one has another's name."""

import pytest
from tests.fixtures.recorded import answers

from sparkup.facts.build_records import BUILD_RECORDS

TORN, MISNAMED = "torn", "8" * 64


@pytest.mark.parametrize(
    ("case", "mine"),
    [
        ("two_users", {"5a3129ec": True, "933b1f5e": True, "99999999": False}),
        ("as_spark", {"5a3129ec": True, "933b1f5e": False, "99999999": True}),
    ],
)
def test_records_are_found_by_the_content_of_their_image(case: str, mine: dict[str, bool]) -> None:
    found = BUILD_RECORDS.parse(answers("build_records", case))
    assert {name[:8]: each.mine for name, each in found.items()} == mine
    assert {TORN, MISNAMED}.isdisjoint(found)
    assert all(name == each.record.fingerprint for name, each in found.items())


def test_what_was_measured_is_read() -> None:
    found = BUILD_RECORDS.parse(answers("build_records", "two_users"))
    versions = [each.record.measured.versions["vllm"] for each in found.values() if each.record.measured]
    assert sorted(versions) == ["0.12.0", "0.13.0"]
    assert found["9" * 64].record.measured is None


@pytest.mark.parametrize(("case", "host"), [("two_users", "spark1"), ("as_spark", "theirs")])
def test_of_two_records_of_one_image_that_of_the_user_who_asks_counts(case: str, host: str) -> None:
    found = BUILD_RECORDS.parse(answers("build_records", case))
    (record,) = (each.record for name, each in found.items() if name.startswith("5a3129ec"))
    assert record.measured is not None
    assert record.measured.host == host
