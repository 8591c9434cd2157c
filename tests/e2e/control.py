"""Command lines on a control workstation, for launches on simulated hosts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simhosts.hosts import CONTROL, Testbed
from tests.user import FAKES, Json, User

MODEL = "/root/model"
SERVE = (str(FAKES / "vllm"), "serve", MODEL, "--served-model-name", "tiny")


@dataclass(frozen=True, slots=True)
class Control:
    """Simulated hosts and somebody who launches on them; `user` has a home of the control machine."""

    hosts: Testbed
    user: User

    def model(self, number: int) -> None:
        """See that a host has the model."""
        self.hosts.exec(number, ["mkdir", "-p", MODEL])
        self.hosts.exec(number, ["tee", f"{MODEL}/config.json"], stdin="{}")

    def engines(self, number: int) -> list[str]:
        """Return the command lines of what a host runs of launches."""
        done = self.hosts.exec(number, ["pgrep", "-af", "fakes/bin/vllm|VLLM::| start --root "], check=False)
        return [line for line in done.stdout.splitlines() if "pgrep" not in line]

    def clean(self, number: int) -> None:
        """End all launches of a host, and see that nothing is left."""
        done = self.user.run("stop", "--all", "--host", f"spark{number}")
        assert done.status == 0, done
        assert self.engines(number) == []

    def row(self, number: int, name: str = "vllm_node") -> Json:
        """Return what status says of a launch."""
        done = self.user.run("status", "--json", "--host", f"spark{number}")
        assert done.status == 0, done
        rows: list[Json] = json.loads(done.out)["launches"]
        return next(row for row in rows if row["name"] == name)


def watched(hosts: Testbed, number: int, name: str = "vllm_node") -> bool:
    """Say whether a launcher has renewed the lease of a rank: until then containers have more time."""
    file = f"/var/lib/sparkup/launches/{name}/lease"
    return hosts.exec(number, ["test", "-e", file], check=False).returncode == 0


@contextmanager
def control(hosts: Testbed, home: Path) -> Iterator[Control]:
    """Be somebody at the control workstation for the time of a `with`."""
    home.mkdir()
    user = User(home, before=tuple(hosts.argv(CONTROL, [])))
    try:
        yield Control(hosts, user)
    finally:
        user.close()
