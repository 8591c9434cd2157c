"""The measurements run, in their smallest form, and notice what they are there to notice."""

import os
import sys
from pathlib import Path

import pytest
from bench.logs import WRITER
from bench.report import Goal, Report
from bench.surroundings import ROOT
from bench.writer import BLOCK, LENGTH

from bench import (
    build,
    cluster,
    containers,
    discovery,
    docked,
    facts,
    follow,
    loopback,
    overhead,
    peer,
    planning,
    rayed,
    reader,
    startup,
    timing,
)

needs_environment = pytest.mark.skipif(
    not (ROOT / ".venv" / "bin" / "python").exists(), reason="./sparkup was never run here"
)


def rows(report: Report) -> list[str]:
    return [line for line in report.lines if " x " in line]


def test_samples_are_taken_in_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def candidate(name: str, seconds: float) -> float:
        order.append(name)
        return seconds * len(order)

    samples = timing.in_turns({"a": lambda: candidate("a", 1), "b": lambda: candidate("b", 2)}, 2)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert samples == {"a": [3, 5], "b": [8, 12]}
    assert timing.in_turns({"a": lambda: 7.0}, 0) == {"a": [7]}


def test_ratios_are_those_of_each_round() -> None:
    samples = {"a": [1.0, 10.0, 100.0], "b": [2.0, 20.0, 500.0]}  # what slows a round slows both
    assert timing.ratio(samples, "b", "a") == 2
    assert timing.table(samples, "a")[1].split()[:6] == ["b", "2.00", "x", "2.00", "to", "5.00"]


def test_a_goal_that_is_missed_is_said() -> None:
    met, missed = Goal("share", 0.25, 0.25), Goal("share", 0.26, 0.25)
    assert not Report("", [], [met]).missed
    assert Report("", [], [met, missed]).missed
    assert "MISSED: share: 0.26, at most 0.25" in str(Report("", [], [met, missed]))


def test_a_peer_that_cannot_be_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no Python 3.12" in peer.sparkrun(tmp_path / "peer").why_not


@needs_environment
def test_start_up_against_a_peer() -> None:
    report = startup.measure(0, peer.Peer(sys.executable, "a Python"))
    assert len(rows(report)) == 9
    assert report.missed  # a bare interpreter is no slow peer
    assert "no peer" in str(startup.measure(0, peer.Peer(why_not="no peer")))


def test_overhead_here_and_over_ssh() -> None:
    report = overhead.measure(0)
    assert len(rows(report)) == (2 if loopback.missing() else 4)


@pytest.mark.e2e
@pytest.mark.simhosts
def test_facts() -> None:
    assert len(rows(facts.measure(0, count=1))) in (4, 6)


def test_planning() -> None:
    report = planning.measure(0, counts=(2, 3))
    assert len(rows(report)) == 4
    assert "3 hosts" in report.lines[-1]


@pytest.mark.e2e
@pytest.mark.simhosts
def test_containers() -> None:
    report = containers.measure(0, many=2)
    assert not report.missed, str(report)
    assert len(rows(report)) == (0 if docked.missing() else 6), str(report)


@pytest.mark.e2e
@pytest.mark.simhosts
def test_discovery() -> None:
    report = discovery.measure(0, count=1)
    assert len(rows(report)) in (0, 4), str(report)


@pytest.mark.e2e
@pytest.mark.simhosts
def test_cluster() -> None:
    report = cluster.measure(0, counts=(2,))
    assert len(rows(report)) in (0, 4), str(report)


@pytest.mark.e2e
@pytest.mark.simhosts
def test_a_ray_cluster() -> None:
    report = rayed.measure(0, counts=(2,))
    assert len(rows(report)) in (0, 6), str(report)


def test_no_line_of_a_log_is_lost() -> None:
    report = follow.measure(0, follow.Sizes(whole=1, pace=1, seconds=0.5))
    assert not report.missed, str(report)


def test_a_line_that_is_lost_is_noticed() -> None:
    whole = "".join(f"{number:09}\n" for number in range(3))
    other = whole.replace("000000001", "000000003")
    first, same, changed = (
        reader.follow(("printf", "%s", text), os.environ, len(whole)) for text in (whole, whole, other)
    )
    assert first.size == changed.size == len(whole)
    assert first.digest == same.digest
    assert first.digest != changed.digest


def test_a_log_that_ends_early_is_short() -> None:
    assert reader.follow(("printf", "abc"), os.environ, 100).size == 3


def test_a_writer_waits_for_its_reader_and_lag_is_that_of_the_lines_after_that(tmp_path: Path) -> None:
    go = tmp_path / "go"
    argv = (*WRITER, str(2 * BLOCK), "0", str(go))
    found = reader.follow(argv, os.environ, 2 * BLOCK * LENGTH, go)
    assert found.size == 2 * BLOCK * LENGTH
    assert found.lags
    assert 0 < found.lags[-1] < 1


@pytest.mark.e2e
@pytest.mark.simhosts
@pytest.mark.timeout(1200)
def test_builds() -> None:
    report = build.measure(1)
    told = str(report)
    assert "not measured" in told or ("failed" not in told and len(report.lines) == 6), told
