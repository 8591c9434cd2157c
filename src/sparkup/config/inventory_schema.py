"""What cluster.yaml may say, as types; docs/cluster.schema.json is made from them, for editors."""

import re
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Interface, IPv4Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
)
from pydantic import WithJsonSchema as Shown
from pydantic_core import CoreSchema, core_schema

from sparkup.config import addresses
from sparkup.domain.host import LOCAL_NAMES
from sparkup.domain.launch import NAME_RULE

ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
END = re.compile(r"\S+:[^\s/:,]+")


class Refused(ValueError):
    """A value that will not do, and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text has to match: `what` it then is, and a hint for one that does not."""

    pattern: re.Pattern[str]
    what: str
    hint: str

    def check(self, text: str) -> str:
        """Return the text; raises Refused."""
        if not self.pattern.fullmatch(text):
            raise Refused(f"{text!r} is no {self.what}", self.hint)
        return text

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: object) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern.pattern})$"}


def _address(text: str) -> str:
    if found := addresses.fault(text):
        raise Refused(*found)
    if text in LOCAL_NAMES:
        raise Refused(
            f"every machine calls itself {text}", "give the name or address that others reach it by"
        )
    return text


def _way(text: str) -> str:
    """Return the hosts of a way, each of which is an address."""
    for each in text.split(","):
        _address(each)
    return text


def _passed_on(text: str | None) -> str | None:
    if text is not None and "\0" in text:
        raise Refused("no variable can hold a zero byte", "leave it out")
    return text


def _listed(value: object) -> object:
    """Take `a,b` for a list, as --ib-if has it."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:%-]*")  # an address may be its name, IPv6 too
HostName = Annotated[str, Rule(HOST_NAME, "name of a host", "letters, digits, dots, dashes and underscores")]
Name = Annotated[
    str, Rule(NAME_RULE, "name", "letters, digits, dots, dashes and underscores; a letter or digit first")
]
Interface = Annotated[str, Rule(addresses.INTERFACE, "name of an interface", "see: ip link, rdma link")]
Key = Annotated[str, Rule(FINGERPRINT, "fingerprint", "see: ssh-keyscan HOST | ssh-keygen -lf -")]
End = Annotated[str, Rule(END, "end of a link", "write HOST:INTERFACE")]
Variable = Annotated[str, Rule(ENV_NAME, "name of a variable", "letters, digits and underscores")]
Address = Annotated[str, AfterValidator(_address)]
Way = Annotated[str, AfterValidator(_way)]
Image = Annotated[str, Rule(re.compile(r"[^\s-]\S*"), "name of an image", "as docker image ls has it")]
Value = Annotated[  # as it is written: 010 and yes stay what they are
    str | None, AfterValidator(_passed_on), Shown({"type": ["string", "number", "boolean", "null"]})
]
Port = Annotated[int, Field(ge=1, le=65535)]
Interfaces = Annotated[
    list[Interface],
    BeforeValidator(_listed),
    Shown({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}),
]


class Part(BaseModel):
    """A mapping with the keys that are listed and no others."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class HostPart(Part):
    """One host."""

    address: Address | None = Field(
        default=None, description="What SSH is given, [USER@]HOST. [the host's name]"
    )
    via: Way | None = Field(
        default=None,
        description="The hosts that SSH goes through, by their addresses, as ssh -J takes them: A,B."
        " [as ssh_config says: ProxyJump]",
    )
    eth_if: Interface | None = Field(
        default=None, description="Network interface for IP, where it is another here."
    )
    ib_if: Interfaces | None = Field(
        default=None, description="RDMA devices (RoCE), where they are others here."
    )
    host_key: Key | None = Field(
        default=None, description="Fingerprint of its SSH host key. Written by detection."
    )
    verified: date | None = Field(default=None, description="When that was last seen. Written by detection.")
    fabric: list[IPv4Interface] | None = Field(
        default=None, description="Its addresses on the links, with /BITS."
    )


class DefaultsPart(Part):
    """What launches take where the command line says nothing."""

    eth_if: Interface | None = Field(
        default=None, description="Network interface for IP. [found on each host]"
    )
    ib_if: Interfaces | None = Field(default=None, description="RDMA devices (RoCE). [found on each host]")
    master_port: Port | None = Field(default=None, description="Port at which the ranks of a launch meet.")
    name: Name | None = Field(default=None, description="Name of the launch and its container. [vllm_node]")
    image: Image | None = Field(default=None, description="Image of the container. [vllm-node]")
    env: dict[Variable, Value] | None = Field(
        default=None,
        description="Environment variables; one without a value is taken from where sparkup runs.",
    )


class LinkPart(Part):
    """Interfaces that reach each other."""

    ends: Annotated[list[End], Field(min_length=2)]
    subnet: IPv4Network | None = None
    proved: bool = Field(default=False, description="Packets went over it.")


class DetectedPart(Part):
    """What the last detection found. It is written anew by the next."""

    at: AwareDatetime | None = None
    links: list[LinkPart] | None = None


class File(Part):
    """A cluster.yaml of sparkup."""

    hosts: dict[HostName, HostPart | None] | None = Field(
        default=None, description="The machines, by the names that -n takes."
    )
    clusters: dict[Name, list[str]] | None = Field(
        default=None, description="Hosts that work together, in order, by the names for --cluster."
    )
    defaults: DefaultsPart | None = None
    detected: DetectedPart | None = None


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of cluster.yaml."""
    made = File.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "cluster.yaml"}
