"""What the checks of a launch look at: all that was seen of its hosts, and what was decided so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparkup.commands.vllm import Serve, parse_serve
from sparkup.domain.check import Check, Finding
from sparkup.domain.fabric import Fabric
from sparkup.domain.fact import Observed, Seen
from sparkup.domain.launch import Launch, LaunchRequest
from sparkup.facts.dgx import DGX
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.planning.parallel import configured

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A launch that is to be checked. `drafts`: what was decided for each host, in the request's order."""

    request: LaunchRequest
    seen: Observed
    drafts: Sequence[Launch]
    config: str = ""  # of the command, as the head has it
    fabric: Fabric | None = None  # None for one host

    @property
    def hosts(self) -> tuple[Seen, ...]:
        """Return what was seen of each host that takes part."""
        return tuple(self.seen[host.name] for host in self.request.hosts)

    @property
    def serve(self) -> Serve | None:
        """Return what the command says, None when it is no vLLM server."""
        return parse_serve(self.request.argv)

    @property
    def rdma(self) -> bool:
        """Say whether its ranks are to talk over RDMA; a user's own variables win."""
        given = self.request.environment.plain
        off = given.get("NCCL_IB_DISABLE") == "1" or given.get("NCCL_NET", "").lower() == "socket"
        return self.fabric is not None and self.fabric.rdma and not off

    def option(self, name: str) -> str | None:
        """Return the value of an option of vLLM as it was written, on the command line or in its file."""
        said = self.serve.value(name) if self.serve else None
        return configured(self.config, (name,)).get(name) if said is None else said

    def sparks(self) -> Iterator[tuple[Seen, Launch]]:
        """Yield each host whose GPU shares the memory, with what is to run there if that uses the GPU."""
        for seen, draft in zip(self.hosts, self.drafts, strict=True):
            if seen[DGX].gb10 and not on_cpu(draft, seen):
                yield seen, draft


Gate = Check[Subject]


def on_cpu(draft: Launch, seen: Seen) -> bool:
    """Say whether a launch is known to run on the CPU: in such an environment, or an image called so."""
    if draft.container is not None:
        name = draft.container.image.rpartition("/")[2]
        return "cpu" in name.replace(":", "-").split("-")
    variants = {str(each.folder): each.variant for each in seen[ENVIRONMENTS]}
    return variants.get(draft.python_environment) == "cpu"


def differences(values: Mapping[str, str | None]) -> str:
    """Return who has which of some values, "" where all have the same; None and "" are not known."""
    by: dict[str, list[str]] = {}
    for host, value in values.items():
        if value:
            by.setdefault(value, []).append(host)
    return "; ".join(f"{value} on {', '.join(hosts)}" for value, hosts in by.items()) if len(by) > 1 else ""


def missing(check: Gate, subject: Subject) -> Iterator[Finding]:
    """Yield that a check could not be made for what nobody has asked a host."""
    for seen in subject.hosts:
        names = [fact.name for fact in check.needs if fact.name not in seen.values]
        if names:
            yield Finding("unknown", check.id, f"not known of it: {', '.join(names)}", seen.host)
