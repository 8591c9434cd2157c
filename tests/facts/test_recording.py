"""What is recorded of a host's tools: texts that parsers read, without secrets, names and serial numbers."""

from typing import Any

import pytest
from tests.fixtures.record import ask
from tests.fixtures.recorded import sample

from sparkup.domain.fact import SHAPES, fits
from sparkup.facts.parsers import parse
from sparkup.facts.recording import HOSTNAME, QUESTIONS, RECORDING, Recording, read
from sparkup.facts.redaction import Redactor

SAID = {"missing": True, "status": None, "out": "", "err": ""}


def answered(**told: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of a host that has no tool but those told, by NAME/file with __ for / and dots."""
    names = {file.replace("/", "__").replace(".", "_"): file for file in QUESTIONS}
    nothing: dict[str, dict[str, Any]] = {
        file: SAID if question.kind == "run" else {"files": {}, "owners": {}}
        for file, question in QUESTIONS.items()
    }
    return {
        **nothing,
        "about/name": {"files": {HOSTNAME: "spark-ada.home\n"}, "owners": {}},
        "about/login": {"env": {"USER": "ada", "LOGNAME": None}},
        **{names[name]: answer for name, answer in told.items()},
    }


def ran(out: str = "", err: str = "", status: int | None = 0, **more: object) -> dict[str, Any]:
    return {"status": status, "out": out, "err": err, **more}


def test_a_host_without_tools() -> None:
    found = read(answered())
    assert found.texts == {}
    assert set(found.missing.values()) == {"not installed", "not there"}


def test_each_text_is_read_by_its_parser() -> None:
    table = sample("nvidia_smi", "table_idle_headless_580.105.08.txt")
    found = read(
        answered(
            nvidia_smi__table_txt=ran(table),
            ibdev2netdev__ibdev2netdev_txt=ran(""),
            docker__info_txt=ran("Client:\n", "permission denied while trying to connect to the Docker", 1),
            dmi__id_txt={"files": {"/sys/class/dmi/id/sys_vendor": "NVIDIA\n"}, "owners": {}},
            meminfo__meminfo_txt={
                "files": {"/proc/meminfo": sample("meminfo", "near_oom.txt")},
                "owners": {},
            },
        )
    )
    assert sorted(found.texts) == [
        "dmi/id.txt",
        "docker/info.txt",
        "ibdev2netdev/ibdev2netdev.txt",
        "meminfo/meminfo.txt",
        "nvidia_smi/table.txt",
    ]
    assert found.texts["dmi/id.txt"] == "/sys/class/dmi/id/sys_vendor:NVIDIA\n"
    assert found.texts["nvidia_smi/table.txt"] == table
    assert found.texts["ibdev2netdev/ibdev2netdev.txt"] == ""
    assert all(parse(file.partition("/")[0], text) is not None for file, text in found.texts.items())


def test_why_there_is_none() -> None:
    found = read(
        answered(
            free__free_txt=ran("something else of ada\n"),
            ibstat__ibstat_txt=ran(status=1),
            nvidia_smi__list_txt=ran(timeout=True, status=None),
            ip__addr_json=ran(""),
            show_gids__show_gids_txt=ran(status=None, error="PermissionError: no"),
            topology__netplan_yaml={"files": {"!/etc/netplan/a.yaml": "Permission denied"}, "owners": {}},
        )
    )
    assert found.missing["free/free.txt"] == "it said: something else of user"
    assert found.missing["ibstat/ibstat.txt"] == "exit status 1"
    assert found.missing["show_gids/show_gids.txt"] == "PermissionError: no"
    assert found.missing["nvidia_smi/list.txt"] == "no answer in time"
    assert found.missing["topology/netplan.yaml"] == "/etc/netplan/a.yaml: Permission denied"


def test_this_machine() -> None:
    given = ask(RECORDING, "python3")
    assert all(fits(given[name], SHAPES[request.kind]) for name, request in RECORDING.requests.items())
    found = RECORDING.parse(given)
    assert isinstance(found, Recording)
    assert found.texts.keys() | found.missing.keys() == QUESTIONS.keys()
    assert "meminfo/meminfo.txt" in found.texts


REDACT = Redactor(["spark-ada.home", "spark-ada"], ["ada"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("HF_TOKEN=hf_abcdefghijkl", "HF_TOKEN=REDACTED"),
        ("Authorization: Bearer abcdefgh1234", "Authorization: Bearer REDACTED"),
        ("pull with ghp_0123456789abcdef", "pull with REDACTED"),
        ("password: 'secret word'", "password: REDACTED word'"),
        ("http://ada:pw@proxy:3128/", "http://REDACTED@proxy:3128/"),
        ('DGX_SERIAL_NUMBER="1234"', "DGX_SERIAL_NUMBER=REDACTED"),
        ("Serial Number: PF0ABC", "Serial Number: REDACTED"),
        ("/home/ada/.cache and /home/bob", "/home/user/.cache and /home/user"),
        ("Nov 26 20:34:08 spark-ada kernel: hi", "Nov 26 20:34:08 host kernel: hi"),
        ("Name: spark-ada.home", "Name: host"),
        ("adapter of ada", "adapter of user"),
        ("inet 192.168.100.10/24 brd 192.168.100.255", "inet 192.168.100.10/24 brd 192.168.100.255"),
        ("brd ff:ff:ff:ff:ff:ff", "brd ff:ff:ff:ff:ff:ff"),
    ],
)
def test_what_is_taken_out(text: str, wanted: str) -> None:
    assert REDACT(text) == wanted


def test_the_end_of_a_mac_has_one_stand_in_wherever_it_is() -> None:
    redact = Redactor([])
    forms = (
        "link/ether 4c:bb:47:12:34:56",
        "inet6 fe80::4ebb:47ff:fe12:3456/64",
        "node_guid: 4cbb:4703:0012:3456",
        "Node GUID: 0x4cbb470300123456",
        "altname enx4cbb47123456",
    )
    assert [redact(form) for form in forms] == [
        "link/ether 4c:bb:47:00:00:01",
        "inet6 fe80::4ebb:47ff:fe00:0001/64",
        "node_guid: 4cbb:4703:0000:0001",
        "Node GUID: 0x4cbb470300000001",
        "altname enx4cbb47000001",
    ]
    assert redact("4c:bb:47:12:34:57") == "4c:bb:47:00:00:02"
    assert redact("GPU-e530d58d-1ad5-baa4-3295-d0ae43a9e7ea") == "GPU-00000000-0000-0000-0000-000000000003"
