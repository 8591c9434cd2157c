"""What the kernel's log says of hardware, drivers and memory: which known failure it is, if any."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """Words of the kernel. `level`: fail, warn, or benign for what looks bad and is not."""

    id: str
    level: str
    pattern: re.Pattern[str]
    advice: str


def _sign(number: str, level: str, pattern: str, advice: str) -> Sign:
    return Sign(number, level, re.compile(pattern, re.IGNORECASE), advice)


# In the order to ask: the first that matches a line counts.
SIGNS = (
    _sign(
        "F19h",
        "benign",
        r"nvidia[-_]peermem|GPU ?Direct RDMA Disabled",
        "there is no GPUDirect RDMA on this machine, by design",
    ),
    _sign(
        "F12",
        "benign",
        r"Detected insufficient power on the PCIe slot \(27W\)",
        "said on good machines as well; only together with 12 to 13 Gb/s it is a bad boot: power off, unplug",
    ),
    _sign(
        "F09",
        "fail",
        r"cx7-pcie-hotplug.*(?:removal|removed|unplug)|mlx5_core.*(?:surprise|hot) ?(?:removal|remove|plug)",
        "the network card was taken off the bus: remove /etc/nvidia/cx7-hotplug-enabled on all hosts, "
        "plug the cable in, reboot both ends",
    ),
    _sign(
        "F09",
        "fail",
        r"broken device, retraining|retraining failed|(?:link|retrain)\w*.*\b2\.5 ?GT/s",
        "the network card's link does not come up: power off, unplug for a minute; if it stays, replace it",
    ),
    _sign(
        "F12",
        "fail",
        r"available PCIe bandwidth, limited by (?:2\.5|5\.0|8\.0) ?GT/s",
        "the network card's PCIe link is slow: update the firmware, power off, unplug, boot with the cable",
    ),
    _sign(
        "F19o",
        "fail",
        r"mlx5_core.*(?:pre-?init|FW.*-110|wait_fw_init)",
        "the network card's firmware does not start: never let mlnx-fw-updater run; have it replaced",
    ),
    _sign(
        "F19p",
        "fail",
        r"CmpltTO|Completion ?Timeout|CMD_SYNC timeout",
        "a fault of the platform under load: stop the load, reboot, report it to who sold the machine",
    ),
    _sign(
        "F44",
        "fail",
        r"Xid.*: (?:119|120|154)\b|\bGSP\b.*(?:timeout|failed|error)|RmInitAdapter failed",
        "driver and firmware do not fit: bring both up to date, then reboot",
    ),
    _sign(
        "F45",
        "fail",
        r"NVRM: API mismatch|Driver/library version mismatch",
        "the driver was upgraded: reboot",
    ),
    _sign(
        "F22",
        "fail",
        r"NV_ERR_NO_MEMORY|_memdescAllocInternal|Out of memory: Killed|oom-kill:|invoked oom-killer",
        "memory ran out: leave 8 GiB and more free, lower --gpu-memory-utilization",
    ),
    _sign("", "fail", r"Xid.*: (?:48|62|74|79|95|109)\b|fallen off the bus", "the GPU failed: reboot"),
    _sign("", "warn", r"NVRM: Xid", "a program's fault on the GPU: see what ran at that time"),
    _sign(
        "F19i",
        "fail",
        r"ibv_reg_mr\w*.*Cannot allocate memory",
        "a kernel with Kexec HandOver holds the memory: boot with kho=off, or an older kernel",
    ),
    _sign(
        "F46",
        "fail",
        r"Kernel panic|\bDOE\b.*(?:timed? ?out|timeout|abort)",
        "a fault of some kernels: update, power off, unplug for a minute",
    ),
    _sign(
        "F19p", "warn", r"\bAER:.*(?:Uncorrect|Fatal)|severity=Uncorrect", "watch it: a PCIe link has errors"
    ),
    _sign("", "benign", r"\bAER:.*Correct|severity=Correct", "was corrected"),
    _sign(
        "F49", "warn", r"mt7925e.*(?:timeout|reset|fail)", "switch Wi-Fi's power saving off, or use the cable"
    ),
    _sign("F19g", "warn", r"Host name conflict", "name hosts by their addresses, not by .local names"),
    _sign("", "warn", r"blocked for more than \d+ seconds", "something waits for a device or for memory"),
    _sign(
        "",
        "fail",
        r"nvme\S*.*(?:I/O error|timeout)|I/O error, dev ",
        "the disk has errors: save what matters",
    ),
)
