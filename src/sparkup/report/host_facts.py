"""What is known of a host as text for people: a line for each fact, and what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sparkup.domain.answer import Recorded
from sparkup.report.view import printable

GIB = 1 << 30
Fact = Mapping[str, Any]


def host_facts(host: str, facts: Mapping[str, Any]) -> str:
    """Return the lines of one host."""
    lines = [host]
    for name, value in facts.items():
        told = list(_LINES[name](value)) if name in _LINES else []
        lines += [f"  {name if not at else '':<9} {line}" for at, line in enumerate(told)]
    return "".join(f"{printable(line)}\n" for line in lines)


def recorded(answer: Recorded) -> str:
    """Return what was recorded of a host, and what was not."""
    lines = [f"recorded {len(answer.files)} texts of {answer.host} in {answer.folder}"]
    lines += [f"  {file}" for file in answer.files]
    lines += ["could not be recorded:"] if answer.missing else []
    reasons = dict.fromkeys(answer.missing.values())
    lines += [f"  {why}: {', '.join(_of(answer.missing, why))}" for why in reasons]
    lines.append("look through them before you send them on; what one says: sparkup facts parse NAME < FILE")
    return "".join(f"{printable(line)}\n" for line in lines)


def _of(missing: Mapping[str, str], why: str) -> Iterator[str]:
    return (file for file, reason in missing.items() if reason == why)


def _machine(machine: Fact) -> Iterator[str]:
    yield f"{machine['architecture']}, user {machine['user']}, {_gib(machine['free']['state'])} of disk free"


def _dgx(dgx: Fact) -> Iterator[str]:
    dmi, release = dgx["dmi"] or {}, dgx["release"] or {}
    product = " ".join(filter(None, (dmi.get("vendor"), dmi.get("product"))))
    yield f"{product or 'a machine of unknown make'}, {'a GB10' if dgx['gb10'] else 'no GB10'}"
    version = release.get("ota") or release.get("build") or release.get("fastos")
    parts = (dgx["system"], f"DGX OS {version}" if version else None, f"kernel {dgx['kernel'] or 'unknown'}")
    yield ", ".join(filter(None, parts))
    if dgx["reboot_required"]:
        yield "! updates wait for a reboot"


def _memory(memory: Fact) -> Iterator[str]:
    yield (
        f"{_gib(memory['total'])}, {_gib(memory['available'])} available, {_gib(memory['free'])} free; "
        f"swap {_gib(memory['swap_used'])} of {_gib(memory['swap_total'])} used"
    )
    if (memory["cma_free"] or 0) > (memory["cma_total"] or 0):
        yield "! the kernel holds memory back (Kexec HandOver): boot with kho=off"
    if (memory["swap_used"] or 0) >= GIB:
        yield "! swap is in use, which makes an engine many times slower"


def _gpu(gpu: Fact) -> Iterator[str]:
    if not gpu["shown"]:
        cards = f": {', '.join(gpu['cards'])}" if gpu["cards"] else ""
        yield f"no driver of NVIDIA's runs{cards}"
        return
    yield f"driver {gpu['driver'] or 'unknown'}" + (f", {', '.join(gpu['cards'])}" if gpu["cards"] else "")


def _links(links: Sequence[Fact]) -> Iterator[str]:
    real = [link for link in links if not link["kind"] and (link["carrier"] or link["rdma"])]
    for link in real:
        rdma = link["rdma"]
        parts = (
            f"{link['speed'] / 1000:g} Gb/s" if link["speed"] and link["carrier"] else None,
            f"MTU {link['mtu']}" if link["mtu"] else None,
            *link["addresses"],
            f"RDMA {rdma['name']} {rdma['state'] or 'unknown'}" if rdma else None,
            f"cage {link['cage']}" if link["cage"] else None,
        )
        yield f"{link['netdev']}: {', '.join(filter(None, parts))}"
    if not any(link["rdma"] for link in real):
        yield "no RDMA device"


def _engines(engines: Fact) -> Iterator[str]:
    for name in ("docker", "podman"):
        engine = engines[name]
        gives = [
            word for word, there in (("nvidia", engine["nvidia_runtime"]), ("CDI", engine["cdi"])) if there
        ]
        version = f" {engine['version']}" if engine["version"] else ""
        said = f": {engine['message']}" if engine["message"] else ""
        yield f"{name}{version} {engine['state']}{said}" + (f" ({', '.join(gives)})" if gives else "")


def _systemd(systemd: Fact) -> Iterator[str]:
    if not systemd["logind"]:
        yield "no logind"
        return
    linger = "lingers" if systemd["linger"] else "does not linger"
    removes = "removed" if systemd["remove_ipc"] else "kept"
    kills = ", processes are ended" if systemd["kill_user_processes"] else ""
    yield f"the user {linger}; at logout shared memory is {removes}{kills}"


_LINES: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "machine": _machine,
    "dgx": _dgx,
    "memory": _memory,
    "gpu": _gpu,
    "links": _links,
    "engines": _engines,
    "systemd": _systemd,
}


def _gib(size: int | None) -> str:
    return "unknown" if size is None else f"{size / GIB:.1f} GiB"
