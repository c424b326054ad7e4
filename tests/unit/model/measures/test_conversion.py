"""A measure of converted samples is the converted measure of the samples."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.model.aggregates import Aggregates
from vitals.model.kinds import Kind
from vitals.model.measures import counters
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.measures.conversion import NO_UNIT, Conversion
from vitals.model.measures.measure import BucketRows, Measure, Source, bucket_rows, switched
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, MINUTE_MS

EDGES = np.arange(0, 4) * HOUR_MS
MEASURES = (
    *("mean", "min", "max", "first", "last", "count", "sd", "p5", "p50"),
    *("time_weighted_mean", "integral", "runtime", "starts", "held"),
)
FAHRENHEIT = Conversion("degreesFahrenheit", "°C")
LITERS = Conversion("gal", "l")
CASES = [
    *((conversion, name) for conversion in (FAHRENHEIT, LITERS) for name in MEASURES),
    # Whole numbers stay whole, so that rounding cannot make another step a reset.
    (Conversion("kWh", "Wh"), "increase"),
]

series = st.lists(
    st.tuples(st.integers(0, 179), st.integers(0, 1_000_000).map(float)),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[0],
).map(sorted)


def samples_of(rows: list[tuple[int, float]]) -> Samples:
    times, values = zip(*rows, strict=True)
    return Samples(np.zeros(len(rows), np.int32), MINUTE_MS * np.array(times), np.array(values))


def measured(name: str, samples: Samples) -> BucketRows:
    measure = Measure.parse(name)
    holds = np.full(len(samples), holds_of(900))
    own = switched(samples) if measure.source is Source.SWITCHED else samples
    current = cells_of(own, EDGES, holds)
    steps = counters.steps(current, samples, {}) if measure.source is Source.STEPS else None
    of_samples = samples if measure.source is Source.SAMPLES else None
    return bucket_rows(measure, current, EDGES, samples=of_samples, steps=steps)


@pytest.mark.parametrize(("conversion", "name"), CASES)
@settings(max_examples=20)
@given(series)
def test_conversion_and_measure_can_change_places(
    conversion: Conversion, name: str, rows: list[tuple[int, float]]
) -> None:
    samples = samples_of(rows)
    before = conversion.rows(measured(name, samples), name)
    assert isinstance(before, BucketRows)
    converted = conversion.rows(samples, name)
    assert isinstance(converted, Samples)
    if Measure.parse(name).source is Source.SWITCHED:
        # On is a value above 0.5 of the source.
        converted = samples
    after = measured(name, converted)
    assert before.times.tolist() == after.times.tolist()
    assert before.counts.tolist() == after.counts.tolist()
    assert before.values == pytest.approx(after.values, rel=1e-9, abs=1e-5, nan_ok=True)
    assert before.bridged == pytest.approx(after.bridged, rel=1e-9, abs=1e-5)


def test_freezing_water_has_zero_degree_hours() -> None:
    rows = FAHRENHEIT.rows(measured("integral", samples_of([(0, 32.0)])), "integral")
    assert isinstance(rows, BucketRows)
    assert (rows.held_ms.tolist(), rows.values.tolist()) == ([holds_of(900)], pytest.approx([0.0]))


def test_means_are_converted_with_their_aggregates() -> None:
    rows = FAHRENHEIT.rows(measured("mean", samples_of([(0, 32.0), (1, 212.0)])), "mean")
    assert isinstance(rows, BucketRows)
    stats = rows.stats
    assert isinstance(stats, Aggregates)
    columns = (rows.values, stats.values, stats.mins, stats.maxs, stats.firsts, stats.lasts)
    assert [column.tolist() for column in columns] == [[50.0], [50.0], [0.0], [100.0], [0.0], [100.0]]
    assert stats.counts.tolist() == [2]


def test_an_integral_of_unknown_length_stays_finite() -> None:
    rows = measured("integral", samples_of([(0, 1e6)]))
    largest = replace(rows, values=np.array([1.7e308]), held_ms=np.array([-1]))
    converted = Conversion("MW", "W").rows(largest, "integral")
    assert np.isfinite(converted.values).all()


@pytest.mark.parametrize("rows", [samples_of([(0, -0.0)]), measured("mean", samples_of([(0, -0.0)]))])
def test_equal_units_leave_rows_as_they_are(rows: Samples | BucketRows) -> None:
    assert Conversion("°C", "°C").rows(rows, "mean") is rows


@pytest.mark.parametrize(
    ("kind", "unit", "system", "target"),
    [
        ("analog", "degreesFahrenheit", "metric", "°C"),
        ("analog", "degreesFahrenheit", "imperial", "°F"),
        ("analog", "degreesFahrenheit", "source", "degreesFahrenheit"),
        ("setpoint", "°C", "imperial", "°F"),
        ("counter", "gal", "metric", "l"),
        ("binary", "°C", "imperial", "°C"),
        ("multistate", "°C", "imperial", "°C"),
        ("analog", "furlongs", "metric", "furlongs"),
    ],
)
def test_the_unit_of_a_point(kind: Kind, unit: str, system: str, target: str) -> None:
    assert Conversion.of_point(unit, kind, system) == Conversion(unit, target)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "measure", "unit"),
    [
        ("kilowatts", "mean", "kilowatts"),
        ("kilowatts", "time_weighted_mean", "kilowatts"),
        ("kilowatts", "integral", "kWh"),
        ("m³/h", "integral", "m³"),
        ("°F", "integral", "°F·h"),
        ("", "integral", "h"),
        ("°F", "sd", "Δ°F"),
        ("degreesCelsius", "sd", "ΔK"),
        ("kilowattHours", "increase", "kilowattHours"),
        ("kilowattHours", "rate", "kWh/h"),
        ("", "rate", "1/h"),
        ("°F", "p95", "°F"),
        ("°F", "runtime", "s"),
        ("°F", "held", "s"),
        ("°F", "starts", ""),
        ("°F", "count", ""),
    ],
)
def test_the_unit_of_a_measure(target: str, measure: str, unit: str) -> None:
    assert Conversion(target, target).unit_of(measure) == unit
    assert NO_UNIT.unit_of("mean") == ""
