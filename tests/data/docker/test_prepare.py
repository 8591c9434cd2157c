"""What stays of the base while vLLM and FlashInfer are built; patches of what others have written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.data.docker.standins import FLASHINFER, TORCH, VLLM
from tests.e2e.dockerfile_bed import wheel

from sparkup.config import dockerfiles

PROGRAMS = Path(dockerfiles.__file__).parents[1] / "data" / "docker"
UTILS = "vllm/model_executor/model_loader/weight_utils.py"


def run(program: str, *words: str, path: Path | None = None, status: int = 0) -> str:
    """Run one of the programs, with a folder of packages, and return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(path or "")}
    argv = [sys.executable, str(PROGRAMS / program), *words]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_is_installed_stays_and_what_is_not_is_left_out(tmp_path: Path) -> None:
    lines = run("prepare.py", "keep", path=written(tmp_path, TORCH)).splitlines()
    assert "torch==2.14.0a0+4fdf77b940.nv26.08" in lines
    assert "pytorch-triton==3.6.0" in lines
    assert "nvidia-nccl-cu13 ; python_version < '0'" in lines
    assert "torchaudio ; python_version < '0'" in lines


def test_requirements_that_stay_are_taken_out_of_a_work_tree(tmp_path: Path) -> None:
    tree = written(tmp_path, VLLM | {"requirements/test/cuda.in": "torchcodec>=0.14\ntorch_memory\nnumpy\n"})
    taken = run("prepare.py", "strip", str(tree)).splitlines()
    assert "flashinfer-python==0.6.18" in taken
    assert (tree / "requirements/cuda.txt").read_text() == "-r common.txt\n"
    assert (tree / "requirements/common.txt").read_text() == VLLM["requirements/common.txt"]
    assert (tree / "requirements/test/cuda.in").read_text() == "numpy\n"
    assert run("prepare.py", "strip", str(tree)).split() == []


def test_what_a_build_needs_is_what_its_project_says_but_for_torch(tmp_path: Path) -> None:
    vllm = written(tmp_path / "vllm", VLLM)
    assert run("prepare.py", "needs", str(vllm)).splitlines() == [
        "cmake>=3.26",
        "setuptools>=77",
        "setuptools-scm>=8",
        "wheel",
    ]
    flashinfer = written(tmp_path / "flashinfer", FLASHINFER)
    found = run("prepare.py", "needs", str(flashinfer), str(flashinfer / "flashinfer-cubin")).splitlines()
    assert found == ["setuptools>=77", "packaging>=24", "tqdm"]


def test_an_extra_in_brackets_does_not_end_the_list(tmp_path: Path) -> None:
    listed = "requires = [\n  'a[x]>=1',  # one\n  # two\n  \"torch\", 'b'\n]\n"
    text = f"[build-system]\n{listed}[c]\nrequires = ['d']\n"
    tree = written(tmp_path, {"pyproject.toml": text})
    assert run("prepare.py", "needs", str(tree)).split() == [
        "a[x]>=1",
        "b",
    ]


def test_what_a_wheel_wants_is_what_it_requires_but_for_extras(tmp_path: Path) -> None:
    name, data = wheel(
        "vllm", "1.0", "six", "torch==2.13.0", "ray[x]>=2; extra == 'ray'", "a; python_version>'3'"
    )
    (tmp_path / name).write_bytes(data)
    assert run("prepare.py", "wants", str(tmp_path / name)).splitlines() == ["six", "a; python_version>'3'"]


def test_kernels_that_are_there_are_not_fetched(tmp_path: Path) -> None:
    file = tmp_path / "artifacts.py"
    file.write_text(FLASHINFER["flashinfer/artifacts.py"])
    assert run("keep_cubins.py", str(file), "/cubins") == "kernels are kept in /cubins\n"
    changed = file.read_text()
    assert "if os.path.exists(kept) and verify_cubin(kept, checksum):" in changed
    compile(changed, str(file), "exec")
    assert run("keep_cubins.py", str(file), "/cubins") == "this FlashInfer fetches its kernels as it likes\n"
    assert file.read_text() == changed


@pytest.mark.parametrize("gone", ["import shutil\n", "verify_cubin", "fut = pool.submit("])
def test_a_flashinfer_that_looks_otherwise_is_left_as_it_is(tmp_path: Path, gone: str) -> None:
    text = FLASHINFER["flashinfer/artifacts.py"].replace(
        gone, "another = pool.submit(" if "fut" in gone else ""
    )
    file = tmp_path / "artifacts.py"
    file.write_text(text)
    run("keep_cubins.py", str(file), "/cubins")
    assert file.read_text() == text


def test_shards_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    file = written(tmp_path, VLLM) / UTILS
    run("sort_shards.py", str(file))
    scope: dict[str, object] = {}
    exec(file.read_text(), scope)  # noqa: S102
    read = scope["fastsafetensors_weights_iterator"]
    assert callable(read)
    assert [*read(["m-10.st", "m-9.st", "l-1.st", "m-1.st"], False)] == [
        "l-1.st",
        "m-1.st",
        "m-9.st",
        "m-10.st",
    ]


def test_a_vllm_that_sorts_them_is_left_as_it_is(tmp_path: Path) -> None:
    file = written(tmp_path, VLLM) / UTILS
    run("sort_shards.py", str(file))
    changed = file.read_text()
    run("sort_shards.py", str(file))
    assert file.read_text() == changed


def test_a_vllm_without_that_loader_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "weight_utils.py"
    file.write_text("")
    run("sort_shards.py", str(file), status=1)
