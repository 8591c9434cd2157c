"""Listening sockets and who holds them, from the tables of a live host."""

from tests.fixtures.recorded import answers

from sparkup.facts.listeners import parse, parse_holders


def test_only_what_listens_is_a_listener() -> None:
    found = parse(answers("listeners", "four"))
    assert sorted((each.address, each.port) for each in found) == [
        ("0.0.0.0", 8001),
        ("127.0.0.1", 8000),
        ("::", 8002),
        ("::1", 8003),
    ]


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
