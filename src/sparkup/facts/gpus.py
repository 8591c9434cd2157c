"""The NVIDIA GPUs of a host: the driver that shows them, or what else has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sparkup.domain.fact import Answers, Fact, files, links, paths, whole

DRIVER = "/proc/driver/nvidia/version"
DEVICES = "/sys/bus/pci/devices/*"
NVIDIA, DISPLAY = "0x10de", "0x03"  # vendor, and the beginning of a class: pci_ids.h


@dataclass(frozen=True, slots=True)
class Gpus:
    """What the kernel shows. `driver` is NVIDIA's version, "" where that cannot be read."""

    shown: bool  # NVIDIA's driver runs
    driver: str = ""
    cards: tuple[str, ...] = ()  # "0000:01:00.0 (nouveau)", the driver of each in brackets


def parse(answers: Answers) -> Gpus:
    """Read the answers to GPU."""
    shown = bool(answers["driver"]["paths"][DRIVER]["kind"])
    text = answers["version"]["files"].get(DRIVER, "")
    version = re.search(r"\b\d+(?:\.\d+)+\b", text.partition("Module")[2])
    return Gpus(shown, version[0] if version else "", tuple(_cards(answers)))


def _cards(answers: Answers) -> list[str]:
    drivers = answers["drivers"]["links"]
    return [
        f"{PurePosixPath(device).name} ({PurePosixPath(drivers.get(f'{device}/driver', 'no driver')).name})"
        for device in _devices(answers["devices"]["files"])
    ]


def _devices(texts: Mapping[str, str]) -> list[str]:
    devices = [path.removesuffix("/vendor") for path, text in texts.items() if text.strip() == NVIDIA]
    return [device for device in devices if texts.get(f"{device}/class", "").startswith(DISPLAY)]


def has_card(texts: Mapping[str, str]) -> bool:
    """Say whether what PCI asks for shows a GPU of NVIDIA's."""
    return bool(_devices(texts))


PCI = files(f"{DEVICES}/vendor", f"{DEVICES}/class", max_bytes=16, keep=f"{NVIDIA}|{DISPLAY}")


GPU = Fact(
    "gpu",
    {
        "driver": paths(DRIVER),
        "version": files(DRIVER, max_bytes=1024),
        "devices": PCI,
        "drivers": links(f"{DEVICES}/driver"),
    },
    parse,
    recorded=whole,
)
