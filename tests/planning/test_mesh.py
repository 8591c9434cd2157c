"""Which hosts log in to which at which addresses, and what each is told for that."""

import json

from tests.planning.hosts import ADA
from tests.planning.members import KEY, key, ports, seen

from sparkup.domain.host import LOCAL, Host
from sparkup.domain.plan import Run
from sparkup.facts.identity import Identity
from sparkup.planning.mesh import (
    Programs,
    key_plan,
    known,
    member,
    problems,
    targets,
    trust_plan,
    try_plan,
)

ONE = member(LOCAL, seen(1))
TWO = member(Host("two", "ada@spark2.lan"), seen(2))
PROGRAMS = Programs(b"program\n", {"local": ("python3", "7"), "two": ("py", "7")})
FABRIC = ("192.168.177.12", "192.168.178.12", "192.168.176.12")


def told(step: object) -> dict[str, object]:
    assert isinstance(step, Run)
    program, _, body = step.command.stdin.partition(b"\n")
    assert program == b"program"
    value: dict[str, object] = json.loads(body)
    return value


def test_a_member() -> None:
    assert (ONE.name, ONE.user, ONE.names) == ("local", ADA.user, ("spark1",))
    assert TWO.names == ("two", "spark2", "spark2.lan")
    assert ONE.host_keys == (KEY,)


def test_addresses_are_those_of_networks_that_both_have_rdma_first() -> None:
    assert targets(ONE, TWO) == FABRIC
    lonely = member(Host("two", "ada@spark2.lan"), seen(2, links=()))
    assert targets(ONE, lonely) == ("spark2.lan",)
    dark = member(Host("two", "two"), seen(2, links=ports("spark2_without_cables")))
    assert set(targets(ONE, dark)).isdisjoint(FABRIC[:2])


def test_all_names_and_addresses_are_pinned_to_the_key() -> None:
    assert known([ONE, TWO], ONE) == (f"two,spark2,spark2.lan,{','.join(FABRIC)} {key(2)}",)


def test_a_host_whose_key_nobody_vouches_for_is_refused() -> None:
    (only,) = problems([ONE, member(Host("two", "two"), seen(2, identity=Identity((), "id")))])
    assert (only.code, only.where) == ("host-key-unknown", "two")


def test_one_machine_by_two_names_is_refused() -> None:
    (only,) = problems([ONE, member(Host("again", "again"), seen(1))])
    assert only.message == "local and again are one machine"
    assert list(problems([ONE, TWO])) == []


def test_keys_are_made_on_each() -> None:
    steps = key_plan(PROGRAMS).steps
    assert [(step.id, told(step)) for step in steps] == [
        ("key local", {"do": "key", "make": True}),
        ("key two", {"do": "key", "make": True}),
    ]


def test_each_trusts_the_others() -> None:
    first, second = trust_plan([ONE, TWO], {"local": "k1", "two": "k2"}, PROGRAMS).steps
    assert told(first) == {
        "do": "trust",
        "authorized": ["k2 sparkup:two"],
        "known": list(known([ONE, TWO], ONE)),
    }
    assert told(second)["authorized"] == ["k1 sparkup:local"]


def test_each_tries_the_others() -> None:
    first, second = try_plan([ONE, TWO], PROGRAMS).steps
    assert told(first) == {"do": "try", "targets": [f"{ADA.user}@{address}" for address in FABRIC]}
    assert told(second)["targets"] == [f"{ADA.user}@192.168.{net}.11" for net in (177, 178, 176)]
