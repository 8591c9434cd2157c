"""Who a host is: read from a simulated one, and from nothing at all."""

from tests.fixtures.recorded import answers

from sparkup.facts.identity import Identity, parse


def test_a_host_is_known_by_its_key() -> None:
    found = parse(answers("identity", "simulated"))
    kinds = [key.partition(" ")[0] for key in found.keys]
    assert "ssh-ed25519" in kinds
    assert found.key.startswith("ssh-ed25519 AAAA")
    assert len(found.key.split()) == 2
    assert len(found.machine_id) == 32


def test_other_keys_and_the_machine_id_serve_as_well() -> None:
    assert Identity(("ssh-rsa A", "ecdsa-sha2-nistp256 B")).key == "ecdsa-sha2-nistp256 B"
    assert Identity(("ssh-dss A",), "4711").key == "4711"
    assert Identity().key == ""
