"""What people read of a build that was made, and of one that was only planned."""

from dataclasses import replace

from tests.report.build_examples import BUILT, COMMIT, SHOWN

from sparkup.report.people import answer_text


def test_a_finished_build_tells_what_is_in_it_how_long_it_took_and_the_way_back() -> None:
    assert answer_text(BUILT) == (
        "vllm-node on spark1 is the new image: 9f9f9f9f9f9f\n"
        "  24.3 GB: vllm 0.22.1, torch 2.14.0, cuda 13.4\n"
        "  not judged here: kernel: there is no GPU here\n"
        "  2 of 3 steps were run, the others were there already\n"
        "     1500.5 s  [vllm 9/9] RUN uv build\n"
        "       61.2 s  exporting to image\n"
        "  build  00:30:30\n"
        "  check  00:00:31\n"
        "  all    00:31:10\n"
        "the image before is vllm-node:previous; back to it: sparkup images rollback vllm-node\n"
        "launch it: sparkup launch -t vllm-node -- vllm serve MODEL\n"
    )


def test_a_build_that_changed_nothing_says_so_and_tells_of_no_image_before() -> None:
    text = answer_text(replace(BUILT, same=True, before=""))
    assert text.startswith("vllm-node on spark1 is what it was before: ")
    assert "rollback" not in text
    assert "steps were run" not in text


def test_a_planned_build_tells_every_commit_and_argument_and_the_steps() -> None:
    text = answer_text(SHOWN)
    assert f"  vllm {COMMIT} (main)\n  pull request 34695 at {COMMIT}\n  BUILD_JOBS=14\n" in text
    assert "FLASHINFER_SKIP" not in text
    assert "  [spark1] build the image  (after put)\n      run   docker build /x\n" in text
    assert text.endswith("nothing was done; the same without --dry-run does it\n")
