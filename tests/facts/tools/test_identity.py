"""Who made a machine, its system and firmware: dgx-release, DMI, updates; and free and llama-benchy."""

import pytest
from tests.fixtures.recorded import sample

from sparkup.facts.tools import benchy, dgx_release, dmi, free, ota
from sparkup.facts.tools.benchy import Measured
from sparkup.facts.tools.dgx_release import DgxRelease
from sparkup.facts.tools.dmi import Dmi
from sparkup.facts.tools.free import Free
from sparkup.facts.tools.ota import Firmware, Ota

KIB, GIB = 1 << 10, 1 << 30
FACTORY = DgxRelease(
    name="DGX Spark",
    pretty_name="NVIDIA DGX Spark",
    platform="DGX Server for KVM",
    build="7.2.3",
    build_date="2025-09-10-13-50-03",
)


def test_a_dgx_as_it_left_the_factory() -> None:
    found = dgx_release.parse(sample("dgx_release", "factory_only.txt"))
    assert found == FACTORY
    assert found.version == "7.2.3"
    assert "XXXX" not in repr(found)


def test_the_last_update_counts_and_another_ones_date_does_not() -> None:
    text = sample("dgx_release", "two_ota_lines_last_wins.txt")
    found = dgx_release.parse(text)
    assert found
    assert (found.ota, found.ota_date, found.otas, found.version) == (
        "7.6.0",
        None,
        ("7.5.0", "7.6.0"),
        "7.6.0",
    )
    first = dgx_release.parse(text[: text.index('\nDGX_OTA_VERSION="7.6.0"')])
    assert first
    assert (first.ota, first.ota_date) == ("7.5.0", "Wed Jul 15 09:06:56 AM PDT 2026")


def test_the_older_file_and_bare_values() -> None:
    assert dgx_release.parse(sample("dgx_release", "fastos_release.txt")) == DgxRelease(
        name="DGX SPARK FASTOS", fastos="1.91.51"
    )
    assert dgx_release.parse("export DGX_NAME='DGX Spark'\nDGX_OTA_VERSION=7.4.0\n") == DgxRelease(
        name="DGX Spark", ota="7.4.0", otas=("7.4.0",)
    )


@pytest.mark.parametrize("text", ["", 'NAME="Ubuntu"\nVERSION="24.04"\n'])
def test_no_dgx_release(text: str) -> None:
    assert dgx_release.parse(text) is None


def test_all_eight_vendors_sell_a_gb10() -> None:
    found = dmi.parse(sample("dmi", "id_variants.tsv"))
    assert found
    assert len({each.vendor for each in found}) == 8
    assert len(found) == 12
    assert all(each.gb10 for each in found)
    assert found[0] == Dmi(
        "NVIDIA", "NVIDIA_DGX_Spark", "DGX Spark", "A.7",
        bios_version="5.36_0ACUM018", bios_date="2025-08", gb10=True,
    )  # fmt: skip
    assert found[-1] == Dmi("Acer", "Veriton GN100", gb10=True)


@pytest.mark.parametrize("line", ["/sys/class/dmi/id/{}:{}", "{}: {}", "{}={}", "{}\t{}"])
def test_files_of_sysfs_with_their_names(line: str) -> None:
    values = {
        "sys_vendor": "LENOVO",
        "product_name": "30KLS02X00",
        "product_serial": "PF0",
        "board_name": "-",
    }
    text = "".join(f"{line.format(name, value)}\n" for name, value in values.items())
    assert dmi.parse(text) == (Dmi("LENOVO", "30KLS02X00", gb10=True),)


def test_dmidecode() -> None:
    text = (
        "# dmidecode 3.5\nHandle 0x0001, DMI type 0, 26 bytes\nBIOS Information\n\tVendor: AMI\n"
        "\tVersion: 5.36_0ACUM018\n\tRelease Date: 09/05/2025\n\nHandle 0x0002, DMI type 1, 27 bytes\n"
        "System Information\n\tManufacturer: Dell Inc.\n\tProduct Name: PowerEdge R760\n"
        "\tVersion: Not Specified\n"
        "\tSerial Number: 123\n\nHandle 0x0003, DMI type 2, 15 bytes\nBase Board Information\n"
        "\tManufacturer: Dell Inc.\n\tProduct Name: 0ABC\n\tVersion: A01\n\nHandle 0x0004, DMI type 3\n"
        "Chassis Information\n\tManufacturer: Somebody\n"
    )
    assert dmi.parse(text) == (
        Dmi(
            "Dell Inc.", "PowerEdge R760", bios_vendor="AMI", bios_version="5.36_0ACUM018",
            bios_date="09/05/2025", board_vendor="Dell Inc.", board="0ABC", gb10=False,
        ),
    )  # fmt: skip


def test_a_machine_without_a_name() -> None:
    assert dmi.parse("sys_vendor: NVIDIA\nproduct_name: Default string\n") == (Dmi("NVIDIA"),)
    assert dmi.parse("NVIDIA\nDGX Spark\n") is None
    assert dmi.parse("\n") is None


