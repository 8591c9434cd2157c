"""Our Dockerfiles, built by BuildKit: what is in the images, what is made anew when something changes."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.data.docker.standins import VLLM
from tests.docked_fixture import TRIXIE, skip_unless_there
from tests.e2e.dockerfile_bed import BASE, HTTP, SITE, Bed, booted_bed, repository
from tests.user import ROOT
from tests.waiting import until

from sparkup.actions.try_ import serve
from sparkup.config.build import check_program
from sparkup.config.dockerfiles import PYTHON_OF_CPU
from sparkup.config.variants import tiny_model_program, variant
from sparkup.domain.build import ImageVariant

pytestmark = [pytest.mark.e2e, pytest.mark.simhosts, pytest.mark.timeout(1800)]
SOURCE, WHEELS, MXFP4, CPU = (
    ImageVariant.SOURCE,
    ImageVariant.WHEELS,
    ImageVariant.MXFP4,
    ImageVariant.CPU,
)
ENGINE = VLLM["vllm/engine.py"]
CHECKOUT = ("source.py checkout", "--to vllm")
APPLY = ("source.py apply",)
FOLDER_OF_WHEELS = "wheels"  # of the context, or a context of its own
COMPILE_FLASHINFER = ("uv build", "flashinfer-jit-cache")


@pytest.fixture(scope="module", params=["", pytest.param(TRIXIE, id="26")])
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A host with Docker 20.10, or 26.1 with buildx, on which the source variant was built once."""
    skip_unless_there(base=request.param)
    with booted_bed(tmp_path_factory.mktemp("bed"), request.param) as made:
        first = made.build(SOURCE)
        assert first.status == 0, first.output
        yield made


def changed(number: int, to: str, text: str = ENGINE) -> str:
    return text.replace(f"LINE_{number} = {number}\n", f"LINE_{number} = {to}\n")


