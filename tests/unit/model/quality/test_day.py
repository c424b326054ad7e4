"""Each rule equals a DuckDB statement over the day file, for generated days."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.day_files import START, Series
from tests.support.quality import as_answers, computed, write_day
from tests.support.quality_oracle import HOUR, Expected, answers
from vitals.model.points import ListedPoint, Point
from vitals.model.quality.day import DayQualityBuilder, windows_expected
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay

MINUTE = 60_000
KINDS = ("analog", "counter", "setpoint", "binary", "multistate")
# In °F a point has limits of its own; see `test_limits.py`.
FAHRENHEIT = {"low": -76.0, "high": 752.0}


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Expected], Series]:
    """A few points, often silent together, often of one value for hours, which is often 0."""
    number = draw(st.integers(1, 6))
    points, series = [], {}
    dark = draw(st.lists(st.tuples(st.integers(0, 47), st.integers(1, 30)), max_size=2))
    for index in range(number):
        name = f"p{index}"
        kind = draw(st.sampled_from(KINDS))
        points.append(
            Expected(
                name,
                kind,
                draw(st.sampled_from([None, 60, 360, 361, 600, 900, 8_640, 8_641])),
                # The kind setpoint is that of the tag `sp`, which `listed` gives to no actuator.
                actuator=kind != "setpoint" and draw(st.booleans()),
                active=draw(st.booleans() | st.just(True)),
            )
        )
        step = draw(st.sampled_from([5, 10, 15, 30, 60])) * MINUTE
        own = draw(st.lists(st.tuples(st.integers(0, 47), st.integers(1, 48)), max_size=2))
        lost = own + (dark if draw(st.booleans() | st.just(True)) else [])
        levels = draw(st.lists(st.just(0) | st.integers(-400, 4_000), min_size=1, max_size=6))
        lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=6))
        pattern = [level / 4 for level, size in zip(levels, lengths, strict=False) for _ in range(size)]
        offset = draw(st.sampled_from([0, 0, 1, 59_999]))
        series[name] = {
            time_ms: pattern[tick % len(pattern)]
            for tick, time_ms in enumerate(range(START + offset, START + 24 * HOUR, step))
            if not any(first <= (time_ms - START) // (30 * MINUTE) < first + length for first, length in lost)
        }
    return points, series


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(days(), st.integers(1, 3), st.sampled_from([None, 23 * HOUR, 24 * HOUR]))
def test_every_rule_equals_a_statement(
    tmp_path: Path, day: tuple[list[Expected], Series], size: int, until: int | None
) -> None:
    points, series = day
    if until == 23 * HOUR:
        series = {n: {t: v for t, v in s.items() if t < START + until} for n, s in series.items()}
    units = {point.name: "degreesFahrenheit" for point in points}
    quality = computed(series, points, units=units, size=size, until_ms=START + (until or 30 * HOUR))
    limited = [point._replace(low=FAHRENHEIT["low"], high=FAHRENHEIT["high"]) for point in points]
    end_ms = START + min(until or 24 * HOUR, 24 * HOUR)
    assert as_answers(quality) == answers(write_day(tmp_path, series), limited, START, end_ms)
    rows = {point.name for point in points if point.active or series[point.name]}
    assert [point.point_name for point in quality.points] == sorted(rows)
    assert all(point.samples == len(series[point.point_name]) for point in quality.points)


def test_an_outage_is_one_finding() -> None:
    points = [Expected(f"p{number}") for number in range(10)]
    times = [START + tick * MINUTE for tick in range(1_440) if not 600 <= tick < 720]
    quality = computed({p.name: {t: float(t % 7 + t // MINUTE % 5) for t in times} for p in points}, points)
    assert [tuple(outage) for outage in quality.outages] == [(START + 599 * MINUTE, START + 12 * HOUR, 10)]
    assert quality.counts()["outage"] == 1
    assert quality.counts()["silent"] == 0


def test_a_silence_before_an_outage_is_its_own() -> None:
    points = [Expected(f"p{number}") for number in range(10)]
    ends = {f"p{number}": 20 * HOUR for number in range(10)} | {"p3": 19 * HOUR, "p4": 19 * HOUR + MINUTE}
    series = {name: {START + t: t / 7 for t in range(0, end, MINUTE)} for name, end in ends.items()}
    quality = computed(series, points)
    assert [(p.point_name, p.findings["silent"][1:3]) for p in quality.points if "silent" in p.findings] == [
        ("p3", (START + 19 * HOUR - MINUTE, START + 24 * HOUR))
    ]
    assert [outage.first_ms for outage in quality.outages] == [START + 20 * HOUR - MINUTE]


def test_a_day_without_samples_is_an_outage() -> None:
    quality = computed({}, [Expected("a"), Expected("b", active=False)])
    assert [tuple(outage) for outage in quality.outages] == [(START, START + 24 * HOUR, 1)]
    assert [(p.point_name, dict(p.findings), p.coverage) for p in quality.points] == [("a", {}, 0.0)]


def test_an_unfinished_day_is_silent_to_its_end() -> None:
    series = {"a": {START + t: t / 7 for t in range(0, 5 * HOUR, MINUTE)}, "b": {}}
    points = [Expected(name) for name in "abcde"] + [Expected("f")]
    series |= {name: series["a"] for name in "cdef"}
    quality = computed(series, points, until_ms=START + 5 * HOUR + 30 * MINUTE)
    assert quality.outages == []
    silent = {p.point_name: p.findings["silent"] for p in quality.points if "silent" in p.findings}
    assert {name: finding[1:3] for name, finding in silent.items()} == {
        "b": (START, START + 5 * HOUR + 30 * MINUTE)
    }


def test_weather_is_neither_silent_nor_counted() -> None:
    weather = Point(0, ListedPoint("weather.temperature", "degreesCelsius", tags=("weather",)))
    builder = DayQualityBuilder(SiteDay("mill", START), START + 30 * HOUR)
    builder.add([weather], from_columns([], [], []))
    quality = builder.finish({})
    assert (quality.outages, dict(quality.points[0].findings)) == ([], {})


def test_rejected_hours_are_text() -> None:
    hours = {START + 3 * HOUR, START + HOUR}
    quality = computed({"a": {START: 1.0}}, [Expected("a")], rejected={0: hours, 7: hours})
    assert quality.points[0].findings["text"][:3] == (2, START + HOUR, START + 4 * HOUR)


def test_rejected_hours_are_no_silence() -> None:
    """A point whose readings are all text is not silent, and makes no outage."""
    day = {START + HOUR * hour for hour in range(24)}
    quality = computed({"a": {}, "b": {}}, [Expected("a"), Expected("b")], rejected={0: day, 1: day})
    assert quality.outages == []
    assert [set(point.findings) for point in quality.points] == [{"text"}, {"text"}]
    some = {START + 3 * HOUR, START + 4 * HOUR}
    points = [Expected("a"), Expected("b")]
    quality = computed({"a": {}, "b": {START + 1: 1.0}}, points, rejected={0: some, 1: some})
    assert [(outage.first_ms, outage.last_ms) for outage in quality.outages] == [
        (START + 1, START + 3 * HOUR),
        (START + 5 * HOUR, START + 24 * HOUR),
    ]


def test_an_old_day_has_its_own_interval() -> None:
    """Points with a sample an hour are later collected each minute, and the day is archived again."""
    now = ListedPoint("a", interval_s=60, object_type="analogInput")
    hourly = {START + HOUR * hour: float(hour % 7) for hour in range(24)}
    for longest_s, outages in ((3_600, 0), (None, 1)):
        builder = DayQualityBuilder(SiteDay("mill", START), START + 48 * HOUR)
        times = list(hourly)
        builder.add(
            [Point(0, now, longest_interval_s=longest_s)],
            from_columns([0] * len(times), times, list(hourly.values())),
        )
        quality = builder.finish({})
        assert len(quality.outages) == outages
        assert quality.points[0].interval_s == (longest_s or 60)


def test_coverage_counts_the_expected_windows() -> None:
    assert [windows_expected(s) for s in (None, 30, 300, 301, 900, 86_400, 999_999)] == [
        96, 288, 288, 287, 96, 1, 1,
    ]  # fmt: skip
    quarter = {START + t: 1.0 for t in range(0, 6 * HOUR, 15 * MINUTE)}
    quality = computed({"a": quarter, "b": quarter}, [Expected("a", interval_s=900), Expected("b")])
    assert [(p.windows, p.windows_expected, p.coverage) for p in quality.points] == [
        (24, 96, 0.25),
        (24, 288, 24 / 288),
    ]
