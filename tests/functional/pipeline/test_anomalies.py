"""The quality of a day with anomalies on both sides of every threshold: no finding more or less."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest

from local.ace_simulator.buildings.anomalies import Anomaly
from local.ace_simulator.buildings.quantities import QUANTITIES
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.archiving import DAY, WHOLE, Archive, archive
from tests.support.clock import Clock
from tests.support.quality import as_answers
from tests.support.quality_oracle import Expected, answers
from tests.support.sites import SITE
from vitals.model.quality.findings import DayQuality
from vitals.model.site_day import SiteDay
from vitals.store import keys

__all__ = ["archive"]

MINUTE, HOUR = 60_000, 3_600_000
NIGHT = DAY + 24 * HOUR
POINTS = 70
ZONE, SETPOINT, FAN, DAMPER, ENERGY, CO2, HUMIDITY, VALVE, PRESSURE = range(len(QUANTITIES))


def settings(interval_s: int, *anomalies: Anomaly) -> SimulatorSettings:
    return SimulatorSettings(
        points=POINTS,
        sites=(SITE,),
        interval_s=interval_s,
        other_intervals=False,
        odd_share=0,
        uniform_times=True,
        anomalies=anomalies,
    )


BUILDING = settings(300).building(SITE, DAY)


def named(quantity: int, number: int) -> str:
    """A point of a quantity whose readings have no phase."""
    numbers = [n for n in range(POINTS) if n % len(QUANTITIES) == quantity and n % 4 != 1]
    return BUILDING.points[numbers[number]].name


def wrong(kind: Any, quantity: int, number: int, span: tuple[float, float], value: float = 0.0) -> Anomaly:
    """An anomaly of a point from an hour of the day to another, whose own readings belong to it."""
    start_ms, end_ms = (DAY + round(hours * HOUR) for hours in span)
    return Anomaly(SITE, kind, start_ms, end_ms + 1, (named(quantity, number),), value)


def step_at(quantity: int, number: int, size: float) -> Anomaly:
    """A jump of one reading, so that its step is `size`, and the step back is not larger."""
    series = Simulator(settings(300), Clock(NIGHT)).site_series(SITE, *(WHOLE.start_ms, WHOLE.end_ms))
    times, texts = series[named(quantity, number)]
    values = np.array(texts, np.float64)
    back = values[2:] - values[:-2]
    fits = (back >= 0) & (values[:-2] + size < values.max()) & (times[1:-1] > DAY + 2 * HOUR)
    row = int(np.flatnonzero(fits)[0]) + 1
    added = float(size - (values[row] - values[row - 1]))
    return Anomaly(SITE, "jump", int(times[row]), int(times[row]) + 1, (named(quantity, number),), added)


def usual_step(quantity: int, number: int) -> tuple[float, float]:
    """Eight medians of the point's steps, and a fifth of its range."""
    series = Simulator(settings(300), Clock(NIGHT)).site_series(SITE, WHOLE.start_ms, WHOLE.end_ms)
    values = np.array(series[named(quantity, number)][1], np.float64)
    return 8 * float(np.median(np.abs(np.diff(values)))), float(np.ptp(values)) / 5


def jumps() -> list[Anomaly]:
    eight_medians, fifth = usual_step(HUMIDITY, 0)
    assert eight_medians > fifth
    of_medians = [
        step_at(HUMIDITY, 0, 1.1 * eight_medians),
        step_at(HUMIDITY, 1, 0.9 * usual_step(HUMIDITY, 1)[0]),
    ]
    eight_medians, fifth = usual_step(CO2, 0)
    assert eight_medians < fifth
    return [*of_medians, step_at(CO2, 0, 1.1 * fifth), step_at(CO2, 1, 0.9 * usual_step(CO2, 1)[1])]


