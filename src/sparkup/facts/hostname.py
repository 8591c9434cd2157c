"""What a host calls itself."""

from sparkup.domain.fact import Answers, Fact, files, whole

NAME = "/proc/sys/kernel/hostname"


def parse(answers: Answers) -> str:
    """Read the answers to HOSTNAME: the name without its domain, "" where none is known."""
    name: str = answers["name"]["files"].get(NAME, "")
    return name.strip().partition(".")[0]


HOSTNAME: Fact[str] = Fact(
    "hostname", {"name": files(NAME, max_bytes=256)}, parse, unknown="", recorded=whole
)
