"""What is said of a command line that cannot be run, by vLLM, a shell or Docker, and the remedy."""

import re

from sparkup.commands.vllm import OF_RANKS
from sparkup.facts.known_failure import known

# Options of `vllm serve` that are gone, and what took their place (0.32 and 0.33).
_GONE = {
    "--task": "use --runner or --convert",
    "--swap-space": "it was removed without a substitute",
    "--mxfp4-backend": "use --moe-backend",
    "--mxfp4-layers": "use --moe-backend and --linear-backend",
    "--guided-decoding-backend": "use --structured-outputs-config.backend",
    "--enable-reasoning": "--reasoning-parser alone is enough",
    "--rope-scaling": "use --hf-overrides",
    "--device": "the platform is found by itself",
}


def _unknown_option(match: re.Match[str]) -> str:
    option = match[1].partition("=")[0].replace("_", "-")
    if option in OF_RANKS:  # nobody has typed it
        return (
            f"this vLLM is too old to span hosts by itself ({option}): use a newer one, in the image or the "
            "environment, or --backend ray"
        )
    if option in _GONE:
        return f"leave {option} out: {_GONE[option]}"
    return (
        f"this vLLM does not know {option}: check its spelling with `vllm serve --help=all`, or "
        "use the version that the option is from"
    )


COMMAND_FAILURES = (
    known(
        "F69e",
        r"unrecognized arguments: (?:vllm )?serve\b",
        "the image's entrypoint is `vllm serve` already: the command must not have it again",
    ),
    known(
        "F70",
        r"Permission denied \(publickey",
        "the key of this user is not known there: ssh-copy-id, in every direction in which hosts talk",
    ),
    known(
        "F72",
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host was installed anew, or is another: compare its fingerprint, then ssh-keygen -R",
    ),
    known(
        "F79b",
        r"toomanyrequests|rate limit",
        "the registry limits downloads: pull the image once, and copy it to the other hosts",
    ),
    known("F64b", r"unrecognized arguments: (--?[\w.=-]+)", _unknown_option),
    known("F87", r"requires --tool-call-parser", "add --tool-call-parser with that of this model"),
    known("", r"invalid (?:tool call|reasoning) parser", "use one of the names that it lists"),
    known(
        "",
        r"argument --([\w-]+)",
        lambda match: f"`vllm serve --help={match[1]}` says what it takes",
    ),
    known("", r"arguments are required|ambiguous option", "see `vllm serve --help=all`"),
    known(
        "",
        r"\w+Config: (\w+): Input should",
        lambda match: f"correct --{match[1].replace('_', '-')}",
    ),
    known(
        "",
        r"vllm\W+(?:command )?not found|\Wvllm\W: No such file|No such file or directory: '?vllm",
        "there is no vllm on the PATH of the host: name the Python environment that has it",
    ),
    known("F58", r"(?i)exec format error", "it is for another processor: DGX Spark needs arm64"),
    known(
        "F54",
        r"(?i)address already in use|EADDRINUSE|\[Errno 98\]",
        "another process listens on that port: stop it, or choose another port",
    ),
    known(
        "F50",
        r"permission denied while trying to connect to the Docker",
        "add the user to the group docker and log in anew",
    ),
    known(
        "",
        r"(?i)cannot connect to the docker daemon|failed to connect to the docker API",
        "docker does not run: sudo systemctl start docker",
    ),
    known(
        "F51",
        r"unknown or invalid runtime name: nvidia|could not select device driver",
        "sudo nvidia-ctk runtime configure --runtime=docker, then restart docker",
    ),
    known(
        "F52",
        r"Using requested mode 'cdi'",
        "the toolkit is in CDI mode: use --device nvidia.com/gpu=all or --runtime nvidia instead of --gpus",
    ),
    known(
        "F53",
        r"nvidia-cuda-mps-control",
        "Docker from snap cannot reach the driver: install Docker's own packages",
    ),
    known("F54", r"is already in use by container", "stop and remove the container of that name"),
)
