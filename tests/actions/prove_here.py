"""A program that the tests run: prove over what a launch of this machine talks, as if it had two ranks.

There is no RDMA here, and no GPU: which a host has is said by what was recorded of Sparks. Logs, questions
and files are real. Prints the proof, and what people would read. Argument: seconds that answers may take.
"""

import asyncio
import json
import sys
from dataclasses import replace

from tests.planning.fabrics import A1, B1, spark

from sparkup.actions.context import Context
from sparkup.actions.proof import prove
from sparkup.actions.running import Running
from sparkup.actions.starting import Capture, Manner
from sparkup.config import places
from sparkup.connect.local import Local
from sparkup.domain.command import Environment
from sparkup.domain.event import Event, Noted
from sparkup.domain.fact import Seen
from sparkup.domain.host import LOCAL
from sparkup.domain.launch import FIRST_NAME, Engine, Launch, Node, Part
from sparkup.facts.environments import ENVIRONMENTS
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.links import LINKS
from sparkup.facts.machine import MACHINE
from sparkup.run.interrupts import Interrupts
from sparkup.run.phases import Phase

NAMES = ("local", "twin")
PART = Part(
    ("vllm", "serve", "org/name"), Environment({"NCCL_NET": "IB", "NCCL_IB_HCA": "rocep1s0f1,roceP2p1s0f1"})
)


OTHER = replace(PART, argv=("sleep", "9"))


async def main() -> None:
    """Prove it, and print what comes of it."""
    noted: list[str] = []

    def emit(event: Event) -> None:
        if isinstance(event, Noted):
            noted.append(event.text)

    context = Context(emit, Interrupts(), places.recorded_facts())
    connections = dict.fromkeys(NAMES, Local())
    runner = context.runner(connections)
    await runner.run([Phase("Look", facts=dict.fromkeys(NAMES, (MACHINE, ENVIRONMENTS)))])
    ports = spark(1, {A1: "192.168.177.11/24", B1: "192.168.178.11/24"})
    added = {LINKS.name: ports, GPU.name: Gpus(shown=True, cards=("000f:01:00.0 (nvidia)",))}
    runner.seen = {name: Seen(name, {**runner.seen[name].values, **added}) for name in NAMES}
    nodes = tuple(Node(name, rank, part=PART) for rank, name in enumerate(NAMES))
    launch = Launch(FIRST_NAME, "a1", Engine.HOST, nodes, PART.argv)
    running = Running(launch, Manner(), runner, context, connections, (LOCAL,), Capture(emit))
    proof = await prove(running, context, float(sys.argv[1]))
    alone = replace(launch, nodes=nodes[:1])
    running.launch = alone
    one = await prove(running, context)
    running.launch = replace(
        launch, nodes=tuple(replace(node, part=OTHER) for node in nodes), argv=OTHER.argv
    )
    assert (await prove(running, context)).verdict == "RDMA: not applicable, no vLLM server"
    print(json.dumps({"proof": proof.document(), "noted": noted, "alone": one.verdict}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
