"""The lease of a start: who is waiting for it renews it, and whoever is gone does not."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.waiting import until

from sparkup.node.lease import Lease, keep, renew

SHORT, LONG = 0.2, 600.0


def test_a_launcher_that_is_gone_is_missed(tmp_path: Path) -> None:
    lease = Lease(str(tmp_path), SHORT)
    until(lambda: bool(lease.over()), "it is missed", 5)
    assert lease.over() == "whoever was starting it has not been heard of for 0 s"


def test_a_launcher_that_is_there_is_not(tmp_path: Path) -> None:
    lease = Lease(str(tmp_path), SHORT)
    until(lambda: bool(lease.over()), "it is missed", 5)
    renew(str(tmp_path))
    assert lease.over() == ""


def test_what_is_kept_needs_nobody(tmp_path: Path) -> None:
    lease = Lease(str(tmp_path), SHORT)
    until(lambda: bool(lease.over()), "it is missed", 5)
    (tmp_path / "spec.json").write_text('{"attempt": "a1"}')
    assert keep(str(tmp_path), "a2") == (1, {"problem": ""})
    assert lease.over() != ""
    assert keep(str(tmp_path), "a1") == (0, {"problem": ""})
    assert lease.over() == ""
    (tmp_path / "kept").unlink()
    assert lease.over() == "", "it was let go for good"


def test_who_is_let_go_says_that_it_is_deaf(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{"attempt": "a1", "beats": {"address": "127.0.0.1", "port": 9}}')
    (tmp_path / "peers.json").write_text('{"peers": [], "problem": "no key"}')
    assert keep(str(tmp_path), "a1") == (0, {"problem": "no key"})


def test_who_is_let_go_early_waits_until_it_knows_whether_it_hears(tmp_path: Path) -> None:
    """The supervisor says so after 15 s at most; when a launch is let go all ranks run, and beat."""
    (tmp_path / "spec.json").write_text('{"attempt": "a1", "beats": {"address": "127.0.0.1", "port": 9}}')
    peers, silent = tmp_path / "peers.json", '{"peers": [{"silent": %s}], "problem": ""}'
    peers.write_text(silent % "null")
    told = "no beat has come to 127.0.0.1 port 9 of UDP: does a firewall drop them?"
    assert keep(str(tmp_path), "a1") == (0, {"problem": told})
    with ThreadPoolExecutor() as pool:
        kept = pool.submit(keep, str(tmp_path), "a1")
        until((tmp_path / "kept").exists, "it is let go")
        peers.write_text(silent % "0.1")
        assert kept.result() == (0, {"problem": ""})


def test_a_launch_without_a_lease_never_ends_of_it(tmp_path: Path) -> None:
    assert Lease(str(tmp_path), 0.0).over() == ""


def test_a_lease_that_is_young_is_held(tmp_path: Path) -> None:
    assert Lease(str(tmp_path), LONG).over() == ""


def test_where_nothing_can_be_written_nothing_is_renewed(tmp_path: Path) -> None:
    renew(str(tmp_path / "gone"))
    assert not list(tmp_path.iterdir())


def test_until_it_is_renewed_once_a_lease_is_longer(tmp_path: Path) -> None:
    lease = Lease(str(tmp_path), SHORT, first=LONG)
    time.sleep(2 * SHORT)
    assert lease.over() == ""
    renew(str(tmp_path))
    until(lambda: bool(lease.over()), "it is missed", 5)
