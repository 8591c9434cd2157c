"""What a launch takes from cluster.yaml where its command line says nothing."""

from dataclasses import replace

from sparkup.config.containers import TypedContainer
from sparkup.config.defaults import with_defaults, with_secrets
from sparkup.config.request import Typed, parse
from sparkup.domain.command import Environment, Secret
from sparkup.domain.host import Host
from sparkup.domain.inventory import Defaults, Inventory, KnownHost

PAIR = (Host("a", "a"), Host("b", "b"))
COMMAND = ("vllm", "serve", "m", "-tp", "2")
KNOWN = Inventory(
    hosts={"a": KnownHost("a", "10.0.0.1", eth_if="enp9s9"), "b": KnownHost("b", "10.0.0.2")},
    defaults=Defaults(
        eth_if="enP7s7",
        ib_if=("rocep1s0f1", "roceP2p1s0f1"),
        master_port=29600,
        name="mine",
        image="vllm-node:new",
        environment=Environment({"X": "1", "Y": "2"}, (Secret("HF_TOKEN", "hf_1"),)),
        inherited=("HOME_OF_MODELS",),
    ),
)
TYPED = Typed(COMMAND, hosts=PAIR, surroundings={"HOME_OF_MODELS": "/m"})


def test_a_bare_command_line_takes_all_of_it() -> None:
    request = with_secrets(parse(with_defaults(TYPED, KNOWN)), KNOWN)
    assert (request.name, request.meets, request.container.image) == ("mine", 29600, "vllm-node:new")
    assert request.environment.plain == {"HOME_OF_MODELS": "/m", "X": "1", "Y": "2"}
    assert [secret.name for secret in request.environment.secret] == ["HF_TOKEN"]
    assert request.eth == ("a=enp9s9", "b=enP7s7")
    assert request.ib == ("a=rocep1s0f1,roceP2p1s0f1", "b=rocep1s0f1,roceP2p1s0f1")


def test_what_is_typed_wins() -> None:
    typed = replace(
        TYPED,
        name="other",
        env=("X=9", "HF_TOKEN=hf_2"),
        master_port="1",
        eth_if=("en0",),
        ib_if=("mlx5_0",),
        container=TypedContainer(image="base:1"),
    )
    request = with_secrets(parse(with_defaults(typed, KNOWN)), KNOWN)
    assert (request.name, request.meets, request.container.image) == ("other", 1, "base:1")
    assert request.environment.plain["X"] == "9"
    assert len(request.environment.secret) == 1
    assert (request.eth, request.ib) == (("en0",), ("mlx5_0",))


def test_a_launch_on_one_host_is_asked_nothing_about_interfaces() -> None:
    found = with_defaults(replace(TYPED, hosts=PAIR[:1]), KNOWN)
    assert (found.eth_if, found.ib_if) == ((), ())


def test_an_image_is_for_containers_alone() -> None:
    assert with_defaults(replace(TYPED, engine="host"), KNOWN).container.image is None
    assert with_defaults(replace(TYPED, venv="cpu"), KNOWN).container.image is None


def test_without_an_inventory_nothing_changes() -> None:
    assert with_defaults(TYPED, Inventory()) == TYPED
    request = parse(TYPED)
    assert with_secrets(request, Inventory()) == request


def test_what_is_said_of_hosts_that_are_left_out_goes_with_them() -> None:
    request = parse(with_defaults(TYPED, KNOWN)).only(PAIR[1:])
    assert request.eth == ("b=enP7s7",)
    assert [host.name for host in request.hosts] == ["b"]
