"""Somebody who launches the fake vLLM on two simulated hosts, with or without containers."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docked import FAKE_ENGINE, IMAGE
from tests.e2e.control import MODEL, Control, control
from tests.simhosts.hosts import Testbed
from tests.user import FAKES, Json
from tests.waiting import until

NODES = ("-n", "spark1,spark2")
VLLM = "/root/bin/vllm"  # on each host one that reads its fault from a file
SERVE = (VLLM, "serve", MODEL, "--served-model-name", "tiny", "-tp", "2")


@dataclass(frozen=True, slots=True)
class Pair(Control):
    """Two hosts; `engine` runs a rank on them."""

    engine: str = "host"

    @property
    def options(self) -> tuple[str, ...]:
        """Return the words of a launch by the engine; all but podman are chosen by themselves."""
        engine = ("--engine", "podman") if self.engine == "podman" else ()
        image = () if self.engine == "host" else ("-t", IMAGE, *FAKE_ENGINE, "-v", "/root/bin:/root/bin:ro")
        return (*engine, *image)

    def fault(self, number: int, name: str) -> None:
        """Give a host a vllm with a fault."""
        script = f'#!/bin/sh\nFAKE_VLLM_FAULT="{name}" exec {FAKES}/vllm "$@"\n'
        self.hosts.exec(number, ["mkdir", "-p", "/root/bin"])
        self.hosts.exec(number, ["tee", VLLM], stdin=script)
        self.hosts.exec(number, ["chmod", "+x", VLLM])

    def launch(self, *words: str, command: Sequence[str] = SERVE) -> Json:
        """Launch on both hosts and wait until it is ready."""
        done = self.user.run("launch", "--json", *NODES, *self.options, *words, "--", *command)
        assert done.status == 0, done
        return done.json

    def rows(self) -> list[Json]:
        """Return what status says of both hosts."""
        found: list[Json] = json.loads(self.user.run("status", "--json", *NODES).out)["launches"]
        return found

    def nothing_runs(self) -> bool:
        """Say whether nothing of a launch runs on either host."""
        return not [line for number in (1, 2) for line in self.engines(number)]

    def nothing_is_left(self) -> None:
        """AssertionError if a process, a container or a name of a launch is still on a host."""
        until(self.nothing_runs, "all has ended", 30)
        for number in (1, 2):
            assert self.hosts.exec(number, ["ls", "/var/lib/sparkup/launches"], check=False).stdout == ""
            if self.engine != "host":
                assert self.hosts.exec(number, [self.engine, "ps", "--all", "--quiet"]).stdout == ""


@contextmanager
def paired(hosts: Testbed, home: Path, engine: str) -> Iterator[Pair]:
    """Be somebody with two hosts; at the end nothing of a launch is left on either."""
    with control(hosts, home) as there:
        somebody = Pair(there.hosts, there.user, engine)
        for number in (1, 2):
            somebody.model(number)
            somebody.fault(number, "")
        yield somebody
        somebody.user.run("stop", "--all", *NODES)
        somebody.nothing_is_left()
