"""Writing a cluster.yaml: what its owner wrote stays, blanks replace nothing, nobody's change is lost."""

import string
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkup.config.inventory import load, read
from sparkup.config.inventory_write import Draft, opened, save, written
from sparkup.domain.command import Environment, Secret
from sparkup.domain.fabric import End, Link
from sparkup.domain.inventory import Defaults, Inventory, KnownHost
from sparkup.errors import InputRefused, WorkFailed

KEY = "SHA256:" + "a" * 43
OURS = """\
# before
--- # the document
# hosts of mine
hosts:
    spark1: {address: ada@10.0.0.1, fabric: [10.1.0.1/24]} # flow
    spark2:   # has no keys
    # between
    spark3:
        ib_if: "a, b"   # as --ib-if has it
clusters:
    all:
      - spark1   # the head
      - spark2
defaults:
    env: {MODE: 010, HF_TOKEN: 'hf_x', ON: "yes"}
# the end
"""


def draft(text: str | None = OURS) -> Draft:
    return Draft(Path("f"), text)


def changed(**changes: object) -> Inventory:
    """Return our inventory with another spark1."""
    known = draft().inventory
    spark1 = replace(known.hosts["spark1"], **changes)  # type: ignore[arg-type]
    return replace(known, hosts={**known.hosts, "spark1": spark1})


def comments(text: str) -> list[str]:
    return sorted(line[line.index("#") :] for line in text.splitlines() if "#" in line)


def test_what_is_the_same_is_not_touched() -> None:
    assert written(draft(), draft().inventory) == OURS


def test_what_is_new_is_written_and_the_rest_left_as_it_is() -> None:
    text = written(draft(), changed(eth_if="eth9"))
    assert text == OURS.replace("[10.1.0.1/24]}", "[10.1.0.1/24], eth_if: eth9}")


def test_a_new_host_and_a_new_cluster() -> None:
    known = changed(address="10.0.0.9")
    known = replace(
        known,
        hosts={**known.hosts, "new": KnownHost("new", "10.0.0.4", host_key=KEY, verified=date(2026, 10, 1))},
        clusters={**known.clusters, "two": ("new", "spark1")},
    )
    text = written(draft(), known)
    assert read(text, "f") == known
    assert comments(text) == comments(OURS)
    assert text.startswith("# before\n--- # the document\n# hosts of mine\n")
    assert "HF_TOKEN: 'hf_x', ON: \"yes\"" in text


def test_the_way_to_an_address_goes_with_it() -> None:
    text = OURS.replace("spark1: {", "spark1: {via: far, ")
    known = draft(text).inventory
    same = written(draft(text), changed(eth_if="eth9"))
    assert read(same, "f").hosts["spark1"].via == "far"
    moved = read(written(draft(text), changed(address="10.0.0.9")), "f")
    assert (moved.hosts["spark1"].address, moved.hosts["spark1"].via) == ("10.0.0.9", "")
    assert moved.hosts["spark2"] == known.hosts["spark2"]
    further = read(written(draft(text), changed(address="10.0.0.9", via="near")), "f")
    assert further.hosts["spark1"].via == "near"


@pytest.mark.parametrize("mapping", [2, 3, 4])
@pytest.mark.parametrize("dash", [0, 2, 4])
def test_indents_stay(mapping: int, dash: int) -> None:
    """Those of mappings and of lists, each its own."""
    step, list_step = " " * mapping, " " * dash
    text = (
        f"hosts:\n{step}a:\n{step}{step}address: 10.0.0.1\n{step}{step}verified: 2026-01-31\n"
        f"clusters:\n{step}all:\n{step}{list_step}- a\n"
    )
    was = draft(text).inventory
    new = replace(was, hosts={"a": replace(was.hosts["a"], verified=date(2026, 2, 1))})
    assert written(draft(text), new) == text.replace("2026-01-31", "2026-02-01")
    flow = "defaults: {env: {A: b}}\nclusters: {all: [a]}\n" + text.partition("clusters")[0]
    assert written(draft(flow), new) == flow.replace("2026-01-31", "2026-02-01")


def test_blanks_replace_nothing() -> None:
    known = draft().inventory
    blank = Inventory({name: KnownHost(name, name) for name in known.hosts}, defaults=Defaults())
    assert written(draft(), blank) == OURS
    fewer = Inventory({"spark1": known.hosts["spark1"]})
    assert written(draft(), fewer) == OURS


