"""Simulated Sparks with the real vLLM on the CPU, and somebody who launches on all of them from elsewhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_bed import CPU_RAY, IMAGE, MODEL, RealBed, base
from tests.simhosts.hosts import CONTROL, Testbed
from tests.user import Done, Json, User
from tests.waiting import until

from sparkup.actions.try_ import QUIET

LAUNCHES = "/var/lib/sparkup/launches"
PROGRAMS = "/root/bin"  # of a host: what comes late there
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# All hosts on one machine have the same cores; threads of one's own would fight for them.
CORES = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}
# vLLM compiles what looks up a part of the vocabulary, also with --enforce-eager; the image has no compiler.
EAGER = {"TORCHDYNAMO_DISABLE": "1"}
SERVE = ("serve", MODEL, "--served-model-name", "tiny", "--dtype", "float32", "--enforce-eager",
         "--max-model-len", "512", "--max-num-seqs", "8", "--kv-cache-memory-bytes", "67108864")  # fmt: skip
START = 600.0  # seconds at most: two hosts take 55 on a machine that has nothing else to do
ASK = """import json, urllib.request
for prompt in ("hello world", "the quick brown fox", "how are you"):
    body = {"model": "tiny", "prompt": prompt, "max_tokens": 24, "temperature": 0, "ignore_eos": True}
    data = json.dumps({**body, "return_token_ids": True}).encode()
    url = "http://127.0.0.1:8000/v1/completions"
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    print(json.load(urllib.request.urlopen(asked, timeout=120))["choices"][0]["token_ids"])
"""
MARKED = """cd /proc; for pid in [0-9]*; do
  grep -qsz ^SPARKUP_ATTEMPT= $pid/environ && tr '\\0' ' ' <$pid/cmdline && echo
done"""
LATE = '#!/bin/sh\nsleep "$(cat /root/late)"\nexec {program} "$@"\n'


@dataclass(frozen=True, slots=True)
class RealHosts:
    """The hosts, a user, and the words of a launch; `engine` is the user's choice."""

    hosts: Testbed
    user: User
    environment: Path  # the managed one, which all hosts see
    words: tuple[str, ...]
    engine: str = "host"

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the hosts."""
        return tuple(each.number for each in self.hosts.hosts)

    @property
    def nodes(self) -> tuple[str, str]:
        """Return the words that name all hosts."""
        return ("-n", ",".join(each.name for each in self.hosts.hosts))

    def command(self, *words: str) -> list[str]:
        """Return the words of a launch, with a rank on each host."""
        variables = {**QUIET, **CORES, **EAGER, "PYTHONPATH": str(CPU_RAY)}
        said = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        size = ("-tp", "1" if {"--host", "--solo"} & {*words} else str(len(self.numbers)))
        return ["launch", *self.words, *said, *words, "--", "vllm", *SERVE, *size]

    def launched(self, *words: str) -> Json:
        """Launch and wait until it is ready; return the answer."""
        with self.user.running(*self.command("--json", *words)) as command:
            done = command.done(START)
        assert done.status == 0, done
        return done.json

    def answers(self) -> list[str]:
        """Return the tokens that a server on the first host answers."""
        return self.hosts.exec(1, ["python3", "-c", ASK], timeout=300).stdout.splitlines()

    def rows(self) -> list[Json]:
        """Return what status says of all hosts."""
        found: list[Json] = json.loads(self.run("status", "--json", *self.nodes).out)["launches"]
        return found

    def verdict(self) -> Json:
        """Return what the head's host keeps of how it became ready."""
        found: Json = json.loads(self.hosts.exec(1, ["cat", f"{LAUNCHES}/vllm_node/ready.json"]).stdout)
        return found

    def run(self, *words: str) -> Done:
        """Run sparkup to its end."""
        with self.user.running(*words) as command:
            return command.done(180)

    def running(self, number: int) -> list[str]:
        """Return the command lines of all that runs of launches on a host."""
        return self.hosts.exec(number, ["sh", "-c", MARKED], check=False).stdout.splitlines()

    def nothing_runs(self) -> bool:
        """Say whether nothing of a launch runs on any host."""
        return not any(self.running(number) for number in self.numbers)

    def nothing_is_left(self) -> None:
        """AssertionError if a process, a container or a name of a launch is still there."""
        until(self.nothing_runs, f"{[self.running(number) for number in self.numbers]} have ended", 30)
        for number in self.numbers:
            assert self.hosts.exec(number, ["ls", LAUNCHES], check=False).stdout == ""
            if self.engine != "host":  # one that failed is there until it is stopped
                assert self.hosts.exec(number, [self.engine, "ps", "--all", "--quiet"]).stdout == ""

    def late(self, seconds: int) -> tuple[str, ...]:
        """Let whatever the second host starts come late; return the words that make it so."""
        for number in self.numbers:
            self.hosts.exec(number, ["mkdir", "-p", PROGRAMS])
            self.hosts.exec(number, ["tee", "/root/late"], stdin=str(seconds if number == 2 else 0))
            for name in ("vllm", "ray"):
                script = LATE.format(program=self.environment / "bin" / name)
                self.hosts.exec(number, ["tee", f"{PROGRAMS}/{name}"], stdin=script)
                self.hosts.exec(number, ["chmod", "+x", f"{PROGRAMS}/{name}"])
        seen = [word for each in (PROGRAMS, "/root/late") for word in ("-v", f"{each}:{each}:ro")]
        where = ("--venv", "none") if self.engine == "host" else seen
        return (*where, "-e", f"PATH={PROGRAMS}:{self.environment}/bin:{SYSTEM}")

    def clear(self) -> None:
        """Take away what a test has left."""
        self.run("stop", "--all", *self.nodes)
        for number in self.numbers:
            self.hosts.exec(number, ["rm", "-rf", LAUNCHES], check=False)


@contextmanager
def somebody(bed: RealBed, home: Path, user: User | None = None) -> Iterator[RealHosts]:
    """Be somebody, at the control workstation if nobody else; at the end no host has anything of a launch."""
    home.mkdir()
    user = user or User(home, before=tuple(bed.hosts.argv(CONTROL, [])))
    there = RealHosts(bed.hosts, user, bed.environment, words(bed.environment, bed.engine), bed.engine)
    try:
        yield there
        there.clear()
        there.nothing_is_left()
    finally:
        there.clear()
        user.close()


def words(environment: Path, engine: str) -> tuple[str, ...]:
    """Return the words of a launch by an engine."""
    if engine == "host":
        return ("--engine", engine)
    folders = (environment, *base(environment), CPU_RAY, Path(MODEL))
    mounts = [word for each in folders for word in ("-v", f"{each}:{each}:ro")]
    return ("--engine", engine, "-t", IMAGE, *mounts, "-e", f"PATH={environment}/bin:{SYSTEM}")
