"""Who a host is: read from a simulated one, and from nothing at all."""

import subprocess
from pathlib import Path

from tests.fixtures.recorded import answers
from tests.planning.members import KEY

from sparkup.facts.identity import Identity, fingerprint, parse


def test_a_host_is_known_by_its_key() -> None:
    found = parse(answers("identity", "simulated"))
    kinds = [key.partition(" ")[0] for key in found.keys]
    assert "ssh-ed25519" in kinds
    assert found.key.startswith("ssh-ed25519 AAAA")
    assert len(found.key.split()) == 2
    assert len(found.machine_id) == 32


def test_other_keys_and_the_machine_id_serve_as_well() -> None:
    assert Identity(("ssh-rsa A", "ecdsa-sha2-nistp256 B")).key == "ecdsa-sha2-nistp256 B"
    assert Identity(("ssh-dss A",), "4711").key == "ssh-dss A"
    assert Identity((), "4711").key == "4711"
    assert Identity().key == ""


def test_a_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(f"{KEY}\n")
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True
    )
    assert fingerprint(KEY) == done.stdout.split()[1]
    assert fingerprint("0123456789abcdef") == ""
    assert fingerprint("ssh-rsa ???") == ""
