"""What a user has chosen instead of the planner: --eth-if and --ib-if, for all hosts or for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sparkup.domain.check import Finding
from sparkup.domain.fabric import End, Interface
from sparkup.errors import InputRefused, Problem
from sparkup.planning.fabric_ports import OWN, Ports, listed


@dataclass(frozen=True, slots=True)
class Choice:
    """The names chosen on each host; a host that is not there is left to the planner."""

    eth: Mapping[str, str] = field(default_factory=dict)
    ib: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse_choice(eth: Sequence[str], ib: Sequence[str], hosts: Sequence[str]) -> Choice:
    """Return what `--eth-if NAME`, `--ib-if NAME,NAME` and `HOST=NAME` of both mean.

    What is said of one host comes before what is said of all. Raises InputRefused with all problems.
    """
    problems: list[Problem] = []
    control = _each("--eth-if", eth, hosts, problems)
    devices = _each("--ib-if", ib, hosts, problems)
    problems += [
        Problem("bad-option", f"--eth-if takes one interface a host, not {name}", hint="--eth-if HOST=NAME")
        for name in dict.fromkeys(control.values())
        if "," in name
    ]
    if problems:
        raise InputRefused(*problems)
    chosen = {host: tuple(filter(None, names.split(","))) for host, names in devices.items()}
    return Choice(control, chosen)


def chosen_rails(
    choice: Choice, ports: Ports, findings: list[Finding]
) -> Mapping[str, tuple[Interface, ...]]:
    """Return the interfaces whose RDMA devices were chosen; notes what is wrong with them."""
    found: dict[str, tuple[Interface, ...]] = {}
    for host, names in sorted(choice.ib.items()):
        devices = {ports.device(end): end for end in ports.of[host] if ports.device(end)}
        found[host] = tuple(ports.at[devices[name]] for name in names if name in devices)
        findings += _faults(host, names, devices, ports)
    counts = {len(each) for each in found.values()}
    if len(counts) > 1:
        told = listed(f"{host} {len(each)}" for host, each in found.items())
        hint = "name as many devices on every host, those that face each other at the same place"
        findings.append(
            Finding("warn", "ib-if", f"hosts have different numbers of devices: {told}", "", hint)
        )
    return found


def no_interface(host: str, name: str, ports: Ports) -> Finding:
    """Say that a host has no interface of a name, and which one may have been meant."""
    device = next((end for end in ports.of[host] if ports.device(end) == name), None)
    if device:
        message = f"{name} is an RDMA device; the network interface on it is {device.netdev}"
        return Finding("fail", "eth-if", message, host, f"--eth-if {host}={device.netdev}")
    able = (end.netdev for end in ports.of[host] if ports.at[end].fixed and ports.at[end].kind in OWN)
    there = listed(able) or "none with an address"
    message = f"there is no network interface {name} (there: {there})"
    return Finding("fail", "eth-if", message, host, f"name that host's own: --eth-if {host}=NAME")


def _each(option: str, given: Sequence[str], hosts: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    every: dict[str, str] = {}
    own: dict[str, str] = {}
    for word in given:
        host, equals, name = word.rpartition("=")
        if not name or (equals and not host):
            message = f"{option} {word} names no interface"
            problems.append(Problem("bad-option", message, hint=f"{option} NAME, or {option} HOST=NAME"))
        elif not equals:
            every = dict.fromkeys(hosts, name)
        elif host in hosts:
            own[host] = name
        else:
            message = f"{option} {word}: {host} is none of the hosts of this launch"
            problems.append(Problem("bad-option", message, hint=f"they are: {listed(hosts)}"))
    return every | own


def _faults(host: str, names: Sequence[str], devices: Mapping[str, End], ports: Ports) -> Iterator[Finding]:
    for name in names:
        if name in devices:
            if not ports.at[devices[name]].usable:
                message = f"the port of {name} is not up as RoCE"
                hint = "plug in its cable, or choose another with --ib-if"
                yield Finding("fail", "ib-if", message, host, hint)
            continue
        interface = ports.at.get(End(host, name))
        if interface and interface.rdma:
            message = f"{name} is a network interface; the RDMA device on it is {interface.rdma.name}"
            yield Finding("fail", "ib-if", message, host, f"--ib-if {host}={interface.rdma.name}")
            continue
        message = f"there is no RDMA device {name} (there: {listed(devices) or 'none'})"
        yield Finding("fail", "ib-if", message, host, f"name that host's own: --ib-if {host}=NAME,NAME")
