"""What counts as progress of a start: news, and bars that grow; never a clock."""

import pytest

from sparkup.planning.progress import KEPT, Progress


def made(*lines: str) -> list[bool]:
    """Return which of some lines are progress."""
    progress = Progress()
    return [progress.is_made_by(line) for line in lines]


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (
            "INFO 11-24 12:00:01 [core.py:12] Waiting for engine core... 10s",
            "INFO 11-24 12:00:11 [core.py:12] Waiting for engine core... 20s",
        ),
        ("[2026-11-24 12:00:01,497] still here", "[2026-11-24 12:10:01,003] still here"),
        ("08/11 12:00:01 still here", "08/12 00:00:01 still here"),
        ("Waiting for creating a placement group of specs for 10 seconds", "... for 1000 seconds"),
        ("request cmpl-8f3ac09b12 is queued", "request cmpl-77aa0c1bde is queued"),
        (
            "retry 1f0e8c9a-7a7b-4d43-9b1e-5f1c2d3e4f5a at 0x7f31ac",
            "retry 2e1d8c9a-7a7b-4d43-9b1e-0a1b2c3d4e5f at 0x7f99ff",
        ),
        (
            "Engine 000: Avg prompt throughput: 0.1 tokens/s, GPU KV cache usage: 0.0%",
            "Engine 000: Avg prompt throughput: 12.0 tokens/s, GPU KV cache usage: 0.0%",
        ),
        ("[12:00:01] GPU 45% busy", "[12:00:31] GPU 45% busy"),
    ],
)
def test_a_line_that_differs_in_its_numbers_only_is_no_news(first: str, again: str) -> None:
    again = first[: len(first) - len("for 10 seconds")] + again[4:] if again.startswith("...") else again
    assert made(first, again, first) == [True, False, False]


@pytest.mark.parametrize(
    "line",
    [
        'INFO:     127.0.0.1:53412 - "GET /health HTTP/1.1" 200 OK',
        '(APIServer pid=7) INFO:     127.0.0.1:53412 - "POST /v1/completions HTTP/1.1" 500 Internal Server',
        '127.0.0.1 - - [24/Nov/2026 12:00:01] "GET /new HTTP/1.0" 404 -',
    ],
)
def test_that_somebody_asks_is_no_progress(line: str) -> None:
    assert made(line) == [False]


@pytest.mark.parametrize(
    "grows",
    [
        (
            "Loading safetensors checkpoint shards:  36% Completed | 4/11 [00:10<00:12,  1.98s/it]",
            "Loading safetensors checkpoint shards:  45% Completed | 5/11 [00:12<00:10,  1.98s/it]",
        ),
        (
            "Capturing CUDA graphs (PIECEWISE):  18%|#8        | 12/67 [00:01<00:05]",
            "Capturing CUDA graphs (PIECEWISE):  18%|#9        | 13/67 [00:01<00:05]",
        ),
        (
            "model-00002-of-00005.safetensors:  45%|####5     | 2.25G/4.97G [00:50<01:00, 45.0MB/s]",
            "model-00002-of-00005.safetensors:  45%|####5     | 2.26G/4.97G [00:50<01:00, 45.0MB/s]",
        ),
        ("[12:00:01] unpacked 45 %", "[12:00:31] unpacked 46 %"),
        ("tensors: 900kB [00:10, 1.2MB/s]", "tensors: 1.1MB [00:11, 1.2MB/s]"),
        ("tuned: 3it [00:10,  3.2s/it]", "tuned: 4it [00:13,  3.2s/it]"),
        ("layer 3/48 done", "layer 4/48 done"),
    ],
)
def test_a_bar_that_grows_is_progress_and_one_that_stands_still_is_not(grows: tuple[str, str]) -> None:
    first, second = grows
    assert made(first, second, second, first) == [True, True, False, False]


def test_each_file_has_a_bar_of_its_own() -> None:
    """Several are loaded at once: that their bars take turns is no progress."""
    one, two = (f"model-0000{n}-of-00002.safetensors: {p}%|##| " for n, p in ((1, 90), (2, 10)))
    assert made(one, two, one, two) == [True, True, False, False]
    assert made(one, two.replace("10%", "0%"), two) == [True, True, True]


def test_several_bars_of_one_line_are_all_seen() -> None:
    assert made("a:  1%\ra:  5%", "a:  5%", "a:  6%") == [True, False, True]


def test_more_than_there_is_in_all_is_no_bar() -> None:
    assert made("retry 12/5", "retry 13/5") == [True, False]


def test_what_is_remembered_is_bounded_and_what_repeats_stays_known() -> None:
    progress = Progress()
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}z word" for n in range(3 * KEPT)]
    assert progress.is_made_by("waiting")
    for word in words:
        assert progress.is_made_by(word)
        assert not progress.is_made_by("waiting")
    assert len(progress.seen) <= KEPT
