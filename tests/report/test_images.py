"""What people read of images."""

from dataclasses import replace

from tests.report.image_examples import (
    BACK,
    BEFORE,
    DIFFER,
    FOREIGN,
    IMAGES,
    MAY_GO,
    NAME,
    NOW,
    PREVIOUS,
    PRUNED,
    SHOWN,
)

from sparkup.domain.answer import Answer
from sparkup.domain.image import Images, NameRow
from sparkup.report.people import answer_text


def lines(answer: Answer) -> list[str]:
    return answer_text(answer).splitlines()


def test_a_name_with_one_content_is_one_line_and_one_with_two_is_two() -> None:
    rows = [line.split() for line in lines(IMAGES)]
    assert rows[0][:2] == ["NAME", "VARIANT"]
    assert rows[1][:5] == [NAME, "source", "0.13.0", "2.9.1", "13.0"]
    assert rows[1][-3:] == ["a1b2c3d4e5f6", "all", "hosts"]
    assert [(row[0], row[-2], row[-1]) for row in rows[2:4]] == [
        (PREVIOUS, "b1b2c3d4e5f6", "spark1"),
        (PREVIOUS, "c" * 12, "spark2"),
    ]


def test_an_image_of_which_nothing_is_known_has_a_line() -> None:
    assert " ".join(lines(IMAGES)[4].split()) == "(no name) - - - - 8.0 kB - - spark2 (podman)"


def test_what_differs_can_be_looked_into() -> None:
    note = f"{PREVIOUS} is not the same image everywhere: sparkup images diff b1b2c3d4e5f6 {'c' * 12}"
    assert lines(IMAGES)[5:] == [note]


def test_images_that_cannot_be_told_apart_by_digits_are_not_compared() -> None:
    unknown = [
        replace(each, names=("x:1",), id=each.host) for each in (FOREIGN, replace(FOREIGN, host="spark1"))
    ]
    names = (NameRow("x:1", same=False, hosts=("spark1", "spark2"), missing=()),)
    assert (
        lines(Images(("spark1", "spark2"), tuple(unknown), names))[-1]
        == "x:1 is not the same image everywhere"
    )


def test_one_host_is_named() -> None:
    assert lines(Images(("spark1",), (NOW,), ()))[1].endswith("  spark1")
    assert lines(Images(("spark1", "spark2"), (), ())) == ["no images on spark1, spark2"]


def test_whatever_an_image_says_of_itself_is_only_text() -> None:
    odd = replace(NOW, names=("\x1b[2Jx:1",), vllm="\x1b]0;title\x07", versions={})
    assert "\x1b" not in answer_text(Images(("spark1",), (odd,), ()))
    assert "\x1b" not in answer_text(replace(SHOWN, images=(odd,), config={"Cmd": ["\x1b[2J"]}))
    assert "\x1b" not in answer_text(replace(DIFFER, before=odd))


def test_one_image_with_the_record_of_its_build() -> None:
    text = answer_text(SHOWN)
    assert "  on            spark2, as sha256:2222" in text
    assert "  used by       vllm_node on spark1\n" in text
    assert "  source        vllm: https://github.com/vllm-project/vllm.git main 2222" in text
    assert "  check         kernel: not judged (no GPU here)\n" in text
    assert "  step          base: cached\n" in text
    assert "  flags         2 of vllm serve" in text


def test_one_image_of_which_less_is_known() -> None:
    assert SHOWN.record is not None
    half = replace(SHOWN, record=replace(SHOWN.record, measured=None))
    assert lines(half)[-1].startswith("  measured      nothing")
    foreign = lines(replace(SHOWN, images=(FOREIGN,), record=None))
    assert foreign[0] == "(no name)"
    assert foreign[1] == "  fingerprint   unknown"
    assert foreign[-1] == "  build         not by sparkup"
    assert "made at an unknown time" in foreign[3]


def test_each_change_says_what_was_and_what_is() -> None:
    told = lines(DIFFER)
    assert told[0].startswith(f"A  {PREVIOUS}")
    assert f"  source vllm commit: {'1' * 40} -> {'2' * 40}" in told
    assert "  argument OLD: only in A: 1" in told
    assert any(line.startswith("  pull-request #777") and "only in B" in line for line in told)
    assert "  config User: (none) -> root" in told
    assert "  size: 23.3 GB -> 23.4 GB" in told
    assert told[-3:] == ["  flag + --new", "  the first 12 layers are the same", "a note"]


def test_the_same_is_called_so() -> None:
    told = lines(replace(DIFFER, same=True, changes=(), flags_added=(), notes=()))
    assert told[2:] == ["they are the same: no more than names, labels and times differ"]


def test_the_way_back_says_what_both_names_mean_now() -> None:
    assert lines(BACK) == [
        f"{NAME} is b1b2c3d4e5f6 (vLLM 0.12.0) again on spark1",
        f"{NAME} is b1b2c3d4e5f6 again on spark2",
        f"{PREVIOUS} is a1b2c3d4e5f6 (vLLM 0.13.0) now on spark1",
        "what runs goes on with the image that it was started from",
    ]


def test_what_may_go_and_what_stays() -> None:
    told = lines(MAY_GO)
    assert told[0].startswith("MAY GO")
    assert told[1].startswith("image 111111111111")
    assert told[2].split() == ["build", "cache", "-", "spark1", "not", "used", "for", "3", "d"]
    assert any(
        "(podman)" in line and line.endswith("you have no record of its build (--others)") for line in told
    )
    assert any("Build Cache" in line and "31.5 GB" in line for line in told)
    assert not any("Local Volumes" in line for line in told)
    everything = lines(replace(MAY_GO, until=0.0))
    assert everything[2].endswith("all of it that no image needs")


def test_what_has_gone_is_only_what_has_gone() -> None:
    told = lines(PRUNED)
    assert told[0].startswith("REMOVED")
    assert [line.split()[1] for line in told[1:3]] == ["111111111111", "cache"]
    assert told[3] == ""
    assert told[-1] == "freed 31.5 GB on spark1"


def test_nothing_to_prune() -> None:
    nothing = replace(MAY_GO, images=(), kept=(), cache=(), disk={})
    assert lines(nothing) == ["there is nothing to prune"]


def test_an_age_and_a_size_are_rounded() -> None:
    small = replace(BEFORE, size=999, created=1.0)
    assert "  999 B  " in answer_text(Images(("spark1",), (small,), ()))
