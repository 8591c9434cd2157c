"""What a host has for a build of images: where Docker keeps data, its client, the processors, proxies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sparkup.domain.dockerfile import PROXIES
from sparkup.domain.fact import Answers, Fact, env, paths, run

ROOT = "/var/lib/docker"  # where Docker keeps its data unless it is told otherwise
VARIABLES = tuple(name for each in PROXIES for name in (each, each.lower()))
LOOPBACK = re.compile(r"(?:^|//|@)(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|/|$)")


@dataclass(frozen=True, slots=True)
class BuildHost:
    """`client` and `buildx`: versions, "" where there is none. `proxies`: names of variables of the login."""

    root: str
    client: str
    buildx: str
    processors: int
    proxies: tuple[str, ...]
    own_proxies: tuple[str, ...]  # those of them that lead to the host's own loopback

    @property
    def builds(self) -> bool:
        """Say whether this docker has BuildKit: of itself until 22, through buildx from 23 on."""
        major = self.client.partition(".")[0]
        return bool(self.buildx) or (major.isdecimal() and int(major) < 23)


def _parse(answers: Answers) -> BuildHost:
    values = {name: value for name, value in answers["env"]["env"].items() if value}
    said = answers["buildx"]["out"].split() if answers["buildx"]["status"] == 0 else []
    return BuildHost(
        root=answers["root"]["out"].strip() or ROOT,
        client=answers["client"]["out"].strip(),
        buildx=said[1] if len(said) > 1 else "",
        processors=int(answers["processors"]["out"] or 1),
        proxies=tuple(sorted(values)),
        own_proxies=tuple(
            sorted(
                name
                for name, value in values.items()
                if LOOPBACK.search(value) and not name.upper().startswith("NO_")
            )
        ),
    )


BUILD_HOST = Fact(
    "build_host",
    {
        "root": run("docker", "info", "--format", "{{.DockerRootDir}}", timeout=15),
        "client": run("docker", "version", "--format", "{{.Client.Version}}", timeout=15),
        "buildx": run("docker", "buildx", "version"),
        "processors": run("nproc"),
        "env": env(*VARIABLES),
    },
    _parse,
)


def room(folders: tuple[str, ...]) -> Fact[Mapping[str, int]]:
    """Return a fact for how many bytes are free where folders are, by folder."""

    def parse(answers: Answers) -> Mapping[str, int]:
        return {name: found["free"] for name, found in answers["paths"]["paths"].items()}

    return Fact("room " + " ".join(folders), {"paths": paths(*folders)}, parse)
