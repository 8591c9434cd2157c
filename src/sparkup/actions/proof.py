"""Prove that a launch that is ready uses RDMA: look, ask it one thing, look again, and keep the verdict."""

import json
import time
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from sparkup.actions.context import Context
from sparkup.actions.running import Running
from sparkup.commands.vllm import parse_serve
from sparkup.domain.command import Command
from sparkup.domain.event import Noted
from sparkup.domain.fact import Fact, Observed
from sparkup.domain.launch import Node
from sparkup.domain.plan import Plan, Run
from sparkup.domain.proof import Proof
from sparkup.errors import SparkupError
from sparkup.facts.nccl_said import nccl_said
from sparkup.facts.rdma_counters import Counters, rdma_counters
from sparkup.planning.launch import log_path, program_on
from sparkup.planning.proof import FILE, Evidence, foregone, planned
from sparkup.planning.proof import prove as judged
from sparkup.run.executor import execute
from sparkup.run.program import program_name

QUESTION, TOKENS = "Count from one to thirty.", 32
CANARY = ("", 1)  # without a question: the smallest request of the kind that the model serves
PATIENCE = 40.0  # seconds for an answer: a token a second, of a server that has answered its first canary
WRITING = 30.0  # seconds to keep the verdict


async def prove(running: Running, context: Context, patience: float = PATIENCE) -> Proof:
    """Return whether the ranks of a launch talk over RDMA, say so, and keep it on the head for `status`.

    Of one host alone, and of what is no vLLM server, nothing is said or kept.
    Nothing that goes wrong in it does harm to the launch: then it is not known. `patience`: seconds in all
    that answers may take.
    """
    proof = foregone(running.launch, running.runner.seen)
    if proof is None:
        try:
            proof = judged(running.launch, running.runner.seen, await _evidence(running, patience))
        except SparkupError as error:
            proof = Proof(f"RDMA: not known, {error.problems[0].message}")
    if len(running.launch.nodes) > 1 and parse_serve(running.launch.argv):
        context.emit(Noted(proof.verdict))
        await _keep(proof, running, context)
    return proof


async def _evidence(running: Running, patience: float) -> Evidence:
    observer, nodes = running.runner.observer, running.launch.nodes
    counters = {node.host: _counters(running, node) for node in nodes}
    logs = {node.host: nccl_said(_log(running, node)) for node in nodes}
    before = await observer.look({host: (counters[host], logs[host]) for host in logs})
    asked = await _asked(running, patience)
    after = await observer.look({host: (counters[host],) for host in logs})
    return Evidence(
        said={host: before[host][logs[host]] for host in logs},
        before=_of(before, counters),
        after=_of(after, counters),
        asked=asked,
    )


def _counters(running: Running, node: Node) -> Fact[Mapping[str, Counters]]:
    return rdma_counters(planned(running.launch, node, running.runner.seen))


def _of(
    seen: Observed, facts: Mapping[str, Fact[Mapping[str, Counters]]]
) -> dict[str, Mapping[str, Counters]]:
    return {host: seen[host][fact] for host, fact in facts.items()}


def _log(running: Running, node: Node) -> PurePosixPath:
    program = program_on(running.runner.seen[node.host], program_name())
    return log_path(program, running.launch.name)


async def _asked(running: Running, patience: float) -> bool:
    """Let the ranks work for one answer; a model that takes no question is sent a canary."""
    host = running.launch.head.host
    program = program_on(running.runner.seen[host], program_name())
    deadline = time.monotonic() + patience
    for question, tokens in ((QUESTION, TOKENS), CANARY):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        argv = program.ask(running.launch.name, question, tokens, left)
        step = Run("ask", host, Command(argv, timeout=left + 1), "see over what the ranks talk")
        try:
            await execute(Plan((step,)), running.connections, _silent)
        except SparkupError:
            continue
        return True
    return False


async def _keep(proof: Proof, running: Running, context: Context) -> None:
    """Put the verdict where `status` finds it; that it cannot be is said, and no more.

    A launch that was stopped meanwhile has no folder, and none is made: it would be a name that is taken.
    """
    host = running.launch.head.host
    path = _log(running, running.launch.head).parent / FILE
    content = json.dumps(proof.document()).encode() + b"\n"
    command = Command(("tee", str(path)), content, timeout=WRITING)
    step = Run(f"proof on {host}", host, command, f"keep {path}, whether RDMA is used")
    try:
        await execute(Plan((step,)), running.connections, _silent)
    except SparkupError as error:
        context.emit(Noted(f"{FILE} could not be kept: {error.problems[0].message}"))


def _silent(_: Any) -> None:  # noqa: ANN401 - any event
    """Show nothing: one line says the verdict."""
