"""Launches on several hosts: what is asked, and what was seen of hosts that are DGX Sparks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.planning.fabrics import Hosts, sample
from tests.planning.hosts import request, seen

from sparkup.domain.fact import Observed, Seen
from sparkup.domain.host import Host
from sparkup.domain.launch import LaunchRequest
from sparkup.errors import Problem, SparkupError
from sparkup.facts.clock import CLOCK
from sparkup.facts.dgx import DGX, Dgx
from sparkup.facts.gpus import GPU, Gpus
from sparkup.facts.identity import IDENTITY, Identity
from sparkup.facts.links import LINKS
from sparkup.facts.listeners import DATAGRAMS
from sparkup.facts.memory import MEMORY, Memory
from sparkup.facts.programs import Lookup
from sparkup.facts.verbs import VERBS, Verbs
from sparkup.planning.processes import ray_lookup
from sparkup.planning.resolve import Resolved, resolve

PAIR = sample("pair_port1_two_subnets")
TP2 = ("vllm", "serve", "m", "-tp", "2")
RAY = Lookup("/home/ada/bin/ray")
GB10 = Dgx(
    gb10=True,
    architecture="aarch64",
    gpus=("NVIDIA GB10",),
    release=None,
    dmi=None,
    system=None,
    kernel=None,
    handover_off=False,
    reboot_required=False,
)


def asked(*argv: str, hosts: Sequence[str] = tuple(PAIR), **other: Any) -> LaunchRequest:  # noqa: ANN401
    return replace(request(*(argv or TP2), hosts=[Host(name, name) for name in hosts]), **other)


def hosts(
    asked_: LaunchRequest, interfaces: Hosts = PAIR, cards: int = 1, **each: Mapping[str, object]
) -> Observed:
    """Return what was seen of hosts; `each`: what is different on one of them."""
    found = {}
    for name, links in interfaces.items():
        own = seen(asked_, host=name, **each.get(name, {}))  # type: ignore[arg-type]
        more = {
            LINKS.name: links,
            GPU.name: Gpus(shown=True, cards=("000f:01:00.0 (nvidia)",) * cards),
            DGX.name: GB10,
            MEMORY.name: Memory(total=128 << 30, available=127 << 30, free=127 << 30),
            VERBS.name: Verbs(devices=True),
            CLOCK.name: 1.8e9,
            DATAGRAMS.name: (),
            IDENTITY.name: Identity((f"ssh-ed25519 {name}",)),
            ray_lookup(asked_).name: RAY,
        }
        found[name] = Seen(name, {**own.values, **more})
    return found


def launched(asked_: LaunchRequest, there: Observed | None = None) -> Resolved:
    return resolve(asked_, there or hosts(asked_), "a1")


def refused(kind: type[SparkupError], asked_: LaunchRequest, there: Observed | None = None) -> list[Problem]:
    with pytest.raises(kind) as caught:
        launched(asked_, there)
    return list(caught.value.problems)
