"""What is wrong between the parts of a cluster.yaml: hosts that are one machine, clusters of unknown ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparkup.config.addresses import fault, same, split
from sparkup.config.problems import closest
from sparkup.config.yaml_tree import Tree
from sparkup.domain.host import LOCAL_NAMES


def check(tree: Tree) -> None:
    """Note them; parts of a wrong form are passed over, as something else has named them."""
    document = _mapping(tree.value)
    hosts = _mapping(document.get("hosts"))
    _check_machines(hosts, tree)
    _check_ways(hosts, tree)
    for name, members in _mapping(document.get("clusters")).items():
        if isinstance(members, list):
            _check_cluster(name, members, hosts, tree)
    links = _mapping(document.get("detected")).get("links")
    for index, link in enumerate(links if isinstance(links, list) else ()):
        _check_link(index, _mapping(link).get("ends"), hosts, tree)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_machines(hosts: Mapping[str, Any], tree: Tree) -> None:
    """Note hosts that have the address or the key of another: each rank needs a machine of its own."""
    seen: dict[tuple[str, str], str] = {}
    for name, part in hosts.items():
        values = _mapping(part)
        if name in LOCAL_NAMES:
            tree.add(("hosts", name), f"every machine calls itself {name}", "name it as others call it")
            continue
        address = values.get("address") or name
        if address is name and (found := fault(name)):
            tree.add(("hosts", name), *found)
        marks = {
            "address": same(address) if isinstance(address, str) else "",
            "host_key": values.get("host_key"),
        }
        for key, mark in marks.items():
            if not isinstance(mark, str) or not mark:
                continue
            other = seen.setdefault((key, mark), name)
            if other != name:
                what = "address" if key == "address" else "SSH host key"
                tree.add(
                    ("hosts", name, key),
                    f"{name} has the {what} of {other} ({tree.origins['hosts', other].line}): one machine",
                    "leave one of them out",
                )


def _check_ways(hosts: Mapping[str, Any], tree: Tree) -> None:
    """Note names of this file in ways: SSH is given them as they stand, and knows no address of this file."""
    for name, part in hosts.items():
        via = _mapping(part).get("via")
        for hop in via.split(",") if isinstance(via, str) else ():
            address = _mapping(hosts.get(split(hop)[1])).get("address")
            if isinstance(address, str) and same(address) != same(hop):
                message = f"{hop!r} in a way is not taken for the host of this file"
                tree.add(("hosts", name, "via"), message, f"write its address: {address}")


def _check_cluster(name: str, members: Sequence[object], hosts: Mapping[str, Any], tree: Tree) -> None:
    if not members:
        tree.add(("clusters", name), f"the cluster {name} has no hosts", "name some, or leave it out")
    for index, member in enumerate(members):
        place = ("clusters", name, index)
        if not isinstance(member, str):
            continue
        if member not in hosts:
            hint = (
                closest(member, list(hosts))
                or f"write it below hosts: {', '.join(hosts) or 'there are none'}"
            )
            tree.add(place, f"{member!r} in the cluster {name} is no host of this file", hint)
        elif member in members[:index]:
            tree.add(place, f"{member} is twice in the cluster {name}", "leave it out here")


def _check_link(index: int, ends: object, hosts: Mapping[str, Any], tree: Tree) -> None:
    for place, end in enumerate(ends if isinstance(ends, list) else ()):
        host = end.rpartition(":")[0] if isinstance(end, str) else ""
        if host and host not in hosts:
            where = ("detected", "links", index, "ends", place)
            tree.add(where, f"{host!r} is no host of this file", closest(host, list(hosts)))
