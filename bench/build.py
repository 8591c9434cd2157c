"""Builds of the source variant on a simulated host: the first one, and what a small change costs after it."""

import tempfile
import time
from pathlib import Path

from tests.e2e.build_bed import Builder, booted_builder
from tests.simhosts.hosts import lacks

from bench.report import Report

TITLE = "builds of small repositories in place of vLLM and FlashInfer, with docker 20.10 on a simulated host"


def measure(rounds: int) -> Report:
    """Return the report, or why there is none: seconds of the last round, and the steps that were run."""
    if why := lacks("docker"):
        return Report(TITLE, [f"  not measured: {why}"])
    lines = [f"  {'':34} {'all':>7} {'build':>7}  steps run"]
    with tempfile.TemporaryDirectory() as folder, booted_builder(Path(folder) / "bed") as builder:
        lines.append(_timed(builder, "first"))
        for number in range(1, rounds + 1):
            lines += _changed(builder, number)
    return Report(TITLE, lines)


def _changed(builder: Builder, number: int) -> list[str]:
    text = (builder.vllm.tree / "vllm/engine.py").read_text()
    lines = [_timed(builder, "nothing changed")]
    commit = builder.vllm.commit({"vllm/engine.py": f"{text}# {number}\n"})
    lines.append(_timed(builder, "another commit of vLLM", "--vllm-ref", commit))
    builder.vllm.pull_request(number, {"vllm/engine.py": f"{text}# {number}\n# more\n"}, commit)
    pull = ("--vllm-ref", commit, "--apply-vllm-pr", str(number))
    lines.append(_timed(builder, "and a pull request", *pull))
    lines.append(_timed(builder, "and another number of jobs", *pull, "-j", str(20 + number)))
    return lines


def _timed(builder: Builder, what: str, *words: str) -> str:
    begun = time.monotonic()
    done = builder.build("--json", *words)
    seconds = time.monotonic() - begun
    if done.status:
        return f"  {what:34} failed: {done.err.strip().splitlines()[-1]}"
    answer = done.json
    stages = answer["record"]["measured"]["stages"]
    ran = 0 if answer["same"] else sum(not each["cached"] for each in stages)
    return f"  {what:34} {seconds:6.1f}s {answer['timing']['build']:6.1f}s  {ran} of {len(stages)}"
