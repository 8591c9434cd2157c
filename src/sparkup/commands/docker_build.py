"""`docker build` and what a finished image is named, looked at and run with, as argument vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sparkup.commands import containers

# The builder of the engine itself, whatever the user has chosen: another one's images stay in it. An
# attestation has times in it, so that no two builds would be the same.
_SETTINGS = ("DOCKER_BUILDKIT=1", "BUILDX_BUILDER=default", "BUILDX_NO_DEFAULT_ATTESTATIONS=1")


@dataclass(frozen=True, slots=True)
class DockerBuild:
    """A build: `folder` has the Dockerfile and what it copies; `proxies` are names of variables.

    `contexts`: further ones that stand in for stages, by their name; only buildx takes them.
    """

    folder: str
    tag: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    proxies: Sequence[str] = ()
    network: str = ""


def build(what: DockerBuild) -> tuple[str, ...]:
    """Return what builds an image and tells all of it, step by step, on standard output."""
    words = [
        *_each("--build-arg", what.arguments),
        # Without a value it is taken from the environment: what a proxy wants of a user is seen by nobody.
        *(word for name in what.proxies for word in ("--build-arg", name)),
        *_each("--label", what.labels),
        *_each("--build-context", what.contexts),
        *(("--network", what.network) if what.network else ()),
    ]
    command = ("docker", "build", "--progress", "plain", "--tag", what.tag, *words, what.folder)
    return ("sh", "-c", 'exec "$@" 2>&1', "sh", "env", *_SETTINGS, *command)


def _each(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


def check(image: str, program: str, name: str, words: Sequence[str], gpus: str = "") -> tuple[str, ...]:
    """Return what runs a program of the host with the image's Python, without a network and with the GPUs."""
    return (
        *("docker", "run", "--rm", "--name", name, "--pull", "never", "--network", "none"),
        *containers.gpus(gpus),
        *("--volume", f"{program}:/tmp/check.py:ro", "--entrypoint", "python3"),
        *(image, "/tmp/check.py", *words),  # noqa: S108 - a place inside the container
    )


# One command: who has the name is asked when it changes hands, and nobody sees half of it.
_NAME = """\
old=$(docker image inspect --format "{{.Id}}" "$2" 2>/dev/null)
if [ "${old:-$1}" != "$1" ]; then docker tag "$old" "$3" && echo "$old" || exit; fi
docker tag "$1" "$2"
"""


def name(identity: str, wanted: str, old_name: str) -> tuple[str, ...]:
    """Return what gives an image a name; another image that has it gets `old_name` first, and is printed."""
    return ("sh", "-c", _NAME, "sh", identity, wanted, old_name)


def untag(name: str) -> tuple[str, ...]:
    """Return what takes a name away, and the image with its last one; it does not mind if there is none."""
    return ("sh", "-c", 'docker image inspect "$1" >/dev/null 2>&1 || exit 0; docker rmi "$1"', "sh", name)


def remove_container(name: str) -> tuple[str, ...]:
    """Return what ends a container; it does not mind if there is none."""
    return ("sh", "-c", 'docker inspect "$1" >/dev/null 2>&1 || exit 0; docker rm --force "$1"', "sh", name)
