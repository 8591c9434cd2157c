"""The cpu image as people get it: built on a host from its wheels, and a launch from it answers."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docked_fixture import skip_unless_there
from tests.e2e.build_bed import Builder, booted_builder
from tests.e2e.dockerfile_bed import BASE
from tests.waiting import until

from sparkup.actions.try_ import serve
from sparkup.config.variants import tiny_model_program

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.simhosts, pytest.mark.timeout(2400)]
MODEL = "/root/tiny"
OPTIONS = ("--on", "spark1", "--variant", "cpu", "--base-image", BASE)
ASK = """
import json, sys, urllib.request
body = json.dumps({"model": "tiny", "prompt": "a b", "max_tokens": 4}).encode()
asked = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(asked, timeout=60).read().decode())
"""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory, environment_bin: Path) -> Iterator[Builder]:
    """A host whose pip finds packages where this machine's does, and that has a tiny model."""
    skip_unless_there()
    with booted_builder(tmp_path_factory.mktemp("shop")) as made:
        ours = [f"export {name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
        known = made.bed.run("cat", "/root/.bashrc")
        made.bed.run("tee", "/root/.bashrc", given=known + "\n".join(ours) + "\n")
        here = made.bed.folder / "tiny"
        write = [str(environment_bin / "python"), "-I", "-", str(here)]
        subprocess.run(write, input=tiny_model_program(), check=True, capture_output=True, timeout=120)
        made.bed.put(here, MODEL)
        yield made


def run(builder: Builder, verb: str, *words: str) -> dict[str, object]:
    """Run a command line that must succeed; return its document."""
    with builder.user.running(verb, "--json", *words) as command:
        done = command.done(1800)
    assert done.status == 0, done
    return done.json


def test_it_is_built_from_wheels_that_are_fetched_once_and_serves(builder: Builder) -> None:
    built = run(builder, "build", *OPTIONS)
    measured = built["record"]["measured"]  # type: ignore[index]
    assert measured["versions"]["vllm"].endswith("+cpu")
    assert "cuda" not in measured["versions"]
    assert {each["name"]: each["ok"] for each in measured["checks"]}["torch"] is True
    wheels = builder.bed.run("sh", "-c", "ls -di /var/lib/sparkup/wheels/*/")
    assert run(builder, "build", *OPTIONS)["same"]
    assert builder.bed.run("sh", "-c", "ls -di /var/lib/sparkup/wheels/*/") == wheels
    builder.nothing_is_left()

    mount = ("-v", f"{MODEL}:{MODEL}:ro")
    where = ("--solo", "--host", "spark1", "-t", "vllm-node-cpu", *mount)
    ready = run(builder, "launch", *where, "--", *serve(MODEL))
    assert ready["ready"]["canary"] == "generate"  # type: ignore[index]
    url = str(ready["url"])
    reply = json.loads(builder.bed.run("python3", "-c", ASK, f"{url}/v1/completions"))
    assert reply["usage"]["completion_tokens"] == 4
    run(builder, "stop", "--host", "spark1")
    until(lambda: builder.bed.run("docker", "ps", "-aq") == "", "its container is gone", 30)
