"""Addresses: what SSH can be given, and when two of them are one machine."""

import pytest

from sparkup.config.addresses import fault, same


@pytest.mark.parametrize(
    "address",
    [
        *("spark1", "spark-1.local", "Spark_1", "ada@spark1", "a+b", "10.0.0.1", "ada@10.0.0.1", "fe80::1"),
        *(
            "fe80::1%eth0",
            "ada@fd00::2",
            "ssh://ada@spark1:2222",
            "ssh://localhost:2201",
            "localhost",
            "local",
        ),
        *("bücher", "a.b@c"),
    ],
)
def test_what_ssh_can_be_given(address: str) -> None:
    assert fault(address) is None


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        *(
            (address, "name it as SSH knows it")
            for address in ("", "-x", "a b", "a\tb", "a;b", "$(x)", "@a", "a@")
        ),
        *(
            (address, "name it as SSH knows it")
            for address in ("a\udcff", ".a", "a,b", "ssh://", "-o@a", "a'b")
        ),
        *(
            (address, "an IPv4 address has four")
            for address in ("10.0.0", "10.0.0.256", "1", "10.0.0.01", "a::b::c")
        ),
        *((address, "give the host's own") for address in ("0.0.0.0", "::", "224.0.0.1", "255.255.255.255")),
        ("spark1:22", "with a port it is ssh://spark1:22"),
        ("ada@10.0.0.1:22", "with a port it is ssh://ada@10.0.0.1:22"),
        ("10.0.0.1/24", "leave out what begins with the slash"),
    ],
)
def test_what_it_cannot(address: str, hint: str) -> None:
    found = fault(address)
    assert found is not None
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("spark1", "ada@spark1"),
        ("bob@Spark1", "ada@spark1."),
        ("10.0.0.1", "ada@10.0.0.1"),
        ("fe80::1", "FE80:0:0::1"),
        ("localhost", "127.0.0.1"),
        ("local", "::1"),
        ("ada@localhost", "localhost"),
        ("ssh://ada@spark1", "spark1"),
        ("ssh://spark1:22/", "ssh://spark1:22"),
    ],
)
def test_what_is_one_machine_as_it_is_written(one: str, other: str) -> None:
    assert same(one) == same(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("spark1", "spark2"),
        ("spark1", "spark1.local"),
        ("ssh://localhost:2201", "ssh://localhost:2202"),
        ("127.0.0.1", "127.0.0.2"),
        ("fe80::1%a", "fe80::1%b"),
    ],
)
def test_what_may_be_two(one: str, other: str) -> None:
    assert same(one) != same(other)