FAST = settings(
    300,
    wrong("stuck", PRESSURE, 0, (6, 12), 0.0003),
    wrong("stuck", PRESSURE, 1, (6, 12 - 5 / 60), 0.0003),
    wrong("stuck", ENERGY, 0, (6, 12), 5.0),
    wrong("stuck", ENERGY, 1, (6, 12 - 5 / 60), 5.0),
    wrong("stuck", SETPOINT, 0, (2, 20), 68.0),
    wrong("stuck", FAN, 0, (2, 20), 1.0),
    wrong("stuck", DAMPER, 0, (6, 12), 0.0),
    wrong("stuck", DAMPER, 1, (6, 12), 37.5),
    wrong("stuck", DAMPER, 2, (6, 12 - 5 / 60), 0.0),
    wrong("range", SETPOINT, 1, (6, 7), 176.0),
    wrong("range", SETPOINT, 2, (6, 7), 176.01),
    wrong("range", SETPOINT, 3, (6, 7), -76.0),
    wrong("range", VALVE, 0, (9, 9), 100.01),
    wrong("range", VALVE, 1, (9, 9), 100.0),
    *jumps(),
    wrong("silent", PRESSURE, 2, (23 + 1 / 60, 24)),
    wrong("silent", PRESSURE, 3, (23 + 6 / 60, 24)),
    wrong("silent", ZONE, 0, (0, 24)),
    wrong("silent", ZONE, 1, (9, 12)),
)
SLOW = settings(
    1_200,
    wrong("stuck", PRESSURE, 0, (8, 8 + 23 / 3), 0.0003),
    wrong("stuck", PRESSURE, 1, (8, 8 + 22 / 3), 0.0003),
    wrong("silent", PRESSURE, 2, (20 + 2 / 3 + 1 / 60, 24)),
    wrong("silent", PRESSURE, 3, (21 + 1 / 60, 24)),
)


def outage(points: int, *span: float) -> Anomaly:
    """Of so many points; the readings of the edges belong to it."""
    names = tuple(point.name for point in BUILDING.points[:points])
    return Anomaly(SITE, "outage", DAY + round(span[0] * HOUR), DAY + round(span[1] * HOUR) + 1, names)


