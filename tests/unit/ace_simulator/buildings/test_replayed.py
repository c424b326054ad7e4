"""CSV files become the readings of a building."""

from pathlib import Path

import pytest

from local.ace_simulator.buildings.replayed import ReplayedBuilding
from tests.support.ace_simulator import MINUTE, NOON, Clock, fetched, iso_s, rows, simulator

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rooms with a reading a minute, a gap, a missing cell and a longer row."""
    there = tmp_path / "lab"
    there.mkdir()
    (there / "r1.csv").write_text(
        "timestamp,co2,temp\n"
        "2013-08-26 00:00:00,457.0833333333333,24.375833333333333\n"
        "2013-08-26 00:01:00,,24.382499999999997\n"
        "2013-08-26 00:03:00,458.1666666666667,24.4\n"
    )
    (there / "r2.csv").write_text("timestamp,pir\n2013-08-26 00:01:00,0.0\n2013-08-26 00:02:00,1e-05,7\n")
    return there


def test_a_replay_ends_at_its_anchor_and_repeats(folder: Path) -> None:
    building = ReplayedBuilding("lab", folder, 1, NOON + 30_500)
    assert [point.name for point in building.points] == [
        "lab/lab/r1/co2",
        "lab/lab/r1/temp",
        "lab/lab/r2/pir",
    ]
    assert rows(building, NOON - 3 * MINUTE, NOON + 1) == {
        (0, iso_s(NOON - 3 * MINUTE), "457.0833333333333"),
        (0, iso_s(NOON), "458.1666666666667"),
        (1, iso_s(NOON - 3 * MINUTE), "24.375833333333333"),
        (1, iso_s(NOON - 2 * MINUTE), "24.382499999999997"),
        (1, iso_s(NOON), "24.4"),
        (2, iso_s(NOON - 2 * MINUTE), "0.0"),
        (2, iso_s(NOON - 1 * MINUTE), "1e-05"),
    }
    assert building.period_us == 4 * MINUTE * 1_000
    for turn in (-700, -1, 1, 3):
        later = rows(building, NOON + (4 * turn - 3) * MINUTE, NOON + (4 * turn + 1) * MINUTE)
        assert len(later) == 7
        assert (0, iso_s(NOON + 4 * turn * MINUTE), "458.1666666666667") in later


def test_a_restart_with_the_same_anchor_replays_identically(folder: Path) -> None:
    first = simulator(Clock(NOON + 25_000), replay=folder)
    again = simulator(Clock(NOON + 99 * MINUTE), replay=folder, anchor_ms=first.anchor_ms)
    at_ms = NOON + 50 * MINUTE
    before, after = (s.site_series("lab", NOON - 60 * MINUTE, at_ms, at_ms) for s in (first, again))
    assert {name: (t.tolist(), v) for name, (t, v) in before.items()} == {
        name: (t.tolist(), v) for name, (t, v) in after.items()
    }
    assert sum(len(values) for _, values in before.values()) == pytest.approx(110 / 4 * 7, abs=7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,co2\n", "header"),
        ("timestamp\n", "header"),
        ("timestamp,co2,co2\n", "must be unique"),
        ("timestamp,co2\nyesterday,4\n", r"a\.csv:2: 'yesterday' must be an ISO 8601 time"),
        ("timestamp,co2\n", "at least one reading"),
    ],
)
def test_an_invalid_csv_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        ReplayedBuilding("lab", tmp_path, 1, NOON)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must contain a CSV file"):
        ReplayedBuilding("lab", tmp_path, 1, NOON)


def test_points_of_any_file_name_are_listed(folder: Path) -> None:
    for name in ("room-a", "AHU-99999999", "Büro 3 #1"):
        (folder / f"{name}.csv").write_text("timestamp,x\n2013-08-26 00:00:00,1\n")
    items = fetched(simulator(replay=folder), "/api/points", per_page=500)["items"]
    assert {item["bacnet_data"]["device_id"] for item in items} == {1}
    assert "lab/lab/Büro 3 #1/x" in {item["name"] for item in items}


@pytest.mark.skipif(not (ROOT.parent / "shared/data/sdh").is_dir(), reason="the measured data is not here")
def test_measured_rooms_are_replayed_digit_for_digit() -> None:
    folder = ROOT.parent / "shared/data/sdh"
    served = simulator(replay=folder).site_series("sdh", NOON - 10 * MINUTE, NOON + 1)
    for path in folder.glob("*.csv"):
        header, *lines = path.read_text().splitlines()
        last = lines[-1].split(",")
        for sensor, text in zip(header.split(",")[1:], last[1:], strict=True):
            times, values = served[f"sdh/sdh/{path.stem}/{sensor}"]
            assert (times[-1], values[-1]) == (NOON, text)
