"""From the interfaces of hosts to the fabric that joins them: the one place that decides it."""

from collections.abc import Collection, Mapping, Sequence

from sparkup.domain.check import LEVELS, Finding
from sparkup.domain.fabric import Fabric, Interface
from sparkup.planning.fabric_checks import linked, port_findings
from sparkup.planning.fabric_choice import Choice, chosen_rails
from sparkup.planning.fabric_control import find_control
from sparkup.planning.fabric_links import Proved, find_links
from sparkup.planning.fabric_paths import link_findings, path_findings
from sparkup.planning.fabric_ports import ports
from sparkup.planning.fabric_topology import rails, topology

AS_IS = Choice()


def plan_fabric(
    interfaces: Mapping[str, Sequence[Interface]],
    proved: Proved | None = None,
    choice: Choice = AS_IS,
    sparks: Collection[str] = (),
) -> Fabric:
    """Return the fabric of hosts; findings first those that forbid a launch on several of them.

    `proved` are pairs of ports between which packets went; None if nobody has tried: IPv4 networks decide.
    `sparks` are the hosts that are known to be Sparks, which have RDMA or are broken. One host alone is asked
    for nothing: no finding is made, and no link looked for.
    """
    every = ports(interfaces)
    own = {host: tuple(every.at[end] for end in every.of[host]) for host in interfaces}
    if len(interfaces) < 2:
        return Fabric("solo", own)
    links = find_links(every, proved)
    name = topology(links, every)
    findings: list[Finding] = []
    picked = chosen_rails(choice, every, findings)
    carriers = {**rails(links, every), **picked}
    control = find_control(links, every, choice, findings)
    view = linked(every, links, sparks)
    findings += path_findings(view, name, carriers, chosen=len(picked) == len(interfaces))
    findings += link_findings(view)
    findings += port_findings(view)
    findings = list({(each.code, each.where, each.message): each for each in findings}.values())
    findings.sort(key=lambda each: LEVELS.index(each.level))  # stable: within a level as found
    return Fabric(
        topology=name,
        interfaces=own,
        links=links,
        rails={host: carriers[host] for host in interfaces},
        control={host: control[host] for host in interfaces if host in control},
        findings=tuple(findings),
    )