@pytest.fixture
def simulator(clock: Clock, request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(request.param, clock=clock) as running:
        yield running


def judged(archive: Archive, tmp_path: Path) -> tuple[DayQuality, set[tuple[str, str]]]:
    """The archived day's quality, equal to the statements over its file, and its findings of points."""
    archive.archive()
    archive.assert_exact()
    quality = archive.assert_quality_follows()
    file = tmp_path / "samples.parquet"
    stored = boto3.client("s3").get_object(Bucket="cold-bucket", Key=keys.day_file(SiteDay(SITE, DAY)))
    file.write_bytes(stored["Body"].read())
    points = [
        Expected(
            point.point_name,
            point.kind,
            point.interval_s,
            actuator="/analogOutput/" in point.point_name,
            active=not point.point_name.startswith("weather."),
            low=point.low,
            high=point.high,
        )
        for point in quality.points
    ]
    assert as_answers(quality) == answers(file, points, DAY)
    return quality, {(name, point.point_name) for point in quality.points for name in point.findings}


def last_before(archive: Archive, name: str, time_ms: int) -> int:
    series = archive.world.simulator.site_series(SITE, DAY, NIGHT, NIGHT)
    return int(max(time for time in series[name][0].tolist() if time < time_ms))


@pytest.mark.parametrize("simulator", [FAST], indirect=True)
def test_every_anomaly_is_a_finding(archive: Archive, tmp_path: Path) -> None:
    quality, findings = judged(archive, tmp_path)
    assert quality.outages == []
    assert findings == {
        ("stuck", named(PRESSURE, 0)),
        ("stuck", named(ENERGY, 0)),
        ("stuck", named(DAMPER, 1)),
        ("idle", named(DAMPER, 0)),
        ("range", named(SETPOINT, 2)),
        ("range", named(VALVE, 0)),
        ("jump", named(HUMIDITY, 0)),
        ("jump", named(CO2, 0)),
        ("silent", named(PRESSURE, 2)),
        ("silent", named(ZONE, 0)),
    }
    by_name = {point.point_name: point.findings for point in quality.points}
    for name in (named(PRESSURE, 0), named(ENERGY, 0)):
        assert by_name[name]["stuck"][1:4] == (DAY + 6 * HOUR, DAY + 12 * HOUR, 6 * HOUR)
    assert by_name[named(DAMPER, 0)]["idle"][1:] == (DAY + 6 * HOUR, DAY + 12 * HOUR, 6 * HOUR, None)
    assert by_name[named(SETPOINT, 2)]["range"] == (13, DAY + 6 * HOUR, DAY + 7 * HOUR, None, 176.01)
    assert by_name[named(PRESSURE, 2)]["silent"][1:3] == (DAY + 23 * HOUR, NIGHT)
    assert by_name[named(ZONE, 0)]["silent"][1:3] == (DAY, NIGHT)


@pytest.mark.parametrize("simulator", [SLOW], indirect=True)
def test_slow_points_have_their_own_thresholds(archive: Archive, tmp_path: Path) -> None:
    quality, findings = judged(archive, tmp_path)
    assert quality.outages == []
    assert findings == {("stuck", named(PRESSURE, 0)), ("silent", named(PRESSURE, 2))}
    by_name = {point.point_name: point.findings for point in quality.points}
    assert by_name[named(PRESSURE, 2)]["silent"].first_ms == DAY + 20 * HOUR + 40 * MINUTE


@pytest.mark.parametrize("simulator", [settings(300)], indirect=True)
def test_a_building_without_anomalies_has_no_findings(archive: Archive, tmp_path: Path) -> None:
    quality, findings = judged(archive, tmp_path)
    assert (quality.outages, findings) == ([], set())


@pytest.mark.parametrize(
    ("simulator", "is_outage"),
    [(settings(300, outage(n, 10, 12)), n == 56) for n in (55, 56)]
    + [(settings(300, outage(n, 22, 24)), n == 56) for n in (55, 56)],
    indirect=["simulator"],
    ids=["55 at noon", "56 at noon", "55 at night", "56 at night"],
)
def test_four_fifths_are_an_outage(archive: Archive, tmp_path: Path, is_outage: bool) -> None:
    quality, findings = judged(archive, tmp_path)
    [anomaly] = archive.world.simulator.anomalies
    if not is_outage:
        assert quality.outages == []
        is_night = anomaly.end_ms > NIGHT
        assert findings == {("silent", name) for name in anomaly.points if is_night}
        return
    [found_outage] = quality.outages
    assert findings == set()
    first_ms = max(last_before(archive, name, anomaly.start_ms) for name in anomaly.points)
    assert (found_outage.first_ms, found_outage.points) == (first_ms, 56)
    assert anomaly.end_ms - 1 <= found_outage.last_ms <= anomaly.end_ms + 5 * MINUTE


LONG_AND_SHORT = settings(
    300,
    Anomaly(SITE, "outage", DAY + 10 * HOUR + 1, DAY + 11 * HOUR),
    Anomaly(SITE, "outage", DAY + 14 * HOUR + 1, DAY + 14 * HOUR + 55 * MINUTE),
    wrong("stuck", PRESSURE, 0, (6, 13), 0.0003),
    wrong("stuck", PRESSURE, 1, (6, 12 + 55 / 60), 0.0003),
    wrong("silent", PRESSURE, 2, (9, 24)),
)


@pytest.mark.parametrize("simulator", [LONG_AND_SHORT], indirect=True)
def test_the_time_of_an_outage_is_explained(archive: Archive, tmp_path: Path) -> None:
    quality, findings = judged(archive, tmp_path)
    assert [(o.first_ms, o.last_ms) for o in quality.outages] == [(DAY + 10 * HOUR, DAY + 11 * HOUR)]
    assert findings == {("stuck", named(PRESSURE, 0)), ("silent", named(PRESSURE, 2))}
