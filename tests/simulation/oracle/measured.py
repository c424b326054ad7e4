"""Whether the rows of a measure are right: those of local buckets, as far as their samples are certain."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.simulation.oracle.calendars import buckets
from tests.simulation.oracle.lines import Held, Line
from tests.simulation.oracle.means import closeness, mean
from tests.simulation.oracle.opened import Opened, OpenHours
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from vitals.model.timespan import HOUR_MS, Span, iso

HELD = ("held", "integral", "runtime", "starts", "time_weighted_mean")
MEASURES = ("mean", "min", "max", "count", "p50", "increase", *HELD)
LOOKING_BACK = ("increase", "starts")
"""The measures for which samples count however old they are."""
# Larger sums than this times a day are not finite.
_LARGEST = 1e290
_PRECISION = 1e-11

type Row = dict[str, Any]
type _Problem = tuple[str, str, int]


def check_measured(
    subject: str,
    series: Sequence[dict[str, Any]],
    span: Span,
    grid: tuple[str, str],
    measure: str,
    line: Callable[[str], Line],
    now_ms: float,
    problems: Problems,
) -> None:
    """Compares the series of a span; `grid` is zone and resolution, `now_ms` is when it was answered."""
    zone, resolution = grid
    expected = buckets(zone, resolution, span)
    for point_series in series:
        name = point_series["point_name"]
        of_point = f"{subject} {name!r} {measure} {resolution} {zone}"
        for kind, text, count in _check_series(point_series, expected, measure, line(name), now_ms):
            problems.add(kind, f"{of_point} {text}", count)


def _check_series(
    series: dict[str, Any], expected: Sequence[Span], measure: str, line: Line, now_ms: float
) -> Iterator[_Problem]:
    rows = _rows(series, measure)
    if len(rows) < len(series["timestamps"]):
        yield DOUBLED, f"has {len(series['timestamps'])} rows of {len(rows)} buckets", 1
    if list(rows) != sorted(rows):
        yield WRONG, "has rows out of order", 1
    for bucket in expected:
        row = rows.pop(bucket.start_ms, None)
        for kind, text, count in _check_bucket(bucket, row, measure, line, now_ms):
            yield kind, f"at {iso(bucket.start_ms)}: {text}", count
    for start_ms in rows:
        yield WRONG, f"at {iso(start_ms)}: no bucket begins here", 1


def _rows(series: dict[str, Any], measure: str) -> dict[int, Row]:
    keys = [key for key in ("values", "count", "known", "ends") if key in series]
    keys += ["min", "max", "first", "last"] if measure == "mean" else []
    partial = set(series.get("partial") or ())
    return {
        time_ms: dict(zip(keys, row, strict=True)) | {"partial": index in partial}
        for index, (time_ms, *row) in enumerate(
            zip(series["timestamps"], *(series[key] for key in keys), strict=True)
        )
    }


def _check_bucket(
    bucket: Span, row: Row | None, measure: str, line: Line, now_ms: float
) -> Iterator[_Problem]:
    samples = line.rows(bucket)
    low, high = line.sure(bucket), samples.stop - samples.start
    is_held_sure = line.is_certain(bucket.start_ms - line.hold_ms, bucket.end_ms)
    held_ms = line.held(bucket).length_ms
    if row is None:
        if low:
            yield LOST, f"no row for {low} samples", low
        elif is_held_sure and measure in HELD and held_ms:
            yield LOST, f"no row, though samples are held for {held_ms} ms", 1
        return
    if not low <= row["count"] <= high:
        yield LOST if row["count"] < low else DOUBLED, f"count {row['count']}, not {low} to {high}", 1
        return
    if not (row["count"] or (measure in HELD and held_ms)):
        yield WRONG, "nothing is known of the bucket", 1
    yield from _check_times(bucket, row, held_ms if is_held_sure else None, now_ms)
    if is_decided(measure, line, bucket):
        yield from _check_values(bucket, row, measure, line)


def _check_times(bucket: Span, row: Row, held_ms: int | None, now_ms: float) -> Iterator[_Problem]:
    """Compares the share of a bucket that is known, its end, and whether it is over."""
    if row["known"] is None or not 0 <= row["known"] <= 1:
        yield WRONG, f"known is {row['known']}", 1
    elif held_ms is not None and not row["partial"] and row["known"] != held_ms / bucket.length_ms:
        yield WRONG, f"known is {row['known']} instead of {held_ms / bucket.length_ms}", 1
    if bucket.end_ms > now_ms and not row["partial"]:
        yield WRONG, "it is not over, and not partial", 1
    if row.get("ends", bucket.end_ms) != bucket.end_ms:
        yield WRONG, f"it ends at {iso(row['ends'])} instead of {iso(bucket.end_ms)}", 1


def is_decided(measure: str, line: Line, bucket: Span) -> bool:
    """Returns whether every sample is certain that the row of a bucket is made of."""
    start_ms, end_ms = bucket.start_ms, bucket.end_ms
    if measure == "increase":
        anchor_ms = line.anchor(start_ms)
        return anchor_ms is not None and line.is_certain(anchor_ms, line.after(end_ms))
    if measure == "starts":
        start_ms = line.before(start_ms)
    elif measure in HELD:
        start_ms -= line.hold_ms
    return line.is_certain(start_ms, end_ms)


def _check_values(bucket: Span, row: Row, measure: str, line: Line) -> Iterator[_Problem]:
    point = Opened(line, OpenHours("UTC"))
    for key, value in wanted(bucket, measure, point).items():
        slack = 0.0 if key != "values" else precision(bucket, measure, point, value)
        if not is_right(row[key], value, slack):
            yield WRONG, f"{key} is {row[key]} instead of {value}", 1


def wanted(bucket: Span, measure: str, point: Opened) -> Row:
    """Returns the columns of a bucket whose samples are certain."""
    match measure:
        case "increase":
            return {"values": point.increase(bucket)}
        case "starts":
            return {"values": point.starts(bucket)}
    if measure in HELD:
        return {"values": _held(measure, point.held(bucket))}
    values = point.values(bucket)
    match measure:
        case "mean":
            columns = {"min": min(values), "max": max(values), "first": values[0], "last": values[-1]}
            return columns | {"values": mean(values)}
        case "min":
            return {"values": min(values)}
        case "max":
            return {"values": max(values)}
        case "count":
            return {"values": len(values)}
    return {"values": quantile(values, 50)}


def _held(measure: str, held: Held) -> float:
    match measure:
        case "held":
            return held.length_ms / 1000
        case "runtime":
            return held.on_ms / 1000
        case "integral":
            return held.integral / HOUR_MS
    return held.integral / held.length_ms


def quantile(values: Sequence[float], percent: int) -> float:
    """Returns a percentile, interpolated between the nearest two values."""
    ordered = sorted(values)
    row, rest = divmod((len(values) - 1) * percent, 100)
    pair = ordered[row], ordered[min(row + 1, len(values) - 1)]
    return pair[0] * (1 - rest / 100) + pair[1] * (rest / 100)


def precision(bucket: Span, measure: str, point: Opened, value: float) -> float:
    """Returns how far the value of a measure may be from this one, infinity where only its kind is known."""
    if measure in ("min", "max", "count", "held", "runtime", "starts"):
        return 0.0
    line, count = point.line, len(point.values(bucket))
    largest = line.largest(bucket.start_ms - max(HOUR_MS, line.hold_ms), bucket.end_ms)
    if measure in ("mean", "p50"):
        return closeness(largest=largest, count=count)
    if largest > _LARGEST or math.isinf(value):
        return math.inf
    # Terms may cancel each other.
    rounding = 1e-15 * (count + 1) * largest if measure == "increase" else 1e-10 * largest
    return _PRECISION * max(1.0, abs(value)) + rounding


def is_right(value: Any, expected: float, slack: float) -> bool:
    """Returns whether a value is as expected, or as close to that as it must be."""
    if value is None:
        return False
    return math.isfinite(value) if math.isinf(slack) else bool(abs(value - expected) <= slack)
