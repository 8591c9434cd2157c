"""A host is known by the key that it shows, so one that shows none is not taken."""

import pytest
from tests.connect.served import NAME, serve

from sparkup.actions.asked import peers, shown
from sparkup.connect.openssh import OpenSSH
from sparkup.domain.fact import Seen
from sparkup.domain.host import Host
from sparkup.errors import Problem
from sparkup.facts.identity import IDENTITY

pytestmark = pytest.mark.anyio


async def test_who_shows_a_key_no_more_is_not_taken() -> None:
    async with serve() as served, OpenSSH(served.host, served.options()) as connection:
        options, hosts = served.options(), {NAME: served.host}
        there = (await peers(hosts, {NAME: connection}, options))[0][NAME]
        assert isinstance(there, Seen)
        assert {NAME: there[IDENTITY].key} == await shown([served.host], options)
        served.away = True  # for new connections
        there = (await peers(hosts, {NAME: connection}, options))[0][NAME]
        assert isinstance(there, Problem)
        assert there.code == "bad-answer"
        assert await shown([served.host, Host("nowhere.invalid", "nowhere.invalid")], options) == {}
