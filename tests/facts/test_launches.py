"""Launches, from state folders that real launches left: each case was recorded on a live host."""

import json

import pytest
from tests.fixtures.recorded import answers, cases

from sparkup.domain.launch import Process, RankState
from sparkup.domain.peer import Peer
from sparkup.facts.launches import BOOT_ID, LAUNCHES, health, log_tail, own, parse, parse_processes
from sparkup.node.peers import Peers

BOOT = "f3421d8d-35cc-4688-add2-6e3d9a3a6372"


def only(case: str) -> RankState:
    (rank,) = parse(answers("launches", case))
    return rank


@pytest.mark.parametrize(
    ("case", "phase", "status"),
    [
        ("starting", "starting", None),
        ("ready", "ready", None),
        ("running", "running", None),
        ("failed", "failed", 3),
        ("attached_succeeded", "ended", 0),
        ("attached_failed", "failed", 4),
        ("told_to_end", "ended", 143),
        ("lost", "lost", None),
        ("after_reboot", "lost", None),
        ("supervisor_killed_rank_lives", "running", None),
        ("named_with_slash", "running", None),
    ],
)
def test_the_phase_of_a_launch(case: str, phase: str, status: int | None) -> None:
    rank = only(case)
    assert rank.phase == phase
    assert rank.alive == (phase in ("starting", "ready", "running"))
    assert (rank.exit.status if rank.exit else None) == status


@pytest.mark.parametrize("case", ["nothing", "stopped"])
def test_what_was_stopped_is_no_launch_any_more(case: str) -> None:
    assert parse(answers("launches", case)) == ()


def test_a_launch_says_where_and_what_it_is() -> None:
    rank = only("ready")
    assert (rank.launch, rank.attempt, rank.rank) == ("starting", "a1b2c3st", 0)
    assert rank.folder == "/home/ada/.local/state/sparkup/launches/starting"
    assert rank.argv[:4] == ("python3", "-m", "http.server", "8123")
    assert (rank.url, rank.port) == ("http://127.0.0.1:8123", 8123)
    assert rank.pid > 1
    assert rank.started == pytest.approx(1795510609, abs=86400)
    assert rank.verdict is not None
    assert rank.verdict["state"] == "ready"
    assert rank.spec["attached"] is False


def test_a_reboot_ends_launches_even_where_their_numbers_live_again() -> None:
    recorded = answers("launches", "after_reboot")
    rank = json.loads(next(t for p, t in recorded["state"]["files"].items() if p.endswith("rank.json")))
    stats = recorded["processes"]["files"]
    same = parse_processes({path: text for path, text in stats.items() if path.endswith("/stat")}, "")
    assert Process(rank["pid"], rank["pid_start"], "") in same
    assert rank["boot"] != BOOT
    assert not only("after_reboot").alive


def test_files_that_are_half_written_count_as_not_there() -> None:
    found = {rank.launch: rank for rank in parse(answers("launches", "half_written"))}
    assert sorted(found) == ["empty_half", "exit_half", "rank_half"]
    assert {name: rank.phase for name, rank in found.items()} == {
        "empty_half": "starting",  # nobody is known who runs it, as before its first process
        "exit_half": "lost",
        "rank_half": "failed",
    }
    assert found["empty_half"].started == 0.0


def test_two_roots_may_hold_launches_of_one_name() -> None:
    found = parse(answers("launches", "two_roots"))
    assert [(rank.launch, rank.folder.split("/")[1], rank.alive) for rank in found] == [
        ("other", "var", True),
        ("vllm_node", "home", True),
        ("vllm_node", "var", True),
    ]


def test_of_what_another_user_hides_the_name_is_shown() -> None:
    recorded = answers("launches", "another_user_hides")
    path = next(path for path in recorded["state"]["files"] if path.startswith("!/home/bob/"))
    recorded["state"]["owners"][path] = 1001
    found = parse(recorded)
    assert {rank.launch for rank in found} == {"hidden", "other", "vllm_node"}
    hidden = next(rank for rank in found if rank.hidden)
    assert (hidden.launch, hidden.phase, hidden.owner, hidden.mine) == ("hidden", "hidden", 1001, False)


def test_zombies_do_not_live_and_names_may_hold_brackets() -> None:
    files = answers("launches", "odd_processes")["processes"]["files"]
    stats = {path: text for path, text in files.items() if path.endswith("/stat")}
    odd = next(text for text in stats.values() if "(a) R (b c))" in text)
    zombie = next(text for text in stats.values() if ") Z " in text)
    living = {process.pid for process in parse_processes(stats, BOOT)}
    assert int(odd.split()[0]) in living
    assert int(zombie.split()[0]) not in living
    assert len(living) == len(stats) - 1


def test_a_process_that_went_away_while_it_was_read_does_not_live() -> None:
    assert parse_processes({"/proc/7/stat": ""}, BOOT) == frozenset()


@pytest.mark.parametrize("case", cases("launches"))
def test_every_launch_knows_its_own_folder(case: str) -> None:
    for rank in parse(answers("launches", case)):
        assert rank.folder.endswith(f"/launches/{rank.launch}")


def test_a_command_line_of_any_length_is_asked_for() -> None:
    """A spec that is cut off is no spec: its launch could neither be seen nor stopped."""
    longest = 6 << 20  # bytes of arguments and environment, execve(2)
    assert LAUNCHES.requests["state"].body["max_bytes"] > longest
    assert BOOT_ID in LAUNCHES.requests["processes"].body["globs"]


