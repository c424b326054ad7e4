"""Whether an answer is right: every acknowledged sample once, with a value that it can have."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.simulation.oracle.fetch import exact, listed
from tests.simulation.oracle.fetches import Expected, Fetches
from tests.simulation.oracle.means import is_close, mean
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from vitals.model.aggregates import BUCKETS
from vitals.model.timespan import Span, iso


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
    requested_ms: float,
    problems: Problems,
    *,
    is_whole: bool = True,
) -> None:
    """Compares raw series of a span, asked for at a time, with what was fetched.

    An answer that is not whole may lack samples; those that it has are right, and there once.
    """
    for point_series in series:
        name = point_series["point_name"]
        expected = fetches.expected(site, name, span, requested_ms)
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
            problems.add(WRONG, f"{subject} at {iso(time_ms)}: {value} instead of {listed(possible)}")


def check_aggregates(
    site: str,
    series: Sequence[dict[str, Any]],
    span: Span,
    resolution: str,
    fetches: Fetches,
    requested_ms: float,
    problems: Problems,
) -> None:
    """Compares aggregates of a span of whole buckets, asked for at a time, with what was fetched."""
    _check_rows(
        site, series, resolution, lambda name: fetches.expected(site, name, span, requested_ms), problems
    )


def check_agreement(
    site: str,
    samples: Sequence[dict[str, Any]],
    aggregates: Sequence[dict[str, Any]],
    resolution: str,
    problems: Problems,
) -> None:
    """Compares aggregates with the raw series of the same points and whole buckets."""
    raw = {
        point_series["point_name"]: {
            time_ms: {exact(value)}
            for time_ms, value in zip(point_series["timestamps"], point_series["values"], strict=True)
        }
        for point_series in samples
    }
    _check_rows(
        f"{site}, beside its samples,",
        aggregates,
        resolution,
        lambda name: Expected(set(raw[name]), raw[name]),
        problems,
    )


def _check_rows(
    subject: str,
    series: Sequence[dict[str, Any]],
    resolution: str,
    expected: Callable[[str], Expected],
    problems: Problems,
) -> None:
    """Compares aggregates with what is expected of each point."""
    for point_series in series:
        name, rows = point_series["point_name"], _rows(point_series)
        of_point = f"{subject} {name!r} {resolution}"
        if len(rows) < len(point_series["timestamps"]):
            text = f"{len(point_series['timestamps'])} rows of {len(rows)} buckets"
            problems.add(DOUBLED, f"{of_point}: {text}")
        for start_ms, bucket in _buckets(expected(name), BUCKETS[resolution]):
            row = rows.pop(start_ms, None)
            for kind, text, count in _differences(row, bucket):
                problems.add(kind, f"{of_point} at {iso(start_ms)}: {text}", count)
        for start_ms in rows:
            problems.add(WRONG, f"{of_point} at {iso(start_ms)}: there are no samples")


def _rows(series: dict[str, Any]) -> dict[int, dict[str, Any]]:
    keys = ("values", "min", "max", "count", "first", "last")
    columns = [series[key] for key in keys]
    return {
        time_ms: dict(zip(keys, row, strict=True))
        for time_ms, *row in zip(series["timestamps"], *columns, strict=True)
    }


def _buckets(expected: Expected, bucket_ms: int) -> list[tuple[int, Expected]]:
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
        values = _values(bucket)
        wanted = {"min": min(values), "max": max(values), "first": values[0], "last": values[-1]}
        wrong = [key for key, value in wanted.items() if row[key] != value]
        middle, largest = mean(values), max(map(abs, values))
        if not is_close(row["values"], middle, largest=largest, count=high):
            wrong.append("values")
        if wrong:
            yield WRONG, f"{wrong} of {row} instead of {wanted | {'values': middle}}", 1


def _values(bucket: Expected) -> list[float]:
    """Returns the values of a bucket in the order of their times; each has exactly one."""
    return [float(next(iter(bucket.possible[time_ms]))) for time_ms in sorted(bucket.possible)]
