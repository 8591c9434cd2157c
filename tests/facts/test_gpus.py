"""What a kernel shows of NVIDIA's GPUs; the open module's text is that of a machine with an H100."""

from typing import Any

import pytest
from tests.fixtures.record import ask

from sparkup.facts.gpus import DRIVER, GPU, Gpus, parse

OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)  \n"
CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n"
GCC = "GCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)\n"
CARD, SOUND = "/sys/bus/pci/devices/0000:01:00.0", "/sys/bus/pci/devices/0000:01:00.1"


def answered(version: str = "", driver: str = "") -> dict[str, Any]:
    """Return what a machine with one card and its sound device answers."""
    return {
        "driver": {"paths": {DRIVER: {"kind": "file" if version else ""}}},
        "version": {"files": {DRIVER: version} if version else {}},
        "devices": {
            "files": {
                f"{CARD}/vendor": "0x10de\n",
                f"{SOUND}/vendor": "0x10de\n",
                f"{CARD}/class": "0x030000\n",
                f"{SOUND}/class": "",  # of another kind, left out by `keep`
            }
        },
        "drivers": {"links": {f"{CARD}/driver": f"../../../bus/pci/drivers/{driver}"} if driver else {}},
    }


@pytest.mark.parametrize(("text", "version"), [(OPEN, "580.159.04"), (CLOSED, "535.183.01"), ("odd", "")])
def test_the_version_of_the_driver(text: str, version: str) -> None:
    found = parse(answered(text + GCC, "nvidia"))
    assert found == Gpus(shown=True, driver=version, cards=("0000:01:00.0 (nvidia)",))


@pytest.mark.parametrize("driver", ["nouveau", ""])
def test_a_card_that_nvidias_driver_does_not_have(driver: str) -> None:
    cards = (f"0000:01:00.0 ({driver or 'no driver'})",)
    assert parse(answered(driver=driver)) == Gpus(shown=False, cards=cards)


def test_the_questions_can_be_answered() -> None:
    assert isinstance(parse(ask(GPU, "python3")), Gpus)
