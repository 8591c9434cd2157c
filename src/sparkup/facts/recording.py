"""What a host's tools print, for `sparkup facts record`: each text beside the parser that reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sparkup.domain.fact import Answers, Fact, Request, env, files, run
from sparkup.facts.dgx import DMI, DMI_NAMES, RELEASES
from sparkup.facts.links import NET, PORT, RDMA
from sparkup.facts.memory import MEMINFO
from sparkup.facts.parsers import SOURCES, parse
from sparkup.facts.redaction import Redactor

_GPU = (
    "index,name,uuid,pci.bus_id,driver_version,compute_cap,pstate,temperature.gpu,utilization.gpu,clocks.sm"
)
_QUERY = f"--query-gpu={_GPU},power.draw,memory.total"
_INTERFACES = ("enp1s0f0np0", "enp1s0f1np1", "enP2p1s0f0np0", "enP2p1s0f1np1")  # of the four functions
_SYSFS = (
    *(f"{RDMA}/*/{PORT}/{file}" for file in ("state", "phys_state", "rate", "link_layer")),
    *(f"{RDMA}/*/{PORT}/{file}/*" for file in ("gids", "gid_attrs/types", "gid_attrs/ndevs")),
    *(f"{NET}/*/{file}" for file in ("operstate", "carrier", "speed", "mtu", "phys_port_name")),
)
_NETPLAN = "/etc/netplan/*.yaml"
# NAME/file: the question. Files of one question are joined; those of `_NAMED` with their names before them.
QUESTIONS: Mapping[str, Request] = {
    "dgx_release/release.txt": files(*RELEASES, keep=r"(?!.*SERIAL)"),
    "dmi/id.txt": files(*(f"{DMI}/{name}" for name in DMI_NAMES), max_bytes=256),
    "docker/info.txt": run("docker", "info", timeout=15),
    "docker/runtimes.json": run("docker", "info", "--format", "{{json .Runtimes}}", timeout=15),
    **{f"ethtool/{name}.txt": run("ethtool", name) for name in _INTERFACES},
    "free/free.txt": run("free"),
    "free/free_h.txt": run("free", "-h"),
    "ibdev2netdev/ibdev2netdev.txt": run("ibdev2netdev"),
    "ibstat/ibstat.txt": run("ibstat"),
    "ibv_devinfo/ibv_devinfo.txt": run("ibv_devinfo"),
    "ibv_devinfo/ibv_devices.txt": run("ibv_devices"),
    "ip/addr.txt": run("ip", "addr"),
    "ip/addr.json": run("ip", "-j", "addr"),
    "ip/neigh.json": run("ip", "-j", "neigh"),
    "ip/route.json": run("ip", "-j", "route"),
    "kernel_log/journal.txt": run(
        "journalctl", "-k", "-b", "--no-pager", "-o", "short-monotonic", "-n", "5000", timeout=15
    ),
    "kernel_log/dmesg.txt": run("dmesg"),
    "lspci/nn.txt": run("lspci", "-nn"),
    "lspci/vv_connectx.txt": run("lspci", "-vv", "-d", "15b3:"),
    "meminfo/meminfo.txt": files(MEMINFO),
    "nvidia_smi/table.txt": run("nvidia-smi", timeout=10),
    "nvidia_smi/list.txt": run("nvidia-smi", "-L", timeout=10),
    "nvidia_smi/gpus.csv": run("nvidia-smi", _QUERY, "--format=csv", timeout=10),
    "nvidia_smi/processes.csv": run(
        "nvidia-smi", "--query-compute-apps=pid,process_name,used_memory", "--format=csv", timeout=10
    ),
    "ota/summary.txt": run("nvidia-spark-ota-check", "summary", timeout=15),
    "ota/torn_score.json": run("nvidia-spark-ota-check", "torn-score", timeout=15),
    "rdma_link/rdma_link.txt": run("rdma", "link", "show"),
    "rdma_link/rdma_link.json": run("rdma", "-j", "link", "show"),
    "show_gids/show_gids.txt": run("show_gids"),
    "sysfs/attributes.txt": files(*_SYSFS, max_bytes=256, sparse=True),
    "topology/netplan.yaml": files(_NETPLAN),
}
_NAMED = ("dmi/", "sysfs/")
_ABOUT = "about"  # two further questions, of what is to be taken out of the texts
HOSTNAME = "/proc/sys/kernel/hostname"


@dataclass(frozen=True, slots=True)
class Recording:
    """`texts`: file → what it holds, `missing`: file → why there is none."""

    texts: Mapping[str, str]
    missing: Mapping[str, str]


def read(answers: Answers) -> Recording:
    """Return the texts that their parsers read, without what nobody else needs to know."""
    login = answers[f"{_ABOUT}/login"]["env"]
    names = answers[f"{_ABOUT}/name"]["files"].get(HOSTNAME, "").split()
    redact = Redactor(
        (part for name in names for part in (name, name.partition(".")[0])),
        filter(None, (login.get("USER"), login.get("LOGNAME"))),
    )
    texts: dict[str, str] = {}
    missing: dict[str, str] = {}
    for file in QUESTIONS:
        text, why = _text(file, answers[file])
        source = file.partition("/")[0]
        if why or source not in SOURCES:
            missing[file] = why or "nothing reads it yet"
        elif parse(source, text) is None:
            missing[file] = f"it said: {redact(_first_line(text))}"
        else:
            texts[file] = redact(text)
    return Recording(texts, missing)


def _text(file: str, answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return what was printed, or why there is nothing."""
    if "files" in answer:
        return _joined(file, answer["files"])
    if answer.get("missing"):
        return "", "not installed"
    if answer.get("timeout"):
        return "", "no answer in time"
    if answer["status"] == 0:
        return answer["out"], ""
    # Why a tool failed says as much of a host as what it prints.
    text = answer["out"] + answer["err"]
    why = answer.get("error") or f"exit status {answer['status']}"
    return text, "" if text.strip() else why


def _joined(file: str, found: Mapping[str, str]) -> tuple[str, str]:
    refused = {path[1:]: why for path, why in found.items() if path.startswith("!")}
    texts = {path: text for path, text in found.items() if not path.startswith("!")}
    if not texts:
        return "", next((f"{path}: {why}" for path, why in refused.items()), "not there")
    if file.startswith(_NAMED):
        return "".join(f"{path}:{text.strip()}\n" for path, text in texts.items()), ""
    return "".join(_lines(texts.values())), ""


def _lines(texts: Any) -> Iterator[str]:  # noqa: ANN401
    for text in texts:
        yield text if text.endswith("\n") or not text else f"{text}\n"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "nothing")


RECORDING = Fact(
    "recording",
    {
        **QUESTIONS,
        f"{_ABOUT}/name": files(HOSTNAME, max_bytes=256),
        f"{_ABOUT}/login": env("USER", "LOGNAME"),
    },
    read,
)
