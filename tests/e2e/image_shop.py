"""Two hosts whose engines have images of builds, and somebody who looks at them from elsewhere."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simhosts.hosts import CONTROL, Setup, Testbed, booted
from tests.user import Json, User

from sparkup.domain.build import (
    LABEL_INPUTS,
    LABEL_VARIANT,
    ImageVariant,
    Inputs,
    Measured,
    PullRequest,
    Record,
    Source,
)

NAME, PREVIOUS = "vllm-node-cpu:latest", "vllm-node-cpu:previous"
BUSYBOX = Path("/bin/busybox")  # linked statically: it runs in an image of its own
VLLM = "https://github.com/vllm-project/vllm.git"
FOLDER = "/root/shop"
SWEEP = """cd /
{engine} ps -aq | xargs -r {engine} rm -f
{engine} image ls -aq --no-trunc | sort -u | xargs -r {engine} rmi -f
rm -rf /var/lib/sparkup /home/spark/.local/state/sparkup
true"""


def inputs(commit: str, *pull_requests: int) -> Inputs:
    """Return what went into a build of vLLM at a commit, of which one letter is enough."""
    return Inputs(
        variant=ImageVariant.CPU,
        platform="linux/amd64",
        base="shop:1",
        sources=(Source("vllm", VLLM, "main", commit * 40),),
        pull_requests=tuple(PullRequest(number, VLLM, "a" * 40) for number in pull_requests),
        arguments={"VLLM_REF": commit * 40},
        sparkup="0.1.0",
    )


@dataclass(frozen=True, slots=True)
class Shop:
    """One engine on both hosts, and a command line at the control workstation."""

    bed: Testbed
    user: User
    engine: str

    def there(self, *argv: str, host: int = 1, given: str | None = None, check: bool = True) -> str:
        """Return what a command of root prints on a host."""
        return self.bed.exec(host, argv, stdin=given, check=check, timeout=120).stdout

    def build(self, name: str, word: str, made_of: Inputs | None = None, host: int = 1) -> str:
        """Build an image with a file that says a word; return its ID. Without a name it is dangling."""
        labels = (
            ()
            if made_of is None
            else (
                *("--label", f"{LABEL_VARIANT}={made_of.variant}"),
                *("--label", f"{LABEL_INPUTS}={made_of.text}"),
            )
        )
        lines = ("FROM scratch", "COPY busybox /bin/", "COPY word /", 'CMD ["busybox", "cat", "/word"]')
        self.there("mkdir", "-p", FOLDER, host=host)
        self.there("tee", f"{FOLDER}/word", given=word, host=host)
        self.there("tee", f"{FOLDER}/Dockerfile", given="\n".join(lines), host=host)
        named = ("--tag", name) if name else ()
        words = (self.engine, "build", "--quiet", "--network", "host", *named, *labels, FOLDER)
        return self.there(*words, host=host).strip()

    def builds(self, host: int = 1) -> None:
        """Make the image of now and the one before, as two builds leave them."""
        self.build(PREVIOUS, "before", inputs("1", 5), host)
        self.build(NAME, "now", inputs("2", 5, 7), host)

    def note(
        self, name: str, version: str, flags: Sequence[str] = (), host: int = 1, user: str = "root"
    ) -> str:
        """Keep on a host what was measured of an image; return its fingerprint."""
        (row,) = (each for each in self.rows(host) if name in each["names"] or name == each["id"])
        made_of = inputs("2", 5, 7) if name == NAME else inputs("1", 5)
        measured = Measured(
            1.0, f"spark{host}", self.engine, 1, 1.0, versions={"vllm": version}, flags=tuple(flags)
        )
        text = json.dumps(Record(row["fingerprint"], made_of, measured).document())
        state = "/var/lib/sparkup" if user == "root" else f"/home/{user}/.local/state/sparkup"
        path = f"{state}/images/{row['fingerprint']}.json"
        put = f"mkdir -p {state}/images; cat > {path}"
        self.there("runuser", "-u", user, "--", "sh", "-c", put, given=text, host=host)
        fingerprint: str = row["fingerprint"]
        return fingerprint

    def rows(self, host: int = 1) -> list[Json]:
        """Return the images that this engine of a host has, as sparkup lists them."""
        found: list[Json] = self.json("list", hosts=(host,))["images"]
        return [each for each in found if each["engine"] == self.engine]

    def json(self, *words: str, hosts: Sequence[int] = (1,)) -> Json:
        """Run what must succeed; return its document."""
        return self.user.json("images", *words, *self.on(hosts))

    def on(self, hosts: Sequence[int]) -> tuple[str, ...]:
        """Return the words that name hosts."""
        return ("--host", ",".join(f"spark{host}" for host in hosts))

    def word(self, name: str, host: int = 1) -> str:
        """Return the word that is in the image that a name means, "" if it means none."""
        return self.there(
            self.engine, "run", "--rm", "--network", "host", "--pull", "never", name, host=host, check=False
        )

    def ids(self, host: int = 1) -> set[str]:
        """Return the IDs of all images that are listed."""
        return set(self.there(self.engine, "image", "ls", "--quiet", "--no-trunc", host=host).split())

    def copy(self, name: str, engine: str = "") -> None:
        """Give the second host, or another engine of the first, an image of the first."""
        save = self.bed.argv(1, [self.engine, "save", name])
        load = self.bed.argv(1 if engine else 2, [engine or self.engine, "load"])
        with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
            subprocess.run(load, stdin=saved.stdout, capture_output=True, check=True, timeout=120)
        assert saved.returncode == 0

    @contextmanager
    def instead(self, script: str, host: int = 1) -> Iterator[None]:
        """Let a host's logins find a script before the engine, which is $real there."""
        path = f"/usr/local/bin/{self.engine}"
        had = self.there("sh", "-c", f"! [ -e {path} ] || mv -v {path} {path}.away", host=host)
        text = f'#!/bin/sh\nreal=/usr/bin/{self.engine}\n{script}\nexec $real "$@"\n'
        self.there("sh", "-c", f"cat > {path}; chmod 755 {path}", given=text, host=host)
        try:
            yield
        finally:
            back = f"mv {path}.away {path}" if had else "true"
            self.there("sh", "-c", f"rm {path}; {back}", host=host)

    def sweep(self) -> None:
        """Take away all images, containers and records."""
        engines = (
            ("docker", "podman") if self.there("sh", "-c", "command -v podman", check=False) else ("docker",)
        )
        for host in self.bed.hosts:
            for engine in engines:
                self.there("sh", "-c", SWEEP.format(engine=engine), host=host.number)


@contextmanager
def opened(base: str = "") -> Iterator[Testbed]:
    """Boot two hosts with docker, of a Debian tree, and give them a program for images."""
    with booted(Setup(hosts=2, engine="docker", base=base)) as bed:
        for host in bed.hosts:
            with BUSYBOX.open("rb") as program:
                put = f"mkdir -p {FOLDER}; cat > {FOLDER}/busybox; chmod 755 {FOLDER}/busybox"
                subprocess.run(
                    bed.argv(host.number, ["sh", "-c", put]), stdin=program, check=True, timeout=60
                )
        yield bed


@contextmanager
def shop(bed: Testbed, home: Path, engine: str) -> Iterator[Shop]:
    """Be somebody at the control workstation for the time of a `with`; afterwards the hosts are empty."""
    home.mkdir()
    found = Shop(bed, User(home, before=tuple(bed.argv(CONTROL, []))), engine)
    try:
        yield found
    finally:
        found.user.close()
        found.sweep()