def test_a_detection_without_links_leaves_those_of_the_last_with_their_date() -> None:
    text = "hosts: {a: , b: }\ndetected: {at: 2026-01-01T00:00:00Z, links: [{ends: [a:x, b:x]}]}\n"
    known = read(text, "f")
    later = datetime(2026, 2, 1, tzinfo=UTC)
    assert written(draft(text), replace(known, links=(), detected_at=later)) == text
    assert read(written(draft(text), replace(known, detected_at=later)), "f").detected_at == later
    nothing = "hosts: {a: }\n"
    assert (
        read(written(draft(nothing), replace(read(nothing, "f"), detected_at=later)), "f").detected_at
        == later
    )


def test_a_secret_is_named_and_its_value_left_where_it_was_written() -> None:
    known = draft().inventory
    new = replace(known, defaults=Defaults(environment=Environment({}, (Secret("API_KEY", "sk-1"),))))
    text = written(draft(), new)
    assert "sk-1" not in text
    assert read(text, "f").defaults.inherited == ("API_KEY",)
    assert "HF_TOKEN: 'hf_x'" in text


@pytest.mark.parametrize(
    "text", [None, "", "# mine\n# and mine", "---\n", "%YAML 1.2\n---\n# x\nhosts:\n", "{}"]
)
def test_a_file_with_little_in_it(text: str | None) -> None:
    known = changed()
    new = written(draft(text), known)
    again = read(new, "f")
    assert (again.hosts, again.clusters) == (known.hosts, known.clusters)
    assert set(comments(text or "")) <= set(comments(new))


def test_a_wrong_file_is_not_written_over() -> None:
    with pytest.raises(InputRefused):
        written(draft("hosts: ["), changed())


def test_what_could_not_be_kept_is_not_touched() -> None:
    text = "hosts: {a: }\ndefaults: {env: {A: !!binary aGk=}}\n"
    with pytest.raises(InputRefused) as caught:
        written(draft(text), changed())
    assert "could not be kept" in caught.value.problems[0].message


@pytest.mark.parametrize(
    "value", ["True", "+5", "-01", "1e400", "NULL", "~", "0x1F", "2026-01-01 10:00:00 +1", "<<"]
)
def test_scalars_stay_as_they_were_written(value: str) -> None:
    text = f"hosts: {{a: }}\ndefaults: {{env: {{A: {value}}}}}\n"
    known = read(text, "f")
    assert f"A: {value}}}" in written(draft(text), replace(known, hosts={"b": KnownHost("b", "b")}))


def test_what_nobody_could_read_is_not_written() -> None:
    with pytest.raises(InputRefused):
        written(draft(None), Inventory({"a": KnownHost("a", "b c")}))


WORDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=6)
ODD = st.sampled_from(
    ["010", "yes", "~", "null", "1e3", "", " x ", "a: b", "# c", "é", "'", '"', "\t", "two\nlines", "\x85"]
)
VALUES = ODD | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ADDRESSES = st.ip_addresses(v=4, network="10.0.0.0/8").map(str)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory that can be written: no two hosts of one address, no secrets."""
    names = draw(st.lists(WORDS.map(lambda word: f"h{word}"), min_size=1, max_size=4, unique_by=str.lower))
    addresses = draw(st.lists(ADDRESSES, min_size=len(names), max_size=len(names), unique=True))
    some = st.lists(WORDS, max_size=2).map(tuple)
    hosts = {
        name: KnownHost(
            name,
            draw(st.sampled_from([name, address, f"ada@{address}"])),
            draw(WORDS | st.just("")),
            draw(some),
            verified=draw(st.none() | st.dates()),
            fabric=tuple(IPv4Interface(f"{each}/24") for each in draw(st.lists(ADDRESSES, max_size=2))),
        )
        for name, address in zip(names, addresses, strict=True)
    }
    members = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    ends = st.lists(st.builds(End, st.sampled_from(names), WORDS), min_size=2, max_size=3).map(tuple)
    subnets = st.sampled_from([None, IPv4Network("10.1.0.0/24")])
    moments = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants it
    variables = st.from_regex(r"[A-Z]{1,3}_", fullmatch=True)
    return Inventory(
        hosts=hosts,
        clusters=draw(st.dictionaries(WORDS, members, max_size=2)),
        defaults=Defaults(
            draw(WORDS | st.just("")),
            draw(some),
            draw(st.none() | st.integers(1, 65535)),
            draw(WORDS | st.just("")),
            draw(WORDS | st.just("")),
            Environment(draw(st.dictionaries(variables, VALUES, max_size=3))),
            draw(st.lists(st.sampled_from(["HERE", "THERE"]), unique=True).map(tuple)),
        ),
        links=tuple(draw(st.lists(st.builds(Link, ends, subnets, st.booleans()), max_size=2))),
        detected_at=draw(st.none() | moments),
    )


@settings(deadline=None)
@given(inventories())
def test_what_is_written_is_read_back(known: Inventory) -> None:
    text = written(draft(None), known)
    assert read(text, "f") == known
    assert written(draft(text), known) == text


@settings(deadline=None)
@given(inventories(), WORDS, st.integers(1, 65535), st.data())
def test_comments_stay_where_values_change(
    known: Inventory, word: str, port: int, data: st.DataObject
) -> None:
    plain = replace(
        known, defaults=replace(known.defaults, environment=Environment())
    )  # no texts of many lines
    text = "".join(
        f"{line} # c{number}\n" for number, line in enumerate(written(draft(None), plain).splitlines())
    )
    change = data.draw(st.sampled_from(sorted(plain.hosts)))
    hosts = {
        **plain.hosts,
        change: replace(plain.hosts[change], eth_if=word),
        "new": KnownHost("new", "11.0.0.1"),
    }
    second = replace(plain, hosts=hosts, defaults=replace(plain.defaults, master_port=port))
    new = written(draft(text), second)
    assert read(new, "f") == second
    assert set(comments(text)) <= set(comments(new))


def test_a_file_is_written_whole_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "cluster.yaml"
    known = changed()
    assert save(opened(path), known) is None
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_text()
    assert load(path).hosts == known.hosts
    path.chmod(0o640)
    backup = save(opened(path), changed(eth_if="eth9"))
    assert backup is not None
    assert backup.read_text() == first
    assert load(path).hosts["spark1"].eth_if == "eth9"
    assert [each.stat().st_mode & 0o777 for each in (path, backup)] == [0o640, 0o640]
    assert sorted(each.name for each in path.parent.iterdir()) == ["cluster.yaml", "cluster.yaml.before"]
    assert save(opened(path), changed(eth_if="eth9")) is None  # nothing is new
    assert backup.read_text() == first


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(OURS)
    link = tmp_path / "cluster.yaml"
    link.symlink_to("real.yaml")
    save(opened(link), changed(eth_if="eth9"))
    assert link.is_symlink()
    assert "eth9" in (tmp_path / "real.yaml").read_text()


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    for before, after in ((None, "# somebody's\n"), (OURS, OURS + "# more\n"), (OURS, None)):
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_text(before)
        begun = opened(path)
        if after is None:
            path.unlink()
        else:
            path.write_text(after)
        with pytest.raises(InputRefused) as caught:
            save(begun, changed(eth_if="eth9"))
        assert caught.value.problems[0].code == "inventory-changed"
        assert (path.read_text() if path.exists() else None) == after


def test_nothing_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(OURS)
    with pytest.raises(InputRefused):
        save(opened(path), Inventory())
    assert path.read_text() == OURS


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkFailed) as caught:
        save(Draft(tmp_path / "file" / "cluster.yaml", None), changed())
    assert caught.value.problems[0].code == "file-not-written"


def test_a_full_disk_leaves_the_file_as_it_was(tiny_disk: Path) -> None:
    path = tiny_disk / "cluster.yaml"
    path.write_text(OURS)
    (tiny_disk / "ballast").write_bytes(bytes(500 << 10))
    with pytest.raises(WorkFailed):
        save(
            opened(path),
            replace(changed(), hosts={f"h{n}": KnownHost(f"h{n}", f"h{n}") for n in range(2000)}),
        )
    assert path.read_text() == OURS
    assert {each.name for each in tiny_disk.iterdir()} <= {"cluster.yaml", "cluster.yaml.before", "ballast"}


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_bytes(b"\xff")
    with pytest.raises(InputRefused):
        opened(path)
