"""Whether an answer is right: every acknowledged sample once, with a value that it can have."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from tests.simulation.oracle.fetch import exact
from tests.simulation.oracle.fetches import Expected, Fetches
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from vitals.model.aggregates import BUCKETS
from vitals.model.timespan import Span, iso

_PRECISION = 1e-9


def check_points(
    site: str, names: Sequence[str], series: Sequence[dict[str, Any]], problems: Problems
) -> None:
    """Compares the points of an answer with those of the request; each has a series, also an empty one."""
    answered = {point_series["point_name"] for point_series in series}
    for name in sorted(answered ^ set(names)):
        kind, text = (WRONG, "was not requested") if name in answered else (LOST, "has no series")
        problems.add(kind, f"{site} {name!r}: {text}")


def check_samples(
    site: str,
    series: Sequence[dict[str, Any]],
    span: Span,
    fetches: Fetches,
    asked_ms: float,
    problems: Problems,
    *,
    is_whole: bool = True,
) -> None:
    """Compares raw series of a span, asked for at a time, with what was fetched.

    An answer that is not whole may lack samples; those that it has are right, and there once.
    """
    for point_series in series:
        name = point_series["point_name"]
        expected = fetches.expected(site, name, span, asked_ms)
        if not is_whole:
            expected = Expected(set(), expected.possible)
        _compare(f"{site} {name!r}", point_series["timestamps"], point_series["values"], expected, problems)


def _compare(
    subject: str, times: Sequence[int], values: Sequence[float], expected: Expected, problems: Problems
) -> None:
    samples = dict(zip(times, map(exact, values), strict=True))
    if len(samples) < len(times):
        problems.add(
            DOUBLED, f"{subject}: {len(times)} samples of {len(samples)} times", len(times) - len(samples)
        )
    if list(times) != sorted(times):
        problems.add(WRONG, f"{subject}: the samples are not in the order of their times")
    missing = expected.required - samples.keys()
    if missing:
        first = iso(min(missing))
        problems.add(
            LOST, f"{subject}: {len(missing)} of {len(expected.required)}, first {first}", len(missing)
        )
    for time_ms, value in samples.items():
        possible = expected.possible.get(time_ms)
        if possible is None:
            problems.add(WRONG, f"{subject} at {iso(time_ms)}: {value} was never delivered")
        elif value not in possible:
            problems.add(WRONG, f"{subject} at {iso(time_ms)}: {value} instead of {_listed(possible)}")


def _listed(values: set[Any]) -> str:
    return " or ".join(map(str, sorted(values, key=str)))


def check_aggregates(
    site: str,
    series: Sequence[dict[str, Any]],
    span: Span,
    resolution: str,
    fetches: Fetches,
    asked_ms: float,
    problems: Problems,
) -> None:
    """Compares aggregates of a span of whole buckets, asked for at a time, with what was fetched."""
    bucket_ms = BUCKETS[resolution]
    for point_series in series:
        name, rows = point_series["point_name"], _rows(point_series)
        subject = f"{site} {name!r} {resolution}"
        if len(rows) < len(point_series["timestamps"]):
            problems.add(DOUBLED, f"{subject}: {len(point_series['timestamps'])} rows of {len(rows)} buckets")
        expected = fetches.expected(site, name, span, asked_ms)
        for start_ms, bucket in _buckets(expected, span, bucket_ms):
            row = rows.pop(start_ms, None)
            for kind, text, count in _differences(row, bucket):
                problems.add(kind, f"{subject} at {iso(start_ms)}: {text}", count)
        for start_ms in rows:
            problems.add(WRONG, f"{subject} at {iso(start_ms)}: nothing was ever delivered")


def _rows(series: dict[str, Any]) -> dict[int, dict[str, Any]]:
    keys = ("values", "min", "max", "count", "first", "last")
    columns = [series[key] for key in keys]
    return {
        time_ms: dict(zip(keys, row, strict=True))
        for time_ms, *row in zip(series["timestamps"], *columns, strict=True)
    }


def _buckets(expected: Expected, span: Span, bucket_ms: int) -> list[tuple[int, Expected]]:
    """Returns what each bucket that may have samples must have."""
    buckets: dict[int, Expected] = {}
    for time_ms, values in expected.possible.items():
        start_ms = time_ms - time_ms % bucket_ms
        bucket = buckets.setdefault(start_ms, Expected(set(), {}))
        bucket.possible[time_ms] = values
        if time_ms in expected.required:
            bucket.required.add(time_ms)
    return sorted(buckets.items())


def _differences(row: dict[str, Any] | None, bucket: Expected) -> Iterator[tuple[str, str, int]]:
    """Yields the kind, the text and the number of samples of what is wrong with the row of a bucket."""
    low, high = len(bucket.required), len(bucket.possible)
    if row is None:
        if low:
            yield LOST, f"no row for {low} samples", low
        return
    if not low <= row["count"] <= high:
        yield LOST if row["count"] < low else DOUBLED, f"count {row['count']}, not {low} to {high}", 1
    elif bucket.certain:
        wanted = _aggregated(bucket)
        largest = max(abs(wanted["min"]), abs(wanted["max"]))
        wrong = [
            key
            for key, value in wanted.items()
            if not _equal(row[key], value, _tolerance(largest, high) if key == "values" else 0.0)
        ]
        if wrong:
            yield WRONG, f"{wrong} of {row} instead of {wanted}", 1


def _aggregated(bucket: Expected) -> dict[str, float]:
    values = [float(next(iter(bucket.possible[time_ms]))) for time_ms in sorted(bucket.possible)]
    return {
        "min": min(values),
        "max": max(values),
        "values": _mean(values),
        "first": values[0],
        "last": values[-1],
    }


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.nan


def _tolerance(largest: float, count: int) -> float:
    """Returns how far two ways to a mean of so many values may differ."""
    # Each share of the smallest doubles is rounded to a multiple of the smallest.
    return max(_PRECISION * largest, count * math.ulp(0.0))


def _equal(number: float, wanted: float, tolerance: float) -> bool:
    # A mean whose sum is too large for a double is not compared.
    return number == wanted or math.isnan(wanted) or abs(number - wanted) <= tolerance
