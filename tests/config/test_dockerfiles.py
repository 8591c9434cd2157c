"""The Dockerfiles: made of all fragments, with the arguments that people know, for older Dockers too."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkup.config import dockerfiles
from sparkup.config.dockerfiles import FOLDER, FRAGMENTS, context, dockerfile
from sparkup.domain import dockerfile as reading
from sparkup.domain.build import ImageVariant

ROOT = Path(dockerfiles.__file__).parents[3]
GPU = (ImageVariant.SOURCE, ImageVariant.MXFP4, ImageVariant.WHEELS)
COMMON = {
    "BUILD_JOBS": "16",
    "CACHEBUST_VLLM": "1",
    "TORCH_CUDA_ARCH_LIST": "12.1a",
    "FLASHINFER_PRE": "",
    "PRE_TRANSFORMERS": "0",
}
# The two tables of the README for `docker build`, but for TRITON_REF, which was ignored there.
TABLES = {
    ImageVariant.SOURCE: COMMON
    | {"CACHEBUST_DEPS": "1", "VLLM_REF": "main", "FLASHINFER_CUDA_ARCH_LIST": "12.1a", "TRITON_REF": ""},
    ImageVariant.WHEELS: COMMON | {"WHEELS_FROM_GITHUB_RELEASE": "0"},
}
every_variant = pytest.mark.parametrize("variant", list(ImageVariant))


def instructions(variant: ImageVariant) -> list[str]:
    """The instructions of a Dockerfile, each on one line."""
    text = re.sub(r"^#.*\n", "", dockerfile(variant), flags=re.MULTILINE).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def stages(variant: ImageVariant) -> dict[str, list[str]]:
    """The instructions of each stage by its name; "" has what is before the first."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in instructions(variant):
        if line.startswith("FROM "):
            name = line.split()[-1]
            found[name] = []
        found[name].append(line)
    return found


def test_every_fragment_is_part_of_something() -> None:
    files = {path.stem for path in (ROOT / FOLDER / "docker").glob("*.dockerfile")}
    assert files == {name for names in FRAGMENTS.values() for name in names}


@every_variant
def test_no_front_end_must_be_fetched(variant: ImageVariant) -> None:
    text = dockerfile(variant)
    assert not re.search(r"^#\s*(syntax|check|escape)\s*=", text, re.MULTILINE | re.IGNORECASE)
    assert "<<" not in text  # here-documents
    newer = re.compile(r"COPY --(chmod|link|parents|exclude)|ADD|--mount=type=\w+,[^\s]*\$")
    assert [line for line in instructions(variant) if newer.search(line)] == []


@every_variant
def test_the_context_has_what_is_mounted_and_no_more(variant: ImageVariant) -> None:
    files = context(variant)
    assert files
    for path, content in files.items():
        assert (ROOT / path).read_bytes() == content
        assert f"source={path},target=" in dockerfile(variant)


@every_variant
def test_every_argument_has_a_default_and_is_used(variant: ImageVariant) -> None:
    known, text = reading.arguments(dockerfile(variant)), dockerfile(variant)
    head, _, rest = text.partition("\nFROM ")
    named = re.findall(r"^ARG (\w+)", head, re.MULTILINE)
    assert sorted(known) == sorted(named)
    unused = {name for name in known if not re.search(rf"^ARG {name}$|\$\{{{name}\}}", rest, re.MULTILINE)}
    compiled = variant in (ImageVariant.SOURCE, ImageVariant.MXFP4)
    # What is compiled is no pre-release, but the README has the argument.
    assert unused == ({"FLASHINFER_PRE"} if compiled else set())


@every_variant
def test_a_stage_declares_the_arguments_that_it_uses(variant: ImageVariant) -> None:
    known = reading.arguments(dockerfile(variant))
    for name in stages(variant).keys() - {""}:
        declared: set[str] = set()
        for line in stages(variant)[name][1:]:
            used = {word for word in re.findall(r"\$\{(\w+)", line) if word in known}
            assert used <= declared, f"{name}: {line}"
            declared |= {found[1] for found in [re.match(r"ARG (\w+)$", line)] if found}


@pytest.mark.parametrize(("variant", "table"), TABLES.items(), ids=TABLES)
def test_arguments_are_those_of_the_readme(variant: ImageVariant, table: Mapping[str, str]) -> None:
    known = reading.arguments(dockerfile(variant))
    assert {name: known.get(name) for name in table} == table


@pytest.mark.parametrize(
    ("variant", "compiling"), [(ImageVariant.SOURCE, 4), (ImageVariant.MXFP4, 3), (ImageVariant.WHEELS, 0)]
)
def test_what_compiles_takes_turns(variant: ImageVariant, compiling: int) -> None:
    """BuildKit runs stages side by side, and each alone may use all jobs: they share a cache, locked."""
    lines = [
        line for line in instructions(variant) if "MAX_JOBS=${BUILD_JOBS} " in line and "uv build" in line
    ]
    assert len(lines) == compiling
    assert all("id=sparkup-ccache,target=/ccache,sharing=locked" in line for line in lines)


def test_jobs_are_no_reason_to_fetch_anything_anew() -> None:
    for name, lines in stages(ImageVariant.SOURCE).items():
        declared = next((at for at, line in enumerate(lines) if line == "ARG BUILD_JOBS"), len(lines))
        fetching = [at for at, line in enumerate(lines) if "source.py" in line or "uv pip install -" in line]
        # Triton has one step for both, since it is rarely built at all.
        assert all(at < declared for at in fetching if name not in ("", "triton", "image"))


@pytest.mark.parametrize("variant", GPU)
def test_bases_are_pinned_by_digest_but_for_that_of_mxfp4(variant: ImageVariant) -> None:
    base = reading.arguments(dockerfile(variant))["BASE_IMAGE"]
    assert re.fullmatch(r"\S+:\S+(@sha256:[0-9a-f]{64})?", base)
    assert ("@sha256:" in base) == (variant is not ImageVariant.MXFP4)


def test_versions_are_those_of_the_environment_for_gpus() -> None:
    lock = (ROOT / FOLDER / "envs" / "cuda.lock").read_text()
    known = reading.arguments(dockerfile(ImageVariant.SOURCE))
    for argument, package in {
        "RAY_VERSION": "ray",
        "FASTSAFETENSORS_VERSION": "fastsafetensors",
        "NVSHMEM_VERSION": "nvidia-nvshmem-cu13",
    }.items():
        found = re.search(rf"^{package}==(\S+)", lock, re.MULTILINE)
        assert found
        assert known[argument] == found[1]


def test_the_package_has_what_a_build_needs() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built == {"packages": ["src/sparkup"]}  # all files below it, whatever they are called