def version(bed: Bed, image: str, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return bed.inside(image, "python3", "-c", code).strip()


def test_what_the_base_has_stays_as_it_is(bed: Bed) -> None:
    assert version(bed, "source:1", "torch") == "2.14.0a0+4fdf77b940.nv26.08"
    assert version(bed, "source:1", "pytorch-triton") == "3.6.0"
    found = bed.inside("source:1", "python3", "-m", "pip", "list", "--format", "json")
    names = {each["name"] for each in json.loads(found)}
    assert {"vllm", "flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache", "ray"} <= names
    assert not {"torchaudio", "triton", "nvidia-nccl-cu13"} & names


def test_an_image_is_ready_for_people(bed: Bed) -> None:
    config = json.loads(bed.run("docker", "image", "inspect", "source:1"))[0]["Config"]
    assert (config["WorkingDir"], config["Entrypoint"], config["Cmd"]) == ("/workspace/vllm", None, ["bash"])
    assert config["Labels"]["org.opencontainers.image.title"] == "vllm-node"
    assert {"TORCH_CUDA_ARCH_LIST=12.1a", "FLASHINFER_CUDA_ARCH_LIST=12.1a", "MAX_JOBS=16"} <= {
        *config["Env"]
    }
    assert "--head-ip" in bed.inside("source:1", "./run-cluster-node.sh", "--help")
    assert "--head-ip" in bed.inside("source:1", "run-cluster-node.sh", "--help")
    listed = bed.inside("source:1", "bash", "-c", "ls $TIKTOKEN_ENCODINGS_BASE")
    assert listed.split() == ["cl100k_base.tiktoken", "o200k_base.tiktoken"]
    libraries = bed.inside("source:1", "bash", "-c", "ldconfig -p; command -v earlyoom ibv_devinfo")
    assert "libibverbs.so.1" in libraries
    assert "/usr/bin/earlyoom" in libraries
    assert bed.inside("source:1", "vllm", "--version") == "1.0\n"  # as git says: nothing is dirty


def test_nothing_is_made_anew_where_nothing_changed(bed: Bed) -> None:
    again = bed.build(SOURCE)
    assert (again.status, again.ran) == (0, ())


def test_a_plain_build_in_a_checkout_makes_the_same(bed: Bed, tmp_path: Path) -> None:
    for name in ("Dockerfile", "Dockerfile.wheels", ".dockerignore"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src" / "sparkup" / "data", tmp_path / "src" / "sparkup" / "data")
    (tmp_path / "large").write_bytes(bytes(1 << 20))
    bed.put(tmp_path, "/root/checkout")
    built = bed.build(SOURCE, "plain:1", there="/root/checkout")
    assert (built.status, built.ran) == (0, ())
    sent = re.search(r"transferring context: ([\d.]+)(k?)B", built.output)
    assert sent
    assert float(sent[1]) * (1000 if sent[2] else 1) < 200_000
    options = ["-f", "/root/checkout/Dockerfile.wheels", "--target", "system"]
    assert bed.build(WHEELS, "plain:1", options, "/root/checkout").ran == ()


def test_a_new_commit_of_vllm_leaves_the_rest(bed: Bed) -> None:
    commit = bed.repositories["vllm"].commit({"vllm/engine.py": changed(3, "33")})
    built = bed.build(SOURCE, VLLM_REF=commit)
    assert built.status == 0, built.output
    assert built.did(*CHECKOUT)
    assert {step.split()[0] for step in built.ran} == {"[vllm", "[image"}
    installed = [step for step in built.ran if step.startswith("[image") and "uv pip install" in step]
    assert len(installed) == 1
    assert "--no-deps" in installed[0]  # the packages that vLLM wants are those of before
    assert f'"commit": "{commit}"' in built.output
    assert bed.inside("source:1", "grep", "LINE_3 ", f"{SITE}/vllm/engine.py") == "LINE_3 = 33\n"


def test_a_pull_request_leaves_the_checkout(bed: Bed) -> None:
    vllm = bed.repositories["vllm"]
    commit = vllm.commit({"new": "1\n"})
    head = vllm.pull_request(12, {"vllm/engine.py": (vllm.tree / "vllm/engine.py").read_text() + "# 12\n"})
    assert bed.build(SOURCE, VLLM_REF=commit).status == 0
    built = bed.build(SOURCE, VLLM_REF=commit, VLLM_PRS=f"12@{head}")
    assert built.status == 0, built.output
    assert built.did(*APPLY)
    assert not built.did(*CHECKOUT)
    assert f'sparkup: {{"pull_request": 12, "commit": "{head}", "result": "applied"' in built.output
    assert bed.inside("source:1", "tail", "-1", f"{SITE}/vllm/engine.py") == "# 12\n"


def test_a_pull_request_that_is_contained_is_left_out(bed: Bed) -> None:
    vllm = bed.repositories["vllm"]
    text = (vllm.tree / "vllm/engine.py").read_text() + "# 14\n"
    vllm.pull_request(14, {"vllm/engine.py": text})
    commit = vllm.commit({"vllm/engine.py": text}, "Do it (#14)")
    built = bed.build(SOURCE, VLLM_REF=commit, VLLM_PRS="14")
    assert built.status == 0, built.output
    assert '"result": "contained"' in built.output


def test_conflicts_in_tests_alone_are_ignored(bed: Bed) -> None:
    vllm = bed.repositories["vllm"]
    vllm.pull_request(15, {"tests/test_engine.py": "15\n", "vllm/fifteen.py": "15\n"})
    commit = vllm.commit({"tests/test_engine.py": "another\n"})
    built = bed.build(SOURCE, VLLM_REF=commit, VLLM_PRS="15")
    assert built.status == 0, built.output
    assert '"ignored_conflicts": ["tests/test_engine.py"]' in built.output
    assert bed.inside("source:1", "cat", f"{SITE}/vllm/fifteen.py") == "15\n"


def test_a_pull_request_that_does_not_apply_ends_the_build(bed: Bed) -> None:
    vllm = bed.repositories["vllm"]
    before = (vllm.tree / "vllm/engine.py").read_text()
    head = vllm.pull_request(16, {"vllm/engine.py": before.replace("LINE_9 = 9\n", "LINE_9 = 16\n")})
    commit = vllm.commit({"vllm/engine.py": before.replace("LINE_9 = 9\n", "LINE_9 = 10\n")})
    image = bed.run("docker", "image", "inspect", "--format", "{{.Id}}", "source:1")
    built = bed.build(SOURCE, VLLM_REF=commit, VLLM_PRS="16")
    assert built.status != 0
    assert f"pull request 16 at {head} does not apply:" in built.output
    assert "vllm/engine.py:9" in built.output
    assert "LINE_9 = 10" in built.output
    assert bed.run("docker", "image", "inspect", "--format", "{{.Id}}", "source:1") == image


def test_what_is_to_be_fetched_anew_is_said_by_arguments(bed: Bed) -> None:
    again = bed.build(SOURCE, CACHEBUST_VLLM="2")
    assert again.did(*CHECKOUT)
    assert not again.did(*COMPILE_FLASHINFER)
    assert bed.build(SOURCE, "system:1", ["--target", "system"], CACHEBUST_DEPS="2").did("apt-get install")


def test_architectures_and_jobs_reach_what_compiles(bed: Bed) -> None:
    built = bed.build(SOURCE, FLASHINFER_CUDA_ARCH_LIST="12.0f", TORCH_CUDA_ARCH_LIST="12.0f", BUILD_JOBS="3")
    assert built.status == 0, built.output
    assert "compiling for 12.0f in 3 jobs" in built.output
    assert not built.did(*CHECKOUT)
    env = bed.inside("source:1", "env")
    assert {"TORCH_CUDA_ARCH_LIST=12.0f", "FLASHINFER_CUDA_ARCH_LIST=12.0f", "MAX_JOBS=3"} <= {*env.split()}


def test_kernels_are_fetched_once(bed: Bed) -> None:
    bed.repositories["flashinfer"].commit({"new": "1\n"})
    built = bed.build(SOURCE, FLASHINFER_REF=bed.repositories["flashinfer"].tip)
    assert built.status == 0, built.output
    assert "fetched 0 kernels of 5" in built.output
    assert bed.inside("source:1", "cat", f"{SITE}/flashinfer_cubin/cubins/a/4.cubin") == "kernel 4"


def test_triton_is_built_if_a_ref_is_named(bed: Bed) -> None:
    built = bed.build(SOURCE, TRITON_REF="v1.0")
    assert built.status == 0, built.output
    assert version(bed, "source:1", "triton") == "3.7.0"
    assert version(bed, "source:1", "triton-kernels") == "3.7.0"
    assert "pytorch-triton" not in bed.inside("source:1", "python3", "-m", "pip", "list")


def test_a_ref_that_is_not_there_ends_the_build(bed: Bed) -> None:
    built = bed.build(SOURCE, VLLM_REF="v9.9")
    assert built.status != 0
    assert f"source.py: there is no v9.9 in {repository('vllm')}" in built.output


def test_the_record_of_a_build_is_in_the_image_where_there_is_one(bed: Bed) -> None:
    assert bed.inside("source:1", "ls", "/workspace") == "encodings\nvllm\n"
    bed.run("tee", "/root/source/sparkup-build.json", given="{}")
    try:
        assert bed.build(SOURCE, "recorded:1").status == 0
    finally:
        bed.run("rm", "/root/source/sparkup-build.json")
    assert bed.inside("recorded:1", "cat", "/workspace/sparkup-build.json") == "{}"


def test_the_forks_for_mxfp4_go_together(bed: Bed) -> None:
    forks = {"CUTLASS_REPO": repository("triton"), "CUTLASS_REF": "v1.0"}
    built = bed.build(MXFP4, VLLM_REF="v1.0", FLASHINFER_REF="v1.0", **forks)
    assert built.status == 0, built.output
    assert built.did("source.py checkout", "--to flashinfer/3rdparty/cutlass")
    code = (
        "from vllm.model_executor.model_loader.weight_utils import fastsafetensors_weights_iterator as read;"
        "print(*read(['b/m-10.st', 'b/m-9.st', 'b/m-1.st'], False))"
    )
    assert bed.inside("mxfp4:1", "python3", "-c", code) == "b/m-1.st b/m-9.st b/m-10.st\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("1.1.dev7+cu130", "0.6.18", "0.6.18+cu130")),
        ({"WHEELS_FROM_GITHUB_RELEASE": "1"}, ("1.0+cu130", "0.6.18", "0.6.18+cu130")),
        ({"FLASHINFER_PRE": "--pre"}, ("1.1.dev7+cu130", "0.7.0.dev3", "0.7.0.dev3+cu130")),
    ],
    ids=["nightly", "release", "pre-flashinfer"],
)
def test_wheels_are_the_nightly_ones_or_those_of_a_release(
    bed: Bed, given: dict[str, str], expected: tuple[str, str, str]
) -> None:
    where = {
        "VLLM_WHEELS": f"{HTTP}/nightly",
        "VLLM_RELEASES": f"{HTTP}/releases",
        "FLASHINFER_WHEELS": f"{HTTP}/flashinfer",
    }
    built = bed.build(WHEELS, **where, **given)
    assert built.status == 0, built.output
    packages = ("vllm", "flashinfer-cubin", "flashinfer-jit-cache")
    assert tuple(version(bed, "wheels:1", each) for each in packages) == expected


