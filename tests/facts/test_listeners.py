"""Listening sockets and who holds them, from the tables of a live host."""

import re

from tests.fixtures.recorded import answers

from sparkup.facts.listeners import (
    DATAGRAMS,
    HOLDERS,
    LISTENERS,
    parse,
    parse_datagrams,
    parse_holders,
    parse_table,
)


def test_only_what_listens_is_a_listener() -> None:
    found = parse(answers("listeners", "four"))
    assert sorted(each.port for each in found) == [8000, 8001, 8002, 8003]


def test_sockets_of_udp_that_have_a_port() -> None:
    """Of the host that was recorded, a third one talked to one address alone: that stays there."""
    told = answers("datagrams", "two")
    assert sorted(each.port for each in parse_datagrams(told)) == [29501, 29502]
    assert parse(told) == ()
    keep = DATAGRAMS.requests["tables"].body["keep"]
    row = told["tables"]["files"]["/proc/net/udp"]
    assert re.match(keep, row)
    assert not re.match(keep, row.replace(" 07 ", " 01 "))


def test_nothing_listens() -> None:
    assert parse(answers("listeners", "nothing")) == ()


def test_each_listener_is_held_by_somebody() -> None:
    """Root sees the files of all processes."""
    holders = parse_holders(answers("holders", "four"))
    who = {each.port: holders[each.inode] for each in parse(answers("listeners", "four"))}
    assert who[8000] == who[8001]
    assert who[8002] == who[8003]
    assert who[8000].startswith("vllm-fake (pid ")
    assert who[8002].startswith("python3 (pid ")


def test_a_user_does_not_see_whose_sockets_they_are() -> None:
    holders = parse_holders(answers("holders", "four_seen_by_a_user"))
    assert not {each.inode for each in parse(answers("listeners", "four"))} & holders.keys()


def test_files_that_are_no_sockets_have_no_holder() -> None:
    recorded = answers("holders", "nothing")
    assert recorded["sockets"]["links"]
    assert parse_holders(recorded) == {}


def test_a_holder_whose_name_has_gone_is_still_a_process() -> None:
    recorded = answers("holders", "four")
    nameless = {"sockets": recorded["sockets"], "names": {"files": {}}}
    assert all(who.startswith("a process (pid ") for who in parse_holders(nameless).values())


def test_a_table_that_may_not_be_read_lists_nothing() -> None:
    assert parse({"tables": {"files": {"!/proc/net/tcp": "Permission denied"}}}) == ()


def test_who_talks_to_whom_stays_on_the_host() -> None:
    keep = LISTENERS.requests["tables"].body["keep"]
    text = answers("listeners", "four")["tables"]["files"]["/proc/net/tcp"]
    kept = [line for line in text.splitlines() if re.match(keep, line)]
    assert 0 < len(kept) < len(text.splitlines())
    assert parse_table("\n".join(kept)) == parse_table(text)


def test_of_processes_only_the_names_of_those_with_sockets_are_recorded() -> None:
    assert HOLDERS.recorded is not None
    told = answers("holders", "four")
    names = {**told["names"]["files"], "/proc/99999/comm": "private"}
    kept = HOLDERS.recorded({**told, "names": {"files": names, "owners": {}}})
    assert "/proc/99999/comm" not in kept["names"]["files"]
    assert parse_holders(kept) == parse_holders(told)
