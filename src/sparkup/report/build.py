"""A finished build, and one that was only planned, as text for people."""

from sparkup.domain.build import BuildShown, Built, BuiltStep, Measured
from sparkup.domain.duration import clock
from sparkup.report.phases import phases
from sparkup.report.view import printable

LONGEST = 3  # steps of a build that are shown
WIDE = 60  # characters of a step's words
SHOWN = ("vllm", "torch", "cuda", "nccl", "flashinfer", "ray")  # of the versions


def text(answer: Built | BuildShown) -> str:
    """Return an answer for people."""
    match answer:
        case Built():
            return _built(answer)
        case BuildShown():
            return _shown(answer)


def _built(answer: Built) -> str:
    measured, name = answer.record.measured, answer.tag.removesuffix(":latest")
    what = "is what it was before" if answer.same else "is the new image"
    lines = [f"{name} on {answer.host} {what}: {answer.record.fingerprint[:12]}"]
    if measured is not None:
        lines += _found(measured) + ([] if answer.same else _steps(measured))
    lines += [f"  {part:<6} {clock(seconds)}" for part, seconds in answer.timing.items()]
    if answer.before:
        lines.append(f"the image before is {answer.before}; back to it: sparkup images rollback {name}")
    lines.append(f"launch it: sparkup launch -t {name} -- vllm serve MODEL")
    return "".join(f"{printable(line)}\n" for line in lines)


def _found(measured: Measured) -> list[str]:
    there = [f"{name} {measured.versions[name]}" for name in SHOWN if measured.versions.get(name)]
    return [
        f"  {measured.size / 1e9:.1f} GB" + (f": {', '.join(there)}" if there else ""),
        *(f"  not judged here: {each.name}: {each.message}" for each in measured.checks if each.ok is None),
    ]


def _steps(measured: Measured) -> list[str]:
    ran = [step for step in measured.steps if not step.cached]
    longest = sorted(ran, key=lambda step: step.seconds, reverse=True)[:LONGEST]
    return [
        f"  {len(ran)} of {len(measured.steps)} steps were run, the others were there already",
        *(f"    {_step(step)}" for step in longest if step.seconds >= 1),
    ]


def _step(step: BuiltStep) -> str:
    return f"{step.seconds:>7.1f} s  {step.name[:WIDE]}"


def _shown(answer: BuildShown) -> str:
    inputs = answer.inputs
    lines = [f"{answer.tag} would be built from {inputs['base'] or 'nothing'} ({inputs['variant']}):"]
    lines += [f"  {each['name']} {each['commit']} ({each['ref']})" for each in inputs["sources"]]
    lines += [f"  pull request {each['number']} at {each['commit']}" for each in inputs["pull_requests"]]
    lines += [f"  {name}={value}" for name, value in sorted(inputs["arguments"].items()) if value]
    return "".join(f"{line}\n" for line in (*lines, *phases(answer.phases)))
