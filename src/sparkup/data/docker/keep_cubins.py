"""Let FlashInfer take its prebuilt kernels from a folder: keep_cubins.py ARTIFACTS.PY FOLDER.

Runs while an image is built. There are thousands of them, and it fetches all of them for every wheel. A
version whose code looks otherwise is left as it is, and fetches them.
"""

import re
import sys
from pathlib import Path

LOOP = re.compile(
    r"^(?P<indent> +)for name, \w+ in cubin_files:\n(?P<body>(?:(?P=indent) .*\n|\s*\n)*?)"
    r"(?P<submit>(?P=indent) +fut = pool\.submit\()",
    re.MULTILINE,
)


def kept(found: "re.Match[str]", folder: str) -> str:
    """Return the loop over all kernels, with one that is there already not fetched."""
    indent = re.match(" +", found["submit"])[0]  # type: ignore[index]
    lines = (
        f"kept = {folder!r} + '/' + str(name)",
        "if os.path.exists(kept) and verify_cubin(kept, checksum):",
        "    shutil.copy(kept, str(local_path))",
        "    update_pbar_cb(None)",
        "    continue",
    )
    added = "".join(f"{indent}{line}\n" for line in lines)
    return f"{found['indent']}for name, checksum in cubin_files:\n{found['body']}{added}{found['submit']}"


def main(file: Path, folder: str) -> None:
    """Change the file if it is as expected, and say what was done."""
    text = file.read_text("utf-8")
    used = ("import os\n", "import shutil\n", "verify_cubin", "def update_pbar_cb", "local_path = ")
    found = LOOP.search(text) if all(word in text for word in used) else None
    if found is None or "verify_cubin" in found["body"]:
        print("this FlashInfer fetches its kernels as it likes")
        return
    file.write_text(text[: found.start()] + kept(found, folder) + text[found.end() :], "utf-8")
    print(f"kernels are kept in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
