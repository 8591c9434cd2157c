"""Small repositories that are built like vLLM, FlashInfer and Triton, in seconds and by any compiler."""

SETUP = """\
from setuptools import setup
lines = [line.strip() for name in ("common", "cuda") for line in open(f"requirements/{name}.txt")]
setup(install_requires=[line for line in lines if line and line[0] not in "#-"])
"""
# As vLLM's: what is built first is asked for with a certain torch, and the version comes from git.
VLLM = {
    "pyproject.toml": """\
[build-system]
requires = [
    "cmake>=3.26",  # not for this
    "setuptools>=77",
    "setuptools-scm>=8",
    "torch == 2.13.0",
]
build-backend = "setuptools.build_meta"

[project]
name = "vllm"
dynamic = ["version", "dependencies"]
requires-python = ">=3.10"
scripts = { vllm = "vllm.main:main" }

[tool.setuptools]
packages = ["vllm", "vllm.model_executor", "vllm.model_executor.model_loader"]

[tool.setuptools_scm]
""",
    "setup.py": SETUP,
    "requirements/common.txt": "six  # small\n",
    "requirements/cuda.txt": """\
-r common.txt
torch==2.13.0
torchaudio==2.11.0
flashinfer-python==0.6.18
""",
    "requirements/build/cuda.txt": "setuptools>=77\nsetuptools-scm>=8\nwheel\ntorch==2.13.0\n",
    "vllm/__init__.py": "\n",
    "vllm/main.py": """\
import sys
from importlib.metadata import version

HELP = '''usage: vllm serve [model_tag] [options]

options:
  --port PORT           Port. (default: 8000)
  --enable-x, --no-enable-x
                        Or not. (default: False)
'''


def main() -> None:
    print(HELP if "--help=all" in sys.argv else version("vllm"))
""",
    "vllm/engine.py": "".join(f"LINE_{number} = {number}\n" for number in range(1, 21)),
    "vllm/model_executor/__init__.py": "\n",
    "vllm/model_executor/model_loader/__init__.py": "\n",
    "vllm/model_executor/model_loader/weight_utils.py": '''\
def fastsafetensors_weights_iterator(hf_weights_files, use_tqdm_on_load):
    """Yield what is in the files."""
    for file in hf_weights_files:
        yield file
''',
    "tests/test_engine.py": "".join(f"line {number}\n" for number in range(1, 21)),
}
PROJECT = """\
[build-system]
requires = ["setuptools>=77", "packaging>=24", "torch"]
build-backend = "{backend}"
backend-path = ["."]

[project]
name = "{name}"
version = "0.6.18"
license = "Apache-2.0"
{rest}
[tool.setuptools]
packages = ["{package}"]
package-data = {{ "{package}" = ["**/*"] }}
"""
WHAT_IS_BUILT = """\
from setuptools.build_meta import *
from setuptools.build_meta import build_wheel as _build_wheel
{before}

def build_wheel(*arguments, **options):
    prepare()
    return _build_wheel(*arguments, **options)
"""
# As FlashInfer's: three wheels of one repository, of which one fetches kernels and one compiles them.
FLASHINFER = {
    "pyproject.toml": PROJECT.format(
        name="flashinfer-python",
        backend="setuptools.build_meta",
        package="flashinfer",
        rest='dependencies = ["torch", "tqdm"]',
    ),
    "requirements.txt": "torch\ntqdm\n",
    "flashinfer/__init__.py": '__version__ = "0.6.18"\n',
    "flashinfer/artifacts.py": """\
import hashlib
import os
import shutil
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

REPOSITORY = os.environ.get("FLASHINFER_CUBINS_REPOSITORY", "http://192.168.176.1:8080/cubins")


def verify_cubin(path, checksum):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest() == checksum


def download_file(source, destination):
    urllib.request.urlretrieve(source, destination)
    return True


def download_artifacts():
    folder = Path(os.environ["FLASHINFER_CUBIN_DIR"])
    with urllib.request.urlopen(f"{REPOSITORY}/checksums.txt") as listed:
        cubin_files = [line.split()[::-1] for line in listed.read().decode().splitlines()]
    with ThreadPoolExecutor(4) as pool:

        def update_pbar_cb(_):
            pass

        futures = []
        for name, _ in cubin_files:
            source = f"{REPOSITORY}/{name}"
            local_path = folder / name
            local_path.parent.mkdir(parents=True, exist_ok=True)
            fut = pool.submit(download_file, source, str(local_path))
            fut.add_done_callback(update_pbar_cb)
            futures.append(fut)
        results = [fut.result() for fut in as_completed(futures)]
    print(f"fetched {len(results)} kernels of {len(cubin_files)}")
""",
    "flashinfer-cubin/pyproject.toml": PROJECT.format(
        name="flashinfer-cubin", backend="backend", package="flashinfer_cubin", rest=""
    ),
    "flashinfer-cubin/flashinfer_cubin/__init__.py": "\n",
    "flashinfer-cubin/backend.py": WHAT_IS_BUILT.format(
        before="""

def prepare():
    import os, pathlib, sys
    sys.path.insert(0, "..")
    folder = pathlib.Path("flashinfer_cubin/cubins")
    folder.mkdir(exist_ok=True)
    os.environ["FLASHINFER_CUBIN_DIR"] = str(folder)
    from flashinfer.artifacts import download_artifacts
    download_artifacts()

"""
    ),
    "flashinfer-jit-cache/pyproject.toml": PROJECT.format(
        name="flashinfer-jit-cache", backend="backend", package="flashinfer_jit_cache", rest=""
    ),
    "flashinfer-jit-cache/flashinfer_jit_cache/__init__.py": "\n",
    # It is compiled through ccache, for what the build arguments say.
    "flashinfer-jit-cache/kernel.c": "int kernel(void) { return 1; }\n",
    "flashinfer-jit-cache/backend.py": WHAT_IS_BUILT.format(
        before="""

def prepare():
    import os, subprocess
    arch, jobs = os.environ["FLASHINFER_CUDA_ARCH_LIST"], os.environ["MAX_JOBS"]
    print(f"compiling for {arch} in {jobs} jobs")
    made = "flashinfer_jit_cache/kernel.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, "kernel.c"], check=True)

"""
    ),
}


