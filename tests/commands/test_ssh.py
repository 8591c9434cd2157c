"""The argument vectors of the OpenSSH client, as values."""

import shlex
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sparkup.commands.ssh import Client, attended, end, resolved, unattended

SHARED = (
    *("ssh", "-S", "/run/user/1000/sparkup-1000/%C"),
    *("-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none", "-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"),
)
CLIENT = Client("me@spark1", "/run/user/1000/sparkup-1000/%C")


def test_the_calls_that_need_no_session() -> None:
    assert CLIENT.resolve() == (*SHARED, "-G", "--", "me@spark1")
    assert CLIENT.check() == (*SHARED, "-O", "check", "--", "me@spark1")
    assert CLIENT.exit() == (*SHARED, "-O", "exit", "--", "me@spark1")


def test_opening_quietly() -> None:
    assert CLIENT.open("/run/log", persist=60, ask=False, accept_new=False) == (
        *(*SHARED, "-T", "-E", "/run/log", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"),
        *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "--", "me@spark1", "true"),
    )


def options(argv: tuple[str, ...]) -> set[str]:
    return {value for word, value in pairwise(argv) if word == "-o"}


def test_who_may_be_asked_is_not_kept_from_questions() -> None:
    asking = options(CLIENT.open("/run/log", persist=60, ask=True, accept_new=False))
    assert "BatchMode=yes" not in asking


def test_host_keys_are_the_users_policy_unless_new_ones_are_to_be_accepted() -> None:
    plain = options(CLIENT.open("/run/log", persist=60, ask=False, accept_new=False))
    accepting = options(CLIENT.open("/run/log", persist=60, ask=False, accept_new=True))
    assert accepting - plain == {"StrictHostKeyChecking=accept-new"}
    assert not any("HostKey" in option for option in plain | options(CLIENT.session(("true",))))


def test_a_session_never_asks_and_never_becomes_a_master() -> None:
    assert CLIENT.session(("ls", "a b")) == (
        *(*SHARED, "-T", "-o", "ControlMaster=no", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"),
        *("--", "me@spark1", "ls 'a b'"),
    )
    assert "-tt" in CLIENT.session(("ls",), tty=True)


def test_hailing_offers_no_login_and_checks_the_key_against_what_is_given() -> None:
    plain, given = options(CLIENT.hail()), options(CLIENT.hail("/s/known"))
    assert {"BatchMode=yes", "PreferredAuthentications=none", "PubkeyAuthentication=no"} <= plain
    assert not any(option.startswith("StrictHostKeyChecking") for option in plain)
    assert "UserKnownHostsFile=/s/known" in given
    assert "none" in CLIENT.hail()  # of the control socket


def test_the_way_to_a_host_is_said_before_what_a_caller_adds() -> None:
    client = Client("spark3", "/s/%C", options=("ProxyJump=other",), via="spark1,spark2")
    assert "ProxyJump=spark1,spark2" in options(client.check())
    argv = client.check()
    assert argv.index("ProxyJump=spark1,spark2") < argv.index("ProxyJump=other")


def test_the_callers_options_win_over_our_defaults_and_not_over_what_we_rely_on() -> None:
    client = Client("spark1", "/s/%C", "my config", ("ServerAliveInterval=1", "RemoteCommand=top"))
    argv = client.check()
    assert argv[:5] == ("ssh", "-F", "my config", "-S", "/s/%C")
    assert argv.index("ServerAliveInterval=1") < argv.index("ServerAliveInterval=15")
    assert argv.index("RemoteCommand=none") < argv.index("RemoteCommand=top")


@given(st.lists(st.text(st.characters(exclude_characters="\0")), min_size=1))
def test_the_host_reads_back_the_same_arguments(argv: list[str]) -> None:
    for wrapped in (attended("mark", argv), unattended(argv)):
        line = CLIENT.session(wrapped)[-1]
        assert shlex.split(line) == list(wrapped)
        assert shlex.split(line)[-len(argv) :] == argv


def test_ending_names_the_group_as_an_argument() -> None:
    assert end(4711)[-1] == "4711"
    assert "4711" not in " ".join(end(4711)[:-1])


def test_what_the_client_says_of_its_configuration() -> None:
    """Recorded from OpenSSH 9.2: `ssh -G -o ControlPath=/tmp/x/%C spark1`, shortened."""
    found = resolved(
        "host spark1\nuser root\nhostname spark1\nport 22\ncontrolmaster false\n"
        "controlpath /tmp/x/33a805b4bdc418a6a48449ca332a964426893ebc\n"
        "identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ecdsa\n"
    )
    assert found["controlpath"] == "/tmp/x/33a805b4bdc418a6a48449ca332a964426893ebc"
    assert found["identityfile"] == "~/.ssh/id_rsa"
    assert found["port"] == "22"
