"""What NCCL said of its network in the log of a rank: only those lines leave the host."""

from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, files

BEGINNING = 8 << 20  # bytes of a log; NCCL connects the ranks before the weights are loaded
LINES = ".*(NCCL|NET/|nccl==|libibverbs)"


def nccl_said(log: PurePosixPath) -> Fact[tuple[str, ...]]:
    """Return the fact of the lines of a log that NCCL wrote."""

    def parse(answers: Answers) -> tuple[str, ...]:
        return tuple(answers["log"]["files"].get(str(log), "").splitlines())

    requests = {"log": files(str(log), max_bytes=BEGINNING, keep=LINES, sparse=True, links=False)}
    return Fact("nccl_said", requests, parse, unknown=())