def _triton(name: str, package: str) -> dict[str, str]:
    text = PROJECT.format(name=name, backend="setuptools.build_meta", package=package, rest="")
    return {
        "pyproject.toml": text.replace(', "torch"', "").replace("0.6.18", "3.7.0"),
        f"{package}/__init__.py": "\n",
    }


TRITON = _triton("triton", "triton") | {
    f"python/triton_kernels/{name}": text
    for name, text in _triton("triton-kernels", "triton_kernels").items()
}
# The base: a torch of NVIDIA's, which no index has, and its Triton.
TORCH = {
    "torch/__init__.py": """\
__version__ = "2.14.0a0+4fdf77b940.nv26.08"


class version:
    cuda = "13.4"


class _C:
    @staticmethod
    def _cuda_getArchFlags():
        return "sm_80 sm_90 sm_100 sm_120 compute_120"
""",
    "torch-2.14.0a0+4fdf77b940.nv26.08.dist-info/METADATA": """\
Metadata-Version: 2.1
Name: torch
Version: 2.14.0a0+4fdf77b940.nv26.08
""",
    "torch-2.14.0a0+4fdf77b940.nv26.08.dist-info/RECORD": "",
    "triton/__init__.py": "\n",
    "pytorch_triton-3.6.0.dist-info/METADATA": """\
Metadata-Version: 2.1
Name: pytorch-triton
Version: 3.6.0
""",
    "pytorch_triton-3.6.0.dist-info/RECORD": """\
triton/__init__.py,,
pytorch_triton-3.6.0.dist-info/METADATA,,
pytorch_triton-3.6.0.dist-info/RECORD,,
""",
}
