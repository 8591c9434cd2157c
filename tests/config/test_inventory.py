"""cluster.yaml: what it says, and every way in which it can be wrong, each with its line."""

from datetime import UTC, date, datetime
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import pytest
from tests.user import ROOT

from sparkup.config.inventory import load, read
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import End, Link
from sparkup.domain.inventory import Defaults, Inventory, KnownHost
from sparkup.errors import InputRefused, Problem

KEY = "SHA256:" + "a" * 43
WHOLE = f"""\
# mine
hosts:
  spark1:
    address: ada@192.168.177.11
    via: spark2,ada@10.0.0.9
    eth_if: enp1s0f1np1
    ib_if: rocep1s0f1, roceP2p1s0f1
    host_key: {KEY}
    verified: 2026-10-01
    fabric: [192.168.177.11/24]
  spark2:
clusters:
  pair: [spark2, spark1]
defaults:
  eth_if: enp1s0f0np0
  ib_if: [rocep1s0f0]
  master_port: 29501
  name: vllm_node
  image: vllm-node
  env: {{MODE: 010, YES: yes, HF_TOKEN: hf_x, FROM_HERE: }}
detected:
  at: 2026-10-01T12:00:00Z
  links:
    - {{ends: [spark1:enp1s0f1np1, spark2:enp1s0f1np1], subnet: 192.168.177.0/24, proved: true}}
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    """Return the line, message and hint of all that is wrong with a text."""
    with pytest.raises(InputRefused) as caught:
        read(text, "c:/f.yaml")
    assert {each.code for each in caught.value.problems} == {"bad-inventory"}
    return [(line(each), each.message, each.hint) for each in caught.value.problems]


def line(problem: Problem) -> int:
    rest = problem.where.removeprefix("c:/f.yaml")
    return int(rest[1:]) if rest else 0


def test_all_that_can_be_said() -> None:
    ends = (End("spark1", "enp1s0f1np1"), End("spark2", "enp1s0f1np1"))
    assert read(WHOLE, "f") == Inventory(
        hosts={
            "spark1": KnownHost(
                "spark1",
                "ada@192.168.177.11",
                "enp1s0f1np1",
                ("rocep1s0f1", "roceP2p1s0f1"),
                KEY,
                date(2026, 10, 1),
                (IPv4Interface("192.168.177.11/24"),),
                "spark2,ada@10.0.0.9",
            ),
            "spark2": KnownHost("spark2", "spark2"),
        },
        clusters={"pair": ("spark2", "spark1")},
        defaults=Defaults(
            "enp1s0f0np0",
            ("rocep1s0f0",),
            29501,
            "vllm_node",
            "vllm-node",
            Environment({"MODE": "010", "YES": "yes"}, (Secret("HF_TOKEN", "hf_x"),)),
            ("FROM_HERE",),
        ),
        links=(Link(ends, IPv4Network("192.168.177.0/24"), proved=True),),
        detected_at=datetime(2026, 10, 1, 12, tzinfo=UTC),
    )


def test_every_value_knows_where_it_was_written() -> None:
    found = read(WHOLE, "f")
    assert found.origin("hosts", "spark1", "address") == "f:4"
    assert found.origin("defaults", "env", "MODE") == "f:20"
    assert found.origin("hosts", "spark2", "address") == "f:11"  # of what is around it
    assert read("", "f").origin("hosts") == ""


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "{}", "hosts:\n", "clusters: {}\ndefaults:\ndetected:"]
)
def test_everything_may_be_left_out(text: str) -> None:
    assert read(text, "f") == Inventory()


def test_the_example_of_the_documentation() -> None:
    text = (ROOT / "docs" / "inventory.md").read_text().split("```yaml\n")[1].split("```")[0]
    hosts = read(text, "f").hosts
    assert hosts["spark3"].via == hosts["spark1"].address


def test_a_secret_is_only_named() -> None:
    assert "hf_x" not in repr(read(WHOLE, "f"))


HOST = "hosts:\n  a: {%s}\n"


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("hosts:\n  a: {address: 10.0.0.300}", 2, "'10.0.0.300' is no address", "an IPv4 address has four"),
        (HOST % "address: 10.0.0.1/24", 2, "'10.0.0.1/24' is no host name", "leave out what begins with"),
        (HOST % "address: '-oProxyCommand=x'", 2, "'-oProxyCommand=x' is no host name", "name it as SSH"),
        (HOST % "address: 'a b'", 2, "'a b' is no host name", "name it as SSH knows it"),
        (HOST % "address: '[]'", 2, "'[]' is no host name", "name it as SSH knows it"),
        (HOST % "address: 'ada@'", 2, "'ada@' is no host name", "name it as SSH knows it"),
        (HOST % "address: '10.0.0.1:22'", 2, "'10.0.0.1:22' is no host name", "with a port it is ssh://"),
        (HOST % "address: 0.0.0.0", 2, "'0.0.0.0' is the address of no machine", "give the host's own"),
        (HOST % "address: localhost", 2, "every machine calls itself localhost", "give the name or address"),
        (HOST % "via: 'b, c'", 2, "' c' is no host name", "name it as SSH knows it"),
        (HOST % "via: -J", 2, "'-J' is no host name", "name it as SSH knows it"),
        (
            "hosts:\n  a: {address: ada@10.0.0.1}\n  b:\n    via: x,bob@a\n",
            4,
            "'bob@a' in a way is not taken for the host of this file",
            "write its address: ada@10.0.0.1",
        ),
        (HOST % "address: [b]", 2, "hosts.a.address should be a text", ""),
        (HOST % "adress: b", 2, "unknown key 'adress'", "did you mean address?"),
        (HOST % "ib_if: 'x, y z'", 2, "'y z' is no name of an interface", "see: ip link, rdma link"),
        (HOST % "eth_if: 'x:'", 2, "'x:' is no name of an interface", "see: ip link, rdma link"),
        (HOST % "host_key: abc", 2, "'abc' is no fingerprint", "see: ssh-keyscan"),
        (HOST % "verified: soon", 2, "hosts.a.verified should be a date, as in", ""),
        (HOST % "fabric: [x]", 2, "hosts.a.fabric.0 is not a valid IPv4 interface", ""),
        ("hosts:\n  localhost:\n", 2, "every machine calls itself localhost", "name it as others call it"),
        ("hosts:\n  10.0.0.300:\n", 2, "'10.0.0.300' is no address", "an IPv4 address has four numbers"),
        ("hosts:\n  a b:\n", 2, "'a b' is no name of a host", "letters, digits"),
        ("hosts:\n  a: b\n", 2, "hosts.a should be a mapping (KEY: VALUE)", ""),
        ("hosts: [a]", 1, "hosts should be a mapping (KEY: VALUE)", ""),
        ("hosts:\n  a:\n  b:\n  a:\n", 4, "'a' is there twice, first in line 2", "leave one of them out"),
        (
            "hosts:\n  a: {address: ada@10.0.0.1}\n  b:\n    eth_if: x\n    address: 10.0.0.1",
            5,
            "b has the address of a (2): one machine",
            "leave one of them out",
        ),
        ("hosts:\n  Spark1:\n  b: {address: spark1.}", 3, "b has the address of Spark1", "leave"),
        (
            f"hosts:\n  a: {{host_key: '{KEY}'}}\n  b: {{host_key: '{KEY}'}}",
            3,
            "b has the SSH host key of a (2): one machine",
            "leave one of them out",
        ),
        ("clusters:\n  x: []\n", 2, "the cluster x has no hosts", "name some, or leave it out"),
        ("clusters:\n  x: a\n", 2, "clusters.x should be a list ([A, B])", ""),
        ("clusters: [a]\n", 1, "clusters should be a mapping (KEY: VALUE)", ""),
        ("hosts: {a: }\nclusters: {x: [a, [b]]}", 2, "clusters.x.1 should be a text", ""),
        ("hosts: {a: }\nclusters: {'-': [a]}", 2, "'-' is no name", "letters, digits"),
        (
            "hosts: {spark1: , b: }\nclusters:\n  x:\n  - b\n  - sparc1",
            5,
            "'sparc1' in the cluster x is no host of this file",
            "did you mean spark1?",
        ),
        ("clusters: {x: [a]}", 1, "'a' in the cluster x is no host of this file", "write it below"),
        ("hosts: {a: }\nclusters: {x: [a,\n a]}", 3, "a is twice in the cluster x", "leave it out here"),
        ("defaults: {master_port: 0}", 1, "defaults.master_port should be greater than or equal to 1", ""),
        ("defaults: {master_port: x}", 1, "defaults.master_port should be a valid integer", ""),
        ("defaults: {name: 'a b'}", 1, "'a b' is no name", "letters, digits"),
        ("defaults: {image: '-v'}", 1, "'-v' is no name of an image", "as docker image ls has it"),
        ("defaults: {imag: x}", 1, "unknown key 'imag'", "did you mean image?"),
        ("defaults: {env: {1A: x}}", 1, "'1A' is no name of a variable", "letters, digits and underscores"),
        ("defaults: {env: {A: [x]}}", 1, "defaults.env.A should be a text", ""),
        ('defaults: {env: {A: "x\\0"}}', 1, "no variable can hold a zero byte", "leave it out"),
        ("detected: {at: 2026-01-01T10:00:00}", 1, "detected.at needs its distance from UTC", ""),
        ("detected: {link: []}", 1, "unknown key 'link'", "did you mean links?"),
        ("hosts: {a: }\ndetected: {links: [{ends: [a:x]}]}", 2, "detected.links.0.ends needs two", ""),
        ("hosts: {a: }\ndetected: {links: [{ends: [a:x, b:x]}]}", 2, "'b' is no host of this file", ""),
        ("hosts: {a: }\ndetected: {links: [{ends: [a:x, a]}]}", 2, "'a' is no end of a link", "write HOST:"),
        ("detected: {links: [{end: 1, ends: x}]}", 1, "detected.links.0.ends should be a list ([A, B])", ""),
        ("hots: {}", 1, "unknown key 'hots'", "did you mean hosts?"),
        ("provider: {}", 1, "unknown key 'provider'", "there are: hosts, clusters, defaults, detected"),
        ("[1]", 1, "the file should be a mapping (KEY: VALUE)", ""),
        ("x", 1, "the file should be a mapping (KEY: VALUE)", ""),
        ("[a]: b", 1, "a key is no text", "leave one of them out"),
        ("hosts: {a: &a {eth_if: x},\n b: *a}", 2, "aliases (*name) are not read here", "write"),
        ("hosts: {a: &a , b: &a {}, c: *a}", 1, "aliases (*name) are not read here", "write"),
        ("hosts: &a {x: *a}", 1, "aliases (*name) are not read here", "write"),
        ("\nhosts: [a", 2, "it is no YAML: expected ',' or ']'", "see the line"),
        ("hosts:\n\ta:", 2, "it is no YAML: found character", "see the line"),
        ("---\n---\n", 2, "it is no YAML: but found another document", "see the line"),
        ("a: \x01", 0, "it is no YAML: it has characters that no text has", "see the line"),
        ("[" * 5000, 0, "it is no YAML that one could read: too many brackets", ""),
        ("- " * 3000, 0, "it is no YAML that one could read: too many brackets", ""),
        ("#" * ((1 << 17) + 1), 0, "it has more than 128 KiB", "see whether it is the right file"),
    ],
)  # fmt: skip
def test_what_is_wrong(text: str, where: int, message: str, hint: str) -> None:
    found = [each for each in problems(text) if each[1].startswith(message)]
    assert len(found) == 1, problems(text)
    assert found[0][0] == where
    assert found[0][2].startswith(hint)
    assert bool(found[0][2]) == bool(hint)


def test_all_of_it_is_said_at_once_in_the_order_of_the_file() -> None:
    text = "host: x\nhosts:\n  a: {address: '-x'}\n  b: {eth: x}\nclusters:\n  x: []\n  y: [c]\nhosts: x\n"
    assert [where for where, _, _ in problems(text)] == [1, 3, 4, 6, 7, 8]


def test_no_value_of_a_variable_is_shown() -> None:
    text = "defaults: {env: {HF_TOKEN: [hf_secret], A: {hf_secret: 1}}}"
    assert "hf_secret" not in str(problems(text))


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"\xef\xbb\xbfhosts:\r\n  a:\r\n")
    assert load(file) == Inventory({"a": KnownHost("a", "a")})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "cluster.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputRefused) as caught:
        load(file)
    assert caught.value.problems[0].where == str(file)
