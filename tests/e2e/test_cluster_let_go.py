"""A rank of several that could not be let go: what becomes of it is said, and leaving it so is no success."""

from collections.abc import Iterator

import pytest
from tests.e2e.pairs import NODES, SERVE, VLLM, Pair
from tests.user import FAKES

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("pair", ["simhosts"], indirect=True)]
# Where the note is to be that a rank was let go (node/lease.py) there is something else.
IN_THE_WAY = f"""#!/bin/sh
mkdir /var/lib/sparkup/launches/vllm_node/kept
exec {FAKES}/vllm "$@"
"""


@pytest.fixture
def held(pair: Pair) -> Iterator[Pair]:
    """Two hosts, on the second of which no rank can be let go."""
    pair.hosts.exec(2, ["tee", VLLM], stdin=IN_THE_WAY)
    yield pair
    pair.user.run("stop", "--all", *NODES)


def test_who_starts_and_leaves_is_told_that_it_will_end(held: Pair) -> None:
    done = held.user.run("launch", "-d", "--json", *NODES, "--", *SERVE)
    assert done.status == 3, done
    (problem,) = done.json["problems"]
    assert problem["message"] in done.err
    assert problem["where"] == "spark2"
    assert problem["message"].startswith("rank 1 could not be let go: ")
    assert problem["message"].endswith(
        "; unless it hears that the head is ready, it ends within 90 s, and vllm_node with it"
    )


def test_who_waits_until_it_is_ready_is_warned(held: Pair) -> None:
    """The head's beats let it go."""
    done = held.user.run("launch", "--no-follow", *NODES, "--", *SERVE)
    assert done.status == 0, done
    assert "warning: spark2: rank 1 could not be let go: " in done.err
