"""Every failure a user can meet, as one tree; each says what happened, where, and what to do next.

SparkupError                      exit status
├── InputRefused                  2   what the user typed or wrote cannot be done; nothing was touched
├── GateRefused                   5   the input is fine, but a check on a host said no; nothing was touched
├── HostUnreachable               4   a host could not be reached or did not let us in
├── WorkFailed                    1   something was started and did not succeed; it was undone
├── PartlyDone                    3   some hosts or objects succeeded, the rest are listed
├── CommandNotFound             127   what was to be run in a container is not there, as a shell counts
├── CommandNotExecutable        126   it is there and cannot be executed
└── Interrupted                 130   Ctrl-C or SIGTERM

Add an error: make a `Problem` with a new `code` where the fault is seen, raise the class whose exit
status fits, and list the code in `CODES`; docs/errors.md is generated from that table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

CODES: dict[str, str] = {
    # input
    "bad-option": "An option, verb or value is not known or not allowed here.",
    "bad-environment-variable": "An environment variable given with -e has no name or no value.",
    "bad-ssh-config": "The OpenSSH client cannot read its configuration.",
    "bad-name": "A launch name has characters that a host or container name cannot have.",
    "no-command": "A launch was asked for without a command after `--`.",
    "command-not-found": "The program to run does not exist on the host.",
    "command-not-executable": "The program to run is there, and is none, or not one for this user.",
    "model-not-found": "The model folder is not there or has no config.json, or no model can be called so.",
    "unknown-launch": "No launch of that name on the host.",
    "unknown-environment": "No managed environment of that name or variant.",
    "bad-inventory": "A cluster.yaml cannot be read, or says what cannot be.",
    "untrusted-inventory": "The cluster.yaml of a folder was never trusted as it is now.",
    "inventory-changed": "A cluster.yaml was changed by somebody else while it was to be written.",
    "bad-dotenv": "A .env of the old scripts has lines that are no plain assignments, or wrong values.",
    "no-recorded-facts": "An offline plan was asked for a host whose facts were never recorded.",
    "bad-recorded-facts": "The recorded facts of a host cannot be read.",
    "too-few-hosts": "The command needs more GPUs than the hosts have.",
    "image-not-found": "The container engine of the host has no such image.",
    "ambiguous-image": "What was named is several images with different content.",
    "mount-not-found": "What is to be mounted into a container does not exist on the host.",
    "not-of-that-kind": "The text on standard input is not what that tool or file has.",
    "unsupported-platform": "There is no build of vLLM for this architecture and Python.",
    "unknown-ref": "A repository has no such branch, tag or pull request.",
    "not-yet": "Something that this version cannot do yet.",
    # gates
    "not-yours": "The launch belongs to another user of the host.",
    "name-taken": "Another launch of that name is on the host.",
    "port-taken": "Another process listens on the port that the launch needs.",
    "no-git": "Git is not installed where an image is built.",
    "no-builder": "Docker of the host cannot build images with BuildKit.",
    "no-engine": "The container engine is not installed, does not run, or does not let this user in.",
    "wrong-architecture": "The image is for another kind of processor.",
    "no-gpu-in-container": "The container engine of the host cannot give a container the GPU.",
    "no-fabric": "The network between the hosts of a launch is not fit for it.",
    "no-previous-image": "An image has none before it that could take its name back.",
    "ray-not-found": "The ranks are to meet through Ray, and a host has none.",
    "images-differ": "The hosts of a launch have different images of one name.",
    "no-memory": "A host has less memory left than the command asks for.",
    "no-disk": "Not enough free disk for what would be written.",
    "no-ssh": "The OpenSSH client is not installed on this machine.",
    "unsafe-folder": "A folder of ours (state, SSH control sockets) cannot be made, or others may write it.",
    "no-gpu": "The host has no NVIDIA GPU that its driver shows.",
    "no-python": "The host has no python3 that can do the work.",
    "linger-off": "The host ends a user's processes at logout; the launch would die with the session.",
    "no-limits": "Limits were asked for on a host that cannot enforce them.",
    "in-use": "Something that runs still uses what was to be removed.",
    # hosts
    "host-unreachable": "The host did not answer over SSH.",
    "host-key-unknown": "SSH does not know the host's key yet.",
    "host-key-changed": "The host's SSH key differs from the known one.",
    "login-refused": "The host refused the login.",
    "no-mesh": "A host cannot be given what it needs to log in to others.",
    "host-broke-off": "The connection to the host broke while it worked.",
    # work
    "step-failed": "A command of the plan failed on a host.",
    "container-failed": "The container engine could not start the container.",
    "start-failed": "The engine ended before it was ready.",
    "start-stalled": "The start made no progress for too long.",
    "start-timeout": "The start took longer than allowed in total.",
    "engine-died": "The engine ended although nobody had asked it to.",
    "canary-failed": "The server says it is healthy but did not answer a request.",
    "not-undone": "What had been begun could not be taken back.",
    "stop-incomplete": "Something of a launch would not go away.",
    "install-failed": "The packages of a managed environment could not be installed.",
    "build-failed": "A step of the build of an image failed.",
    "patch-refused": "A pull request could not be applied to the source.",
    "image-unfit": "An image that was just built did not pass its checks; the one before is untouched.",
    "source-gone": "A repository of source code could not be reached or broke off.",
    "registry-gone": "The package registry could not be reached or broke off.",
    "file-not-written": "A file could not be written on the host.",
    "log-not-writable": "The log of a rank could not be written.",
    "bad-answer": "A program on the host answered something we cannot read.",
    "system-refused": "This machine refused what sparkup needs to work: processes, files or memory.",
    "bug": "Something that sparkup has not foreseen. Please report it.",
    "interrupted": "The user or the system asked us to end.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `code` from CODES, what happened, where, and what to do next."""

    code: str
    message: str
    where: str = ""  # a host, or file:line
    hint: str = ""
    details: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(self.code)


class SparkupError(Exception):
    """Base of all user-visible failures; carries one or more problems, all found at once."""

    exit_status: ClassVar[int] = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems: Sequence[Problem] = problems

    def with_problems(self, *more: Problem) -> Self:
        """Return the same failure with further problems: what went wrong when it was to be undone."""
        return type(self)(*self.problems, *more)


class InputRefused(SparkupError):
    """What was typed or written cannot be done; nothing was touched."""

    exit_status = 2


class CommandNotFound(SparkupError):
    """There is no such command where a launch runs; the status is what a shell has for that."""

    exit_status = 127


class CommandNotExecutable(SparkupError):
    """What was to be run where a launch runs cannot be; the status is what a shell has for that."""

    exit_status = 126


class GateRefused(SparkupError):
    """A check on a host refused; nothing was started."""

    exit_status = 5


class HostUnreachable(SparkupError):
    """A host could not be reached or refused us."""

    exit_status = 4


class WorkFailed(SparkupError):
    """Work was begun and failed; what it had started was undone."""

    exit_status = 1


class PartlyDone(SparkupError):
    """Some of the work succeeded; the problems list what did not."""

    exit_status = 3


class Interrupted(SparkupError):
    """The user pressed Ctrl-C, or the process was told to end."""

    exit_status = 130