def test_the_end_of_a_log_is_read_as_lines() -> None:
    rank = only("failed")
    fact = log_tail(rank, 100)
    assert fact.name == f"log of {rank.folder}"
    body = fact.requests["log"].body
    assert (body["globs"], body["max_bytes"], body["tail"]) == ([f"{rank.folder}/log"], 100, True)
    assert fact.parse({"log": {"files": {f"{rank.folder}/log": "no\nno\n"}}}) == ("no", "no")
    assert fact.parse({"log": {"files": {}}}) == ()


def test_health_is_the_status_of_the_servers_own_page() -> None:
    rank = only("ready")
    fact = health(rank)
    assert fact.requests["health"].body["url"].endswith("/health")
    assert fact.parse({"health": {"status": 503, "body": ""}}) == 503
    assert fact.parse({"health": {"status": None, "body": "", "error": "refused"}}) is None


def test_a_named_state_folder_keeps_its_launches_apart() -> None:
    recorded = answers("launches", "two_roots")
    mine = [rank.folder for rank in parse(recorded) if rank.folder.startswith("/home/ada/")]
    assert 0 < len(mine) < len(parse(recorded))
    variables = {"SPARKUP_STATE_DIR": "/home/ada/.local/state/sparkup"}
    named = {**recorded, "env": {**recorded["env"], "env": variables}}
    assert [rank.folder for rank in parse(named)] == mine


@pytest.mark.parametrize(
    "spec",
    [
        {"launch": "x", "attempt": "a", "argv": 5},
        {"launch": "x", "attempt": 5},
        {"launch": "x"},
        {"launch": "../../x", "attempt": "a"},
        {"launch": "other", "attempt": "a"},
        {"launch": "x", "attempt": "a", "port": "8000"},
        {"launch": "x", "attempt": "a", "url": None},
        [],
    ],
)
def test_state_that_makes_no_sense_is_nobodys_launch(spec: object) -> None:
    recorded = answers("launches", "failed")
    folder = "/home/eve/.local/state/sparkup/launches/x"
    files = {
        **recorded["state"]["files"],
        f"{folder}/spec.json": json.dumps(spec),
        f"{folder}/rank.json": "{}",
    }
    found = parse({**recorded, "state": {"files": files, "owners": {}}})
    assert [rank.launch for rank in found] == ["failed"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("rank.json", '{"started": 1' + "0" * 400 + "}"),
        ("rank.json", '{"started": NaN}'),
        ("rank.json", '{"started": "now"}'),
        ("exit.json", '{"status": 1, "asked": false, "at": Infinity}'),
        ("ready.json", '{"canary": "x"}'),
    ],
)
def test_a_number_or_a_member_that_cannot_be_is_nobodys_launch(file: str, content: str) -> None:
    recorded = answers("launches", "failed")
    folder = "/home/eve/.local/state/sparkup/launches/x"
    spec = {f"{folder}/spec.json": '{"launch": "x", "attempt": "a"}', f"{folder}/rank.json": "{}"}
    files = {**recorded["state"]["files"], **spec}
    there = parse({**recorded, "state": {"files": files, "owners": {}}})
    assert [rank.launch for rank in there] == ["failed", "x"]
    files[f"{folder}/{file}"] = content
    found = parse({**recorded, "state": {"files": files, "owners": {}}})
    assert [rank.launch for rank in found] == ["failed"]


def test_a_launch_has_the_owner_of_its_state() -> None:
    owners = {rank.folder.split("/")[1]: rank.owner for rank in parse(answers("launches", "two_roots"))}
    assert owners == {"home": 1000, "var": 0}


def test_of_other_users_nothing_is_recorded() -> None:
    told = answers("launches", "two_roots")
    kept = own({**told, "env": {**told["env"], "uid": 1000}})
    assert {path.split("/")[1] for path in kept["state"]["files"]} == {"home"}
    assert [(rank.launch, rank.alive, rank.owner) for rank in parse(kept)] == [("vllm_node", True, 1000)]
    assert len(kept["processes"]["files"]) < len(told["processes"]["files"])


def with_peers(text: str) -> RankState:
    """Return the launch that was recorded with what a supervisor has told of its peers beside it."""
    recorded = answers("launches", "ready")
    files = recorded["state"]["files"]
    folder = next(path for path in files if path.endswith("/spec.json")).removesuffix("/spec.json")
    more = {**files, f"{folder}/peers.json": text}
    (rank,) = parse({**recorded, "state": {**recorded["state"], "files": more}})
    return rank


def test_what_a_supervisor_knows_of_the_others() -> None:
    peers = [{"rank": 1, "host": "spark2", "address": "127.0.0.1"}]
    told = Peers({"attempt": "a", "rank": 0, "beats": {"peers": peers, "port": 1}}, "key").heard()
    assert with_peers(json.dumps({"peers": told, "problem": ""})).peers == (
        Peer(1, "spark2", "", None, None),
    )
    (deaf,) = with_peers(json.dumps({"peers": told, "problem": "no key"})).peers
    assert deaf.problem == "no key"
    told[0].update(state="ready", silent=6.5, heard=12.0)  # as it is once it was heard
    (peer,) = with_peers(json.dumps({"peers": told})).peers
    assert (peer.state, peer.silent, peer.heard, peer.lost) == ("ready", 6.5, 12.0, True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"peers": 1}', '{"peers": [{}]}', '{"peers": [1]}'])
def test_what_makes_no_sense_tells_nothing_of_the_others(text: str) -> None:
    assert with_peers(text).peers == ()


def test_no_link_in_a_launchs_folder_is_followed() -> None:
    """Whoever is root in its container may have put it there."""
    rank = RankState("a", "a1", 0, "/s/launches/a", 0.0, alive=True, pid=1, argv=())
    for request in (LAUNCHES.requests["state"], log_tail(rank).requests["log"]):
        assert request.body["links"] is False
