"""Check that one host has as many GPUs as its command asks for; of several, cluster.py counts them."""

from collections.abc import Iterator

from sparkup.commands.vllm import OF_RANKS
from sparkup.domain.check import Check, Finding
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.facts.gpus import GPU
from sparkup.planning.gates_subject import Gate, Subject, on_cpu
from sparkup.planning.parallel import EXECUTOR, read_parallel, too_few

# With one of these a command says by itself that others of its ranks are elsewhere, or may be (vLLM's docs,
# Parallelism and Scaling, Data Parallel Deployment).
PART = (
    *OF_RANKS,
    *(
        f"--data-parallel-{each}"
        for each in (
            *("address", "backend", "external-lb", "hybrid-lb", "multi-port-external-lb"),
            *("rank", "size-local", "start-rank"),
        )
    ),
)


def _enough(subject: Subject) -> Iterator[Finding]:
    """Find the command that vLLM would end for, minutes later; on the CPU it makes ranks without any GPU."""
    if subject.serve is None or len(subject.hosts) > 1:
        return
    if any(subject.option(each) is not None for each in PART):
        return
    ((seen, draft),) = zip(subject.hosts, subject.drafts, strict=True)
    cards, wanted = len(seen[GPU].cards), read_parallel(subject.serve, subject.config, []).gpus
    if not cards or wanted <= cards or on_cpu(draft, seen):
        return
    problem = too_few(wanted, cards, seen.host)
    if subject.option(EXECUTOR) == "ray":
        message = f"{problem.message}; a Ray cluster of your own may have more"
        yield Finding("unknown", "run.hosts", message)
    else:
        yield Finding("fail", "run.hosts", problem.message, hint=problem.hint)


CHECKS: tuple[Gate, ...] = (Check("run.hosts", (GPU, ENVIRONMENTS), _enough, refuses="too-few-hosts"),)