@pytest.fixture(scope="module")
def cpu(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Bed:
    """The host, where the image for CPUs is built of the wheels that the lock names."""
    wheels = tmp_path_factory.mktemp("wheels")
    (wheels / "lock").write_bytes(variant("cpu").lock)
    fetch = ("pip", "download", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:")
    where = ("--python-version", PYTHON_OF_CPU, "-d", str(wheels), "-r", str(wheels / "lock"))
    subprocess.run([sys.executable, "-m", *fetch, *where], check=True, capture_output=True, timeout=900)
    (wheels / "lock").unlink()
    apart = "buildx" in bed.run("docker", "build", "--help")
    bed.put(wheels, "/root/wheels" if apart else f"/root/cpu/{FOLDER_OF_WHEELS}")
    options = ["--build-context", f"{FOLDER_OF_WHEELS}=/root/wheels"] if apart else []
    built = bed.build(CPU, options=options, BASE_IMAGE=BASE)
    assert built.status == 0, built.output
    again = bed.build(CPU, options=options, BASE_IMAGE=BASE)
    assert again.ran == ()
    return bed


def test_the_image_for_cpus_passes_its_check(cpu: Bed) -> None:
    program = check_program().decode()
    done = cpu.run("docker", "run", "--rm", "-i", "--network", "none", "cpu:1", "python3", "-", given=program)
    document = json.loads(done)
    assert [each["name"] for each in document["checks"] if each["ok"] is False] == []
    assert document["versions"]["vllm"] == f"{variant('cpu').vllm}+cpu"
    assert document["versions"]["torch"] == variant("cpu").torch
    assert {"--port", "--tensor-parallel-size", "--no-enable-prefix-caching"} <= {*document["flags"]}


def test_the_image_for_cpus_is_none_for_gpus(cpu: Bed) -> None:
    words = ("docker", "run", "--rm", "-i", "--network", "none", "cpu:1", "python3", "-")
    given = check_program().decode()
    document = json.loads(cpu.run(*words, "--gpu-arch", "12.1a", given=given, check=False))
    failed = {each["name"]: each["message"] for each in document["checks"] if each["ok"] is False}
    assert failed["torch"] == f"torch {variant('cpu').torch} is for CPUs alone"
    assert failed["nccl"] == "there is no libnccl"


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "compiled"])
def test_vllm_serves_in_the_image_for_cpus(cpu: Bed, eager: bool) -> None:
    program, mount = tiny_model_program().decode(), ("-v", "/root/models:/models")
    cpu.run("docker", "run", "--rm", "-i", *mount, "cpu:1", "python3", "-", "/models/tiny", given=program)
    command = [word for word in serve("/models/tiny") if eager or word != "--enforce-eager"]
    started = ("docker", "run", "-d", "--rm", "--name", "serving", "--network", "host", "--ipc", "host")
    cpu.run(*started, *mount, "cpu:1", *command)
    try:
        healthy = ("curl", "-sf", "localhost:8000/health")
        until(lambda: cpu.hosts.exec(1, healthy, check=False).returncode == 0, "vLLM answers", 600)
        asked = json.dumps({"model": "tiny", "prompt": "hello", "max_tokens": 4})
        ask = ("curl", "-sf", "localhost:8000/v1/completions", "-H", "Content-Type: application/json")
        answer = json.loads(cpu.run(*ask, "-d", asked))
        assert answer["usage"]["completion_tokens"] >= 1
    finally:
        cpu.run("docker", "rm", "-f", "serving")
