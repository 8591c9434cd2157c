"""The tiny model, written by the Python of an environment that has numpy and tokenizers."""

import itertools
import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.engines import TINY_MODEL

pytestmark = pytest.mark.real
Write = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def write(environment_bin: Path) -> Write:
    """A call of the program, with the Python of the managed environment."""

    def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = (str(environment_bin / "python"), str(TINY_MODEL), str(folder), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return call


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_is_a_qwen3_with_all_its_files(write: Write, tmp_path: Path) -> None:
    assert write(tmp_path / "m").returncode == 0
    config = json.loads((tmp_path / "m" / "config.json").read_bytes())
    template = json.loads((tmp_path / "m" / "tokenizer_config.json").read_bytes())["chat_template"]
    assert config["architectures"] == ["Qwen3ForCausalLM"]
    assert config["vocab_size"] % 64 == 0
    assert "<|im_start|>assistant" in template


def test_the_header_describes_the_weights_without_gaps(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "m")
    data = (tmp_path / "m" / "model.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8 : 8 + length])
    tensors.pop("__metadata__")
    offsets = sorted(tuple(tensor["data_offsets"]) for tensor in tensors.values())
    assert offsets[0][0] == 0
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(offsets))
    assert offsets[-1][1] == len(data) - 8 - length
    assert len(data) < 2_000_000


def test_it_is_the_same_each_time_and_another_with_another_seed(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    write(tmp_path / "c", "--seed", "1")
    first = contents(tmp_path / "a")
    assert contents(tmp_path / "b") == first
    assert contents(tmp_path / "c")["model.safetensors"] != first["model.safetensors"]


def test_a_complete_model_is_left_alone(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "m")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "m").iterdir()}
    assert write(tmp_path / "m").returncode == 0
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "m").iterdir()} == before


def test_a_model_of_another_version_is_replaced(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "m")
    mark = tmp_path / "m" / "sparkup-model.json"
    mark.write_text(mark.read_text().replace('"version": 1', '"version": 0'))
    assert write(tmp_path / "m").returncode == 0
    assert json.loads(mark.read_bytes())["version"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_model_that_lost_its_weights_is_replaced(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    assert write(tmp_path / "m").returncode == 0
    assert (tmp_path / "m" / "model.safetensors").exists()


def test_a_folder_of_somebody_else_is_not_touched(write: Write, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine").write_text("kept")
    refused = write(tmp_path / "m")
    assert refused.returncode == 1
    assert "cannot write a model" in refused.stderr
    assert contents(tmp_path / "m") == {"mine": b"kept"}
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_two_at_once_both_succeed(environment_bin: Path, tmp_path: Path) -> None:
    command = (str(environment_bin / "python"), str(TINY_MODEL), str(tmp_path / "m"))
    runs = [subprocess.Popen(command) for _ in range(3)]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
