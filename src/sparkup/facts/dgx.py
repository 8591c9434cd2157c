"""Whether a host is a machine with a GB10 (DGX Spark and its sisters), and which system it runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, env, files, paths, whole
from sparkup.facts.tools import dgx_release, dmi
from sparkup.facts.tools.dgx_release import DgxRelease
from sparkup.facts.tools.dmi import Dmi

RELEASES = ("/etc/dgx-release", "/etc/fastos-release")
DMI = "/sys/class/dmi/id"
# Serial numbers and UUIDs stay where they are.
DMI_NAMES = (
    "sys_vendor",
    "product_name",
    "product_family",
    "product_version",
    "bios_vendor",
    "bios_version",
    "bios_date",
    "board_vendor",
    "board_name",
)
KERNEL, COMMAND_LINE, SYSTEM = "/proc/sys/kernel/osrelease", "/proc/cmdline", "/etc/os-release"
MODELS = "/proc/driver/nvidia/gpus/*/information"
DEVICES = "/sys/bus/pci/devices/*"
NVIDIA, GB10 = "0x10de", "0x2e12"
REBOOT = "/run/reboot-required"


@dataclass(frozen=True, slots=True)
class Dgx:
    """A machine and its system. None is what it does not say.

    `gb10`: it has that GPU, and the processors that come with it; its maker may be any of eight.
    `handover_off`: the kernel was booted with kho=off (users.md F19i).
    """

    gb10: bool
    architecture: str
    gpus: tuple[str, ...]  # names of NVIDIA's GPUs, as the driver has them
    release: DgxRelease | None
    dmi: Dmi | None
    system: str | None
    kernel: str | None
    handover_off: bool
    reboot_required: bool


def parse(answers: Answers) -> Dgx:
    """Read the answers to DGX."""
    kernel = answers["kernel"]["files"]
    models = re.findall(r"^Model:\s*(.+?)\s*$", "\n".join(answers["gpus"]["files"].values()), re.MULTILINE)
    architecture = answers["machine"]["machine"]
    release = "\n".join(answers["release"]["files"].get(path, "") for path in RELEASES)
    names = {
        PurePosixPath(path).name: text.strip()
        for path, text in answers["dmi"]["files"].items()
        if not path.startswith("!")
    }
    system = re.search(r"^PRETTY_NAME=\"?([^\"\n]+)", kernel.get(SYSTEM, ""), re.MULTILINE)
    return Dgx(
        gb10=architecture == "aarch64"
        and (_on_bus(answers["pci"]["files"]) or any("GB10" in m for m in models)),
        architecture=architecture,
        gpus=tuple(models),
        release=dgx_release.parse(release),
        dmi=dmi.machine(names) if names else None,
        system=system[1] if system else None,
        kernel=kernel.get(KERNEL, "").strip() or None,
        handover_off="kho=off" in kernel.get(COMMAND_LINE, "").split(),
        reboot_required=bool(answers["reboot"]["paths"][REBOOT]["kind"]),
    )


def _on_bus(texts: Mapping[str, str]) -> bool:
    return any(
        text.strip() == GB10 and texts.get(path.removesuffix("/device") + "/vendor", "").strip() == NVIDIA
        for path, text in texts.items()
    )


DGX = Fact(
    "dgx",
    {
        "release": files(*RELEASES, keep=r"(?!.*SERIAL)"),
        "dmi": files(*(f"{DMI}/{name}" for name in DMI_NAMES), max_bytes=256),
        "kernel": files(KERNEL, COMMAND_LINE, SYSTEM, max_bytes=4096),
        "gpus": files(MODELS, max_bytes=4096, keep="Model:"),
        "pci": files(f"{DEVICES}/vendor", f"{DEVICES}/device", max_bytes=16, keep=f"{NVIDIA}|{GB10}"),
        "machine": env(),
        "reboot": paths(REBOOT),
    },
    parse,
    recorded=whole,
)
