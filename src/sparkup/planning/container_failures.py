"""What a container engine says when it cannot start a container, as a problem that a user can act on."""

import re

from sparkup.domain.launch import Launch
from sparkup.errors import GateRefused, InputRefused, Problem, SparkupError, WorkFailed

# (what docker 20.10 to 28, podman, runc and crun say; code; what next)
NVIDIA_RUNTIME = (
    "once: sudo nvidia-ctk runtime configure --runtime=docker, then sudo systemctl restart docker"
)
KNOWN = (
    (r"name .* is already in use", "name-taken", "choose another with --name, or remove that container"),
    (
        r"address already in use|port is already allocated",
        "port-taken",
        "publish another port with -p, or end what has it",
    ),
    (
        r"Using requested mode 'cdi'",
        "no-gpu-in-container",
        "the toolkit is in CDI mode: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    ),
    (
        r"[Uu]nknown (or invalid )?runtime|could not select device driver",
        "no-gpu-in-container",
        NVIDIA_RUNTIME,
    ),
    (
        r"nvidia-cuda-mps-control|libnvidia-ml\.so",
        "no-gpu-in-container",
        "snap's docker does not see the driver: install docker-ce or the packages of DGX OS",
    ),
    (r"gathering device information|stat /dev/", "bad-option", "see which devices the host has"),
    (r"exec format error", "wrong-architecture", "get an image that is built for this machine"),
    (r"bind source path does not exist", "mount-not-found", "check the path on that host"),
    (
        r"invalid volume|invalid mount|not an absolute path|unknown (flag|shorthand)|[Mm]inimum memory",
        "bad-option",
        "`docker run --help` says what --engine-args, -v and -p take",
    ),
    (
        r"executable file not found|exec: .*permission denied",
        "command-not-found",
        "the program must be in the image, and on its PATH",
    ),
    (r"[Nn]o such image|image not known", "image-not-found", "see what there is: docker image ls"),
    (r"no space left on device|disk quota", "no-disk", "see what takes it: docker system df"),
    (
        r"permission denied while trying to connect|[Cc]annot connect to the Docker daemon",
        "no-engine",
        "see that `docker info` works there without sudo",
    ),
)
PREFIX = re.compile(r"^(docker|Error|Error response from daemon): (Error response from daemon: )?")
INPUT = frozenset({"bad-option", "command-not-found", "image-not-found", "mount-not-found"})
GATES = frozenset(
    {"name-taken", "port-taken", "no-gpu-in-container", "wrong-architecture", "no-disk", "no-engine"}
)


def refused(message: str, launch: Launch, host: str) -> SparkupError:
    """Return the error for a container that did not start; `message` is the engine's own."""
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith("See '")]
    first = PREFIX.sub("", lines[-1].strip()) if lines else "it ended at once and said nothing"
    for pattern, code, hint in KNOWN:
        if re.search(pattern, message):
            problem = Problem(code, f"{launch.engine} could not start {launch.name}: {first}", host, hint)
            kind = InputRefused if code in INPUT else GateRefused
            return kind(problem)
    details = tuple(lines[-20:-1])
    what = f"{launch.engine} could not start {launch.name}: {first}"
    hint = f"try it by hand: {launch.engine} run --rm {launch.container.image if launch.container else ''}"
    return WorkFailed(Problem("container-failed", what, host, hint, details))
