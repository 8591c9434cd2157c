"""Who a host is, whatever it is called: its SSH host keys, and its machine-id."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from sparkup.domain.fact import Answers, Fact, files, whole

KEYS, MACHINE_ID = "/etc/ssh/ssh_host_*_key.pub", "/etc/machine-id"
BEST = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")  # as OpenSSH's client prefers them


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a host from any other: public keys of its SSH server ("TYPE BASE64"), and an id."""

    keys: tuple[str, ...] = ()
    machine_id: str = ""

    @property
    def key(self) -> str:
        """Return what is the same from wherever the host is seen, "" where nothing is known."""
        of = {key.partition(" ")[0]: key for key in self.keys}
        return next((of[kind] for kind in (*BEST, *of) if kind in of), self.machine_id)


def parse(answers: Answers) -> Identity:
    """Read the answers to IDENTITY."""
    texts = answers["keys"]["files"].values()
    keys = sorted(" ".join(text.split()[:2]) for text in texts if len(text.split()) > 1)
    return Identity(tuple(keys), answers["id"]["files"].get(MACHINE_ID, "").strip())


def fingerprint(key: str) -> str:
    """Return what `ssh-keygen -l` prints of a public key ("TYPE BASE64"), "" for what is none."""
    try:
        blob = base64.b64decode(key.partition(" ")[2], validate=True)
    except binascii.Error:
        return ""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}" if blob else ""


NOBODY = Identity()
IDENTITY = Fact(
    "identity",
    {"keys": files(KEYS, max_bytes=4096), "id": files(MACHINE_ID, max_bytes=64)},
    parse,
    unknown=NOBODY,
    recorded=whole,
)
