"""The parsers of `sparkup facts parse NAME`, by NAME.

Add one: `parse(text: str) -> T | None` in a file of its own (facts/source_text.py says what it may return), a
line in SOURCES, recorded texts in tests/fixtures/samples/NAME, and ./dev docs for the schema.
"""

from collections.abc import Mapping

from sparkup.facts import memory
from sparkup.facts.source_text import Source, plain
from sparkup.facts.tools import (
    app_log,
    benchy,
    dgx_release,
    dmi,
    docker,
    ethtool,
    free,
    ibdev2netdev,
    ibstat,
    ibv_devinfo,
    ip,
    kernel_log,
    lspci,
    nccl,
    nvidia_smi,
    ota,
    perftest,
    rdma_link,
    show_gids,
    sysfs,
    topology,
)

SOURCES: Mapping[str, Source] = {
    "app_log": Source(app_log.parse, "the log of an engine, or some lines of it"),
    "benchy": Source(benchy.parse, "the table of llama-benchy"),
    "dgx_release": Source(dgx_release.parse, "the content of /etc/dgx-release or /etc/fastos-release"),
    "dmi": Source(dmi.parse, "files of /sys/class/dmi/id with their names (grep . FILES), or `dmidecode`"),
    "docker": Source(docker.parse, "`docker info`, as text or JSON, or what docker said when it failed"),
    "ethtool": Source(ethtool.parse, "the output of `ethtool IF`, `ethtool -m IF` or `ethtool -i IF`"),
    "free": Source(free.parse, "the output of `free` or `free -h`"),
    "ibdev2netdev": Source(ibdev2netdev.parse, "the output of `ibdev2netdev`, also with -v"),
    "ibstat": Source(ibstat.parse, "the output of `ibstat` or `ibstatus`"),
    "ibv_devinfo": Source(ibv_devinfo.parse, "the output of `ibv_devinfo` or `ibv_devices`"),
    "ip": Source(ip.parse, "the output of `ip addr`, `ip link`, `ip neigh` or `ip route`, as text or JSON"),
    "kernel_log": Source(kernel_log.parse, "lines of `dmesg` or `journalctl -k`"),
    "lspci": Source(lspci.parse, "the output of `lspci`, also with -nn or -vv, or of `mlxfwmanager`"),
    "meminfo": Source(memory.parse_meminfo, "the content of /proc/meminfo"),
    "nccl": Source(nccl.parse, "the output of nccl-tests (all_gather_perf and the others)"),
    "nvidia_smi": Source(nvidia_smi.parse, "what nvidia-smi prints: the table, -L, -q, or CSV of a query"),
    "ota": Source(ota.parse, "`nvidia-spark-ota-check summary` or `torn-score`, or a table of firmware"),
    "perftest": Source(perftest.parse, "the output of ib_write_bw, ib_write_lat and their kin, or mlnx_perf"),
    "rdma_link": Source(rdma_link.parse, "the output of `rdma link`, as text or JSON"),
    "show_gids": Source(show_gids.parse, "the output of `show_gids`"),
    "sysfs": Source(
        sysfs.parse, "files of /sys with their names (grep . FILES), or a table of PCI functions"
    ),
    "topology": Source(topology.parse, "a file of netplan, a table of nodes with tabs, or lines NAME=VALUE"),
}


def parse(name: str, text: str) -> object | None:
    """Return what the text of a source says, None for text of another kind. Raises KeyError."""
    source = SOURCES[name]
    try:
        return source.parse(plain(text))
    except (ValueError, OverflowError, RecursionError):
        return None  # a number of thousands of digits, JSON that is nested without an end
