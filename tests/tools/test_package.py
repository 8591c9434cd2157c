"""What `pip install .` and `uvx --from .` get: the same program, with all that it reads at run time."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.tools.checkout import ROOT

CODE = ROOT / "src/sparkup"
CACHES = ("__pycache__", ".ruff_cache", ".mypy_cache")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a wheel and a source distribution of the code as it is."""
    root = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns(*CACHES))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, root)
    (root / "README.md").write_text("How to use it.\n")
    (root / "tests").mkdir()
    (root / "tests/README.md").touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", root / "dist"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    return root / "dist"


def expected() -> set[str]:
    """Return the files of the package, from its folder on."""
    files = (file for file in CODE.rglob("*") if file.is_file() and not {*file.parts} & {*CACHES})
    return {str(file.relative_to(CODE.parent)) for file in files}


def test_the_wheel_has_every_file_of_the_package_and_the_program(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        info = next(name for name in names if name.endswith("entry_points.txt"))
        assert "sparkup = sparkup.__main__:main" in wheel.read(info).decode()
    own = {name for name in names if ".dist-info/" not in name}
    assert own == expected()
    assert {"sparkup/data/envs/cpu.lock", "sparkup/data/envs/variants.json", "sparkup/node/rank.py"} <= own


def test_the_source_distribution_can_be_built_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in expected()} <= names
    assert {"README.md", "LICENSE", "pyproject.toml"} <= names
    assert not [name for name in names if name.startswith("tests")]
