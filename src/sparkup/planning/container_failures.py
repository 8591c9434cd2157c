"""What a container engine says when it cannot start a container, as a problem that a user can act on."""

import re

from sparkup.domain.launch import Launch
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError, WorkFailed

NVIDIA_RUNTIME = (
    "once: sudo nvidia-ctk runtime configure --runtime=docker, then sudo systemctl restart docker"
)
# (what docker 20.10 to 28, podman, runc and crun say; code; what next)
KNOWN = (
    (r"name .* is already in use", "name-taken", "choose another with --name, or remove that container"),
    (
        r"address already in use|port is already allocated",
        "port-taken",
        "publish another port with -p, or end what has it",
    ),
    (
        r"unresolvable CDI devices",  # podman
        "no-gpu-in-container",
        "once: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    ),
    (
        r"Using requested mode 'cdi'|nvidia\.com/gpu|device driver \"cdi\"",
        "no-gpu-in-container",
        "once: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml; docker takes it since version 25",
    ),
    (
        r"untime (name|specified):? nvidia|could not select device driver",
        "no-gpu-in-container",
        NVIDIA_RUNTIME,
    ),
    (
        r"[Uu]nknown (or invalid )?runtime",
        "bad-option",
        "see which runtimes there are: docker info",
    ),
    (
        r"nvidia-cuda-mps-control|libnvidia-ml\.so",
        "no-gpu-in-container",
        "snap's docker does not see the driver: install docker-ce or the packages of DGX OS",
    ),
    (r"gathering device information|stat /dev/", "bad-option", "see which devices the host has"),
    (r"exec format error", "wrong-architecture", "get an image that is built for this machine"),
    (
        r"bind source path does not exist|statfs .*: no such file",
        "mount-not-found",
        "check the path on that host",
    ),
    (
        r"invalid (volume|mount|config)|incorrect volume format|Duplicate mount|not an absolute path",
        "bad-option",
        "`docker run --help` says what -v takes",
    ),
    (
        r"unknown (flag|shorthand)|inimum memory|set memory limit|OCI runtime \"\S+ not found|o find user",
        "bad-option",
        "`docker run --help` says what --engine-args takes",
    ),
    (
        r"executable file not found|exec: .*(permission denied|no such file)",
        "command-not-found",
        "the program must be in the image, and on its PATH; --engine host takes the host's",
    ),
    (r"[Nn]o such image|image not known", "image-not-found", "see what there is: docker image ls"),
    (r"no space left on device|disk quota", "no-disk", "see what takes it: docker system df"),
    (
        r"permission denied while trying to connect|(annot|failed to) connect to the [Dd]ocker",
        "no-engine",
        "see that `docker info` works there without sudo",
    ),
)
PREFIX = re.compile(r"^(docker|Error|Error response from daemon): (Error response from daemon: )?")
NOISE = re.compile(r"^(See '|Run '|WARNING: )")  # what stands around an engine's reason
INPUT = frozenset({"bad-option", "command-not-found", "image-not-found", "mount-not-found"})


def refused(message: str, launch: Launch, host: str) -> SparkupError:
    """Return the error for a container that did not start; `message` is the engine's own."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and not NOISE.match(line)]
    reason = next((line for line in lines if PREFIX.match(line)), lines[-1] if lines else "")
    said = PREFIX.sub("", reason) or "it ended at once and said nothing"
    what = f"{launch.engine} could not start {launch.name}: {said}"
    for pattern, code, hint in KNOWN:
        if re.search(pattern, message):
            problem = Problem(code, what, host, hint.replace("docker ", f"{launch.engine} "))
            return InputRefused(problem) if code in INPUT else GateRefused(problem)
    details = tuple(line for line in lines if line != reason)[-20:]
    hint = f"try it by hand: {launch.engine} run --rm {launch.container.image if launch.container else ''}"
    return WorkFailed(Problem("container-failed", what, host, hint, details))
