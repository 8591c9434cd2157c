"""What a host has for builds, as hosts with several versions of Docker answered."""

import pytest
from tests.fixtures.recorded import answers

from sparkup.domain.fact import Answers
from sparkup.facts.build_host import BUILD_HOST, BuildHost, room


def read(case: str) -> BuildHost:
    return BUILD_HOST.parse(answers("build_host", case))


@pytest.mark.parametrize(
    ("case", "client", "buildx", "builds"),
    [
        ("docker_20", "20.10.24+dfsg1", "", True),  # its client has BuildKit built in
        ("docker_26", "26.1.5+dfsg1", "0.13.1+ds1", True),
        ("no_buildx_26", "26.1.5+dfsg1", "", False),
        ("down_20", "20.10.24+dfsg1", "", True),
    ],
)
def test_whether_docker_there_can_build(case: str, client: str, buildx: str, builds: bool) -> None:
    host = read(case)
    assert (host.client, host.buildx, host.builds) == (client, buildx, builds)
    assert (host.root, host.processors) == ("/var/lib/docker", 2)


def test_proxies_are_known_by_their_names_and_those_of_the_host_itself_apart() -> None:
    host = read("proxies_26")
    assert host.proxies == ("HTTPS_PROXY", "http_proxy", "no_proxy")
    assert host.own_proxies == ("http_proxy",)
    assert "secret" not in repr(host)
    assert read("docker_26").proxies == ()


def test_room_is_known_by_folder() -> None:
    found: Answers = {"paths": {"paths": {"/d": {"free": 7}}}}
    assert room(("/d",)).parse(found) == {"/d": 7}
