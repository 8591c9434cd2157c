"""Try: the whole path in miniature, with nothing prepared; real vLLM on the CPU, a tiny model."""

import json
import time
from collections.abc import Mapping
from typing import Any

from sparkup.actions.context import Connections, Context
from sparkup.actions.env import ensure
from sparkup.actions.launch import begin
from sparkup.actions.running import Running
from sparkup.actions.starting import Manner
from sparkup.actions.stop import read_report, still_held
from sparkup.domain.answer import StopReport, Tried
from sparkup.domain.command import Command, Environment, Result
from sparkup.domain.event import Answered
from sparkup.domain.host import LOCAL
from sparkup.domain.launch import LaunchRequest
from sparkup.domain.plan import Plan, Put, Run
from sparkup.domain.variant import Variant
from sparkup.errors import Problem, SparkupError, WorkFailed
from sparkup.facts.environments import PythonEnvironment
from sparkup.planning.launch import program_on, undo_plan
from sparkup.planning.readiness import log_hint
from sparkup.run.phases import Phase
from sparkup.run.program import program_name

NAME = "sparkup-try"
QUESTION = "Hello! What can you do?"
TOKENS = 32
QUIET = {  # no hub, no usage statistics: nothing leaves this machine
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}


def serve(model: str) -> tuple[str, ...]:
    """Return the command line: the fastest start on a CPU, and little memory.

    Eager mode and an explicit KV size skip compilation and profiling; without the latter vLLM on the
    CPU plans with 92 % of the machine's memory.
    """
    return (
        "vllm",
        "serve",
        model,
        "--served-model-name",
        "tiny",
        "--dtype",
        "float32",
        "--enforce-eager",
        "--max-model-len",
        "512",
        "--max-num-seqs",
        "4",
        "--kv-cache-memory-bytes",
        str(64 << 20),
    )


async def attempt(variant: Variant, model_program: bytes, context: Context) -> int:
    """Set up, serve, ask, stop, and prove that nothing is left."""
    async with context.connected([LOCAL]) as connections:
        begun = time.monotonic()
        environment, _ = await ensure(variant, LOCAL, context, connections)
        model = await _model(environment, model_program, context, connections)
        set_up = time.monotonic() - begun
        request = LaunchRequest(
            argv=serve(model),
            hosts=(LOCAL,),
            name=NAME,
            environment=Environment(QUIET),
            python_environment=environment.name,
            outlives=False,
        )
        running = await begin(request, Manner(stop_on_exit=True), context, connections)
        await running.until_ready()
        async with running.taken_back():
            reply = await _ask(running)
            report = await _stopped(running)
        context.emit(
            Answered(
                Tried(
                    question=QUESTION,
                    answer=reply["answer"],
                    tokens=reply["tokens"],
                    first_token=reply["first_token"],
                    seconds=reply["seconds"],
                    ready=running.capture.ready,
                    vllm=environment.vllm,
                    stopped=report,
                    set_up_seconds=set_up,
                )
            )
        )
        return 0


async def _model(
    environment: PythonEnvironment, model_program: bytes, context: Context, connections: Connections
) -> str:
    folder = environment.folder.parent.parent / "try"
    source, model = folder / "tiny_model.py", folder / "tiny-model"
    python = str(environment.bin / "python")
    steps = (
        Put("model program", LOCAL.name, model_program, source, "writes a tiny model with random weights"),
        Run(
            "model",
            LOCAL.name,
            Command((python, "-I", str(source), str(model)), timeout=120),
            f"write {model}",
            after=("model program",),
        ),
    )
    runner = context.runner(connections)
    await runner.run([Phase("Write a tiny model", lambda _: Plan(steps))])
    return str(model)


async def _ask(running: Running) -> Mapping[str, Any]:
    """Ask what a user would, as a user would."""
    head = running.runner.seen[LOCAL.name]
    argv = program_on(head, program_name()).ask(NAME, QUESTION, TOKENS)
    ask = Run("ask", LOCAL.name, Command(argv, timeout=120), f"ask: {QUESTION}", explain=_no_answer)
    results = await running.runner.run([Phase("Ask", lambda _: Plan((ask,)))])
    reply: Mapping[str, Any] = json.loads(results["ask"].stdout.splitlines()[-1])
    return reply


def _no_answer(result: Result) -> SparkupError | None:
    try:
        problem = str(json.loads(result.stdout.splitlines()[-1])["problem"])
    except (ValueError, LookupError, TypeError):
        return None
    return WorkFailed(
        Problem(
            "canary-failed",
            f"the server did not answer: {problem}",
            where=LOCAL.name,
            hint=log_hint(NAME, LOCAL.name),
        )
    )


async def _stopped(running: Running) -> StopReport:
    plan = undo_plan(running.launch, running.runner.seen, program_name())
    results = await running.runner.run([Phase("Stop, and see that nothing is left", lambda _: plan)])
    report = read_report(results[f"stop {NAME} on {LOCAL.name}"], NAME, LOCAL.name)
    if not report.port_free:
        raise WorkFailed(still_held(report))
    return report
