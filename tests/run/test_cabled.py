"""Whether a cable is plugged in, as sysfs has it."""

from pathlib import Path

import pytest

from sparkup.run.cabled import cabled


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], False),
        (["1: DOWN"], False),
        (["1: DOWN", "4: ACTIVE"], True),
        (["2: INIT", "3: ARMED", "5: ACTIVE_DEFER"], False),
    ],
)
def test_a_port_that_is_up(tmp_path: Path, states: list[str], expected: bool) -> None:
    for number, text in enumerate(states):
        folder = tmp_path / f"mlx5_{number}" / "ports" / "1"
        folder.mkdir(parents=True)
        (folder / "state").write_text(f"{text}\n")
    assert cabled(tmp_path) is expected
    assert not cabled(tmp_path / "nothing")


def test_what_cannot_be_read_is_not_up(tmp_path: Path) -> None:
    (tmp_path / "mlx5_0" / "ports" / "1" / "state").mkdir(parents=True)
    assert not cabled(tmp_path)
