"""The program, the model and the config file of a command line, from the answers of a live host."""

import re
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from tests.fixtures.recorded import answers

from sparkup.facts.programs import Lookup, lookup

VLLM = "/home/ada/bin/vllm"


@pytest.mark.parametrize(
    ("case", "program", "model", "expected"),
    [
        ("folder", "vllm", "/home/ada/models/good", Lookup(VLLM, "folder", model_configured=True)),
        ("mistral", "vllm", "/home/ada/models/mistral", Lookup(VLLM, "folder", True)),
        ("relative", "vllm", "models/good", Lookup(VLLM, "folder", model_configured=True)),
        ("without_config", "vllm", "/home/ada/models/empty", Lookup(VLLM, "folder")),
        ("file", "vllm", "/home/ada/models/file.gguf", Lookup(VLLM, "file")),
        ("nothing", "vllm", "/home/ada/models/none", Lookup(VLLM)),
        ("hub", "vllm", "Qwen/Qwen3-0.6B", Lookup(VLLM)),
        ("absolute", VLLM, "Qwen/Qwen3-0.6B", Lookup(VLLM)),
        ("no_vllm", "vllm", "Qwen/Qwen3-0.6B", Lookup()),
        ("other", "sleep", "", Lookup("/usr/bin/sleep")),
    ],
)
def test_what_a_command_line_needs_and_the_host_has(
    case: str, program: str, model: str, expected: Lookup
) -> None:
    found = lookup(program, model, "").parse(answers("lookup", case))
    assert found == replace(expected, model_path=model)


def test_a_config_file_is_read() -> None:
    fact = lookup("vllm", "", "/home/ada/serve.yaml")
    found = fact.parse(answers("lookup", "config"))
    assert found.config.splitlines()[1] == "port: 9100 # ours"
    assert found.model == ""
    assert found.config_path == "/home/ada/serve.yaml"
    assert fact.name != lookup("vllm", "", "").name


def test_of_a_config_file_only_what_is_read_leaves_its_host() -> None:
    keep = re.compile(lookup("vllm", "", "/home/ada/serve.yaml").requests["config"].body["keep"])
    read = ("port", "tensor_parallel_size", "gpu-memory-utilization", "kv_cache_memory_bytes")
    assert all(keep.match(f"{name}: 1") for name in read)
    assert not keep.match("api_key: 1")


def test_an_environment_that_has_the_program_is_named() -> None:
    found = lookup("torchrun", "", "").parse(answers("lookup", "environment"))
    assert found == Lookup(provided=frozenset({PurePosixPath("/srv/data/envs/cpu-0.32.0-eade65dd")}))


def test_what_is_asked_of_environments() -> None:
    def globs(program: str) -> list[str]:
        found: list[str] = lookup(program, "", "").requests["environments"].body["globs"]
        return found

    assert globs("hf") == ["~/.local/share/sparkup/envs/*/bin/hf", "$SPARKUP_DATA_DIR/envs/*/bin/hf"]
    assert globs("[")[1].endswith("/*/bin/[[]")  # a program, not a pattern
    assert globs("./hf") == []


def test_a_path_of_its_own_is_another_question() -> None:
    fact = lookup("hf", "", "", "/opt/bin:/bin")
    assert fact.requests["program"].body["path"] == "/opt/bin:/bin"
    assert fact.name != lookup("hf", "", "").name


def test_without_a_model_or_config_nothing_is_asked_of_them() -> None:
    fact = lookup("sleep", "", "")
    assert fact.requests["config"].body["globs"] == []
    assert fact.unknown == Lookup(known=False)