def test_updates() -> None:
    assert ota.parse(sample("ota", "ota_check_summary.txt")) == Ota(
        release="OTA2607", match=100.0, total_checks=153, passed_checks=153, failed=()
    )
    assert ota.parse(sample("ota", "ota_check_torn_score.json")) == Ota("OTA2607", "2026-07-15", torn=0)
    failed = sample("ota", "ota_check_summary.txt").replace("[]", "['uefi', 'ec']").replace("100.0%", "98.7%")
    found = ota.parse(failed)
    assert found
    assert (found.failed, found.match) == (("uefi", "ec"), 98.7)
    as_json = ota.parse('{"detected_ota": "OTA2607", "match": 98.5, "failed": ["uefi"], "torn": 2}')
    assert as_json == Ota("OTA2607", torn=2, match=98.5, failed=("uefi",))


def test_firmware() -> None:
    found = ota.parse(sample("ota", "firmware_field_values.tsv"))
    assert found
    parts = found.firmware or ()
    assert len(parts) == 7
    assert parts[1] == Firmware("EC", "3.5.8", "0x03000508")
    assert parts[5] == Firmware("ConnectX-7", "28.45.4028", None, "PSID NVD0000000087")
    assert [ota.decoded(part.raw) for part in parts if part.raw] == [
        part.version for part in parts if part.raw
    ]
    assert ota.parse("component\tversion\traw\nSoC\t-\t0x02009b0b\n") == Ota(
        firmware=(Firmware("SoC", "2.155.11", "0x02009b0b"),)
    )


@pytest.mark.parametrize("text", ["", "{}", "[1]", "name something\n", '{"name": 1'])
def test_no_updates(text: str) -> None:
    assert ota.parse(text) is None


def test_free() -> None:
    assert free.parse(sample("free", "vm_free.txt")) == Free(
        131981020 * KIB, 511868 * KIB, 130707584 * KIB, 7508 * KIB, 983232 * KIB, 131469152 * KIB, 0, 0, 0
    )
    assert free.parse(sample("free", "vm_free_wt.txt")) == Free(
        131981020 * KIB, 512684 * KIB, 130706768 * KIB, 7508 * KIB, 983232 * KIB, 131468336 * KIB, 0, 0, 0
    )
    assert free.parse(sample("free", "h_serving_cache_heavy.txt")) == Free(
        121 * GIB, 94 * GIB, 861 << 20, GIB, 33 * GIB, 27 * GIB, 15 * GIB, 0, 15 * GIB, rounded=True
    )


def test_free_in_other_units() -> None:
    megabytes = free.parse(sample("free", "vm_free_m.txt"))
    assert megabytes
    assert (megabytes.total, megabytes.rounded) == (128887 << 20, True)
    rows = "        total used free shared buff/cache available\nMem: {} 1 1 1 1 1\n"
    found = [free.parse(rows.format(total)) for total in (121, 130669203456)]
    assert [each.total for each in found if each] == [121 * GIB, 130669203456]
    # a fraction has another sign in some languages
    german = (
        sample("free", "h_serving_cache_heavy.txt").replace("1.0Gi", "1,0Gi").replace("Mem:", "Speicher:")
    )
    assert free.parse(german) == free.parse(sample("free", "h_serving_cache_heavy.txt"))


def test_an_old_free() -> None:
    text = (
        "             total       used       free     shared    buffers     cached\n"
        "Mem:      16341992   14325344    2016648          0     327568    8765432\n"
        "-/+ buffers/cache:    5232344   11109648\n"
        "Swap:      2097148          0    2097148\n"
    )
    found = free.parse(text)
    assert found
    assert (found.available, found.buffers_and_cache) == (None, (327568 + 8765432) * KIB)
    assert found.swap_total == 2097148 * KIB
    short = free.parse("   total used free\nMem: 16341992 14325344 2016648\n")
    assert short == Free(16341992 * KIB, 14325344 * KIB, 2016648 * KIB)


def test_benchy() -> None:
    found = benchy.parse(sample("benchy", "llama_benchy_gemma4_26b_nvfp4.md"))
    assert found
    assert (found.version, found.date, len(found.rows)) == ("0.3.7", "2026-05-06 10:37:04", 6)
    row = found.rows[3]
    assert (row.test, row.kind, row.tokens, row.depth, row.concurrency) == (
        "tg1024 (c5)",
        "tg",
        1024,
        None,
        5,
    )
    assert (row.total, row.per_request) == (Measured(94.40, 12.33), Measured(24.69, 0.85))
    assert (row.peak, row.first_response) == (Measured(130.0, 0.0), None)
    assert benchy.parse("| a | b |\n|---|---|\n| 1 | 2 |\n") is None


def test_other_tables_of_benchy() -> None:
    found = benchy.parse(
        "| model | test | t/s |\n|:--|--:|--:|\n| m | pp2048 @ d4096 | 12.5 |\n| m | other | |\n"
    )
    assert found
    assert (found.version, found.date) == (None, None)
    first, second = found.rows
    assert (first.tokens, first.depth, first.total) == (2048, 4096, Measured(12.5, None))
    assert (second.kind, second.total) == (None, None)
