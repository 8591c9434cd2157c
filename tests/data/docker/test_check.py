"""What is looked at in a finished image; in images themselves by the tests of the Dockerfiles."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sparkup.data.docker import check

HELP = Path(__file__).parent / "recorded" / "vllm-serve-help.txt"  # begins what vLLM 0.32 prints


def test_flags_are_read_from_the_help_of_vllm() -> None:
    found = set(check.flags(HELP.read_text(encoding="utf-8")))
    assert {
        "--aggregate-engine-logging",
        "--api-server-count",
        "--enable-log-requests",
        "--no-enable-log-requests",
        "--gdn-prefill-backend",
        "--help",
        "--allowed-origins",
    } <= found
    assert not {"--port", "--grpc-port"} & found  # words of a description
    assert not [flag for flag in found if not flag.startswith("--")]


@pytest.mark.parametrize(
    ("made", "wanted", "expected"),
    [
        ("sm_120", "12.1a", True),
        ("sm_121", "12.1a", True),
        ("sm_121a", "12.1a", True),
        ("sm_120f", "12.1a", True),
        ("sm_120a", "12.1a", False),
        ("sm_121", "12.0", False),
        ("sm_100", "12.1a", False),
        ("sm_90", "9.0a", True),
        ("sm_80", "8.6+PTX", True),
        ("compute_90", "12.1a", True),
        ("compute_120", "10.0", False),
        ("gfx942", "12.1a", False),
    ],
)
def test_code_runs_on_the_same_generation_if_it_is_not_newer(made: str, wanted: str, expected: bool) -> None:
    assert check.runs(made, wanted) is expected


@pytest.fixture
def nccl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a library of NCCL's name, and its links, where they are looked for."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("there is no C compiler on this machine")
    source = tmp_path / "nccl.c"
    source.write_text("int ncclGetVersion(int *version) { *version = 22907; return 0; }\n")
    folder = tmp_path / "lib"
    folder.mkdir()
    library = folder / "libnccl.so.2.29.7"
    subprocess.run([compiler, "-shared", "-o", library, source], check=True, timeout=60)
    (folder / "libnccl.so.2").symlink_to(library.name)
    (folder / "libnccl-net.so").touch()
    monkeypatch.setattr(check, "FOLDERS", (str(tmp_path),))
    return library


def test_one_nccl_is_as_it_should_be(nccl: Path) -> None:
    image = check.Image("12.1a")
    assert image.nccl() == f"2.29.7 {nccl}"
    assert image.versions["nccl"] == "2.29.7"


def test_two_of_them_are_not(nccl: Path) -> None:
    second = nccl.parent / "wheels" / "libnccl.so.2"
    second.parent.mkdir()
    shutil.copy(nccl, second)
    with pytest.raises(check.Bad, match="there are 2 of them"):
        check.Image("12.1a").nccl()


def test_packages_of_flashinfer_that_do_not_go_together_are_named() -> None:
    image = check.Image("12.1a")
    image.versions |= {"flashinfer": "0.6.18", "flashinfer-jit-cache": "0.6.18+cu130"}
    assert image.flashinfer() == "flashinfer, flashinfer-jit-cache"
    image.versions["flashinfer-cubin"] = "0.6.17"
    with pytest.raises(check.Bad, match=r"flashinfer-cubin 0\.6\.17"):
        image.flashinfer()


def test_a_program_that_fails_is_told_with_its_last_line() -> None:
    with pytest.raises(check.Bad, match=r"^ModuleNotFoundError: No module named 'no_such_module'$"):
        check.python("import no_such_module")
    with pytest.raises(check.Bad, match=r"^there is no no-such-program$"):
        check.ran("no-such-program")


def test_everything_is_told_also_where_nothing_is_there(tmp_path: Path) -> None:
    image = check.Image("")
    image.check("good", lambda: "fine")
    image.check("bad", lambda: check.ran("no-such-program"))
    image.check("neither", image.flashinfer)
    assert [each["ok"] for each in image.checks] == [True, False, None]
    assert image.checks[0] == {"name": "good", "ok": True, "message": "fine"}
