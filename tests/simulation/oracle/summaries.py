"""Whether a summary is right: what each point did in a range, as far as its samples are certain."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulation.oracle.calendars import buckets
from tests.simulation.oracle.means import closeness, mean
from tests.simulation.oracle.measured import is_decided, is_right, precision, quantile, wanted
from tests.simulation.oracle.opened import Opened, OpenHours
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from vitals.model.timespan import MINUTE_MS, Span, iso

KINDS_OF = {
    "mean": ("analog", "setpoint"),
    "sd": ("analog", "setpoint"),
    "p5": ("analog", "setpoint"),
    "p50": ("analog", "setpoint"),
    "p95": ("analog", "setpoint"),
    "time_weighted_mean": ("analog", "setpoint", "binary"),
    "peak": ("analog",),
    "peak_time": ("analog",),
    "increase": ("counter",),
    "runtime": ("binary",),
    "starts": ("binary",),
}
"""The kinds of points that have a value; all have the others."""
_OF_SAMPLES = ("min", "max", "mean", "sd", "p5", "p50", "p95", "first", "first_time", "last", "last_time")
_AROUND = ("time_weighted_mean", "increase", "runtime", "starts")
_ADDED = ("mean", "time_weighted_mean", "increase")
# The end of a range that is not over is when it was read, by any clock, or a moment before.
_LATE_MS = 5 * MINUTE_MS
# Squares of larger values are not finite.
_LARGEST = 1e150
_LARGEST_SUM = 1e300

type _Problem = tuple[str, str, int]
type Terms = Sequence[tuple[str, int]]
type Row = Mapping[str, Any]
type _Right = tuple[Any, float]
"""A right value, None for none, and how far another may be from it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A range, what counts in it, when it was asked for and answered, and up to when it was synced."""

    span: Span
    hours: OpenHours
    asked_ms: tuple[float, float]
    synced_ms: float


def check_summary(
    subject: str,
    summary: Mapping[str, Any],
    columns: Mapping[str, Terms],
    asked: Asked,
    point: Callable[[str], Opened],
    problems: Problems,
) -> None:
    """Compares the summary of some columns, by name: of points, and of sums of points that it has, too."""
    rows = {row["point_name"]: row for row in summary["points"]}
    text = f"summary of {subject} {asked.hours} {summary['start_time']} {summary['end_time']}"
    if list(rows) != list(columns) or len(rows) < len(summary["points"]):
        problems.add(WRONG, f"{text}: has {list(rows)} instead of {list(columns)}")
        return
    span = Span(_time_ms(summary["start_time"]), _time_ms(summary["end_time"]))
    for kind, problem, count in _check_span(span, asked):
        problems.add(kind, f"{text}: {problem}", count)
    for name, terms in columns.items():
        if [name] == [term for term, _ in terms]:
            found = _check_point(rows[name], span, asked, point(name))
        else:
            operands = [(point(term), sign) for term, sign in terms]
            found = _check_sum(
                rows[name], [(rows[term], sign) for term, sign in terms], span, asked, operands
            )
        for kind, problem, count in found:
            problems.add(kind, f"{text} {name!r}: {problem}", count)


def _time_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _check_span(span: Span, asked: Asked) -> Iterator[_Problem]:
    first_ms, last_ms = (
        time_ms + late for time_ms, late in zip(asked.asked_ms, (-_LATE_MS, _LATE_MS), strict=True)
    )
    if span.start_ms != asked.span.start_ms:
        yield WRONG, "begins at another time", 1
    if not min(first_ms, asked.span.end_ms) <= span.end_ms <= min(last_ms, asked.span.end_ms):
        yield WRONG, "ends at another time", 1


def _check_point(row: Row, span: Span, asked: Asked, point: Opened) -> Iterator[_Problem]:
    low, high = point.sure(span), len(point.values(span))
    if not low <= row["count"] <= high:
        yield LOST if row["count"] < low else DOUBLED, f"count {row['count']}, not {low} to {high}", 1
        return
    for key in KINDS_OF:
        if row["kind"] not in KINDS_OF[key] and row[key] is not None:
            yield WRONG, f"a {row['kind']} point has {key} {row[key]}", 1
    yield from _check_known(row, span, asked, point)
    yield from _check_values(row, span, asked, point)


def _check_known(row: Row, span: Span, asked: Asked, point: Opened) -> Iterator[_Problem]:
    """Compares the known share; of a range that is not synced to its end it is that of what is."""
    known = row["known"]
    if known is not None and not 0 <= known <= 1:
        yield WRONG, f"known is {known}", 1
    length_ms = point.length_ms(span)
    if asked.synced_ms < span.end_ms or not is_decided("held", point.line, span):
        return
    right = point.held(span).length_ms / length_ms if length_ms else None
    if known != right if right is None else not is_right(known, right, 1e-12):
        yield WRONG, f"known is {known} instead of {right}", 1


def _check_values(row: Row, span: Span, asked: Asked, point: Opened) -> Iterator[_Problem]:
    """Compares what is certain of a point's values."""
    line = point.line
    rights: dict[str, _Right] = {}
    if line.is_certain(span.start_ms, span.end_ms):
        rights |= _of_samples(span, point) if row["count"] else dict.fromkeys(_OF_SAMPLES, (None, 0.0))
        yield from _check_peak(row, span, asked, [(point, 1)], (row["kind"],))
    for measure in _AROUND:
        if is_decided(measure, line, span):
            rights[measure] = _around(measure, span, point)
    for key, (value, slack) in rights.items():
        has_value = value is not None and row["kind"] in KINDS_OF.get(key, (row["kind"],))
        if not (_is_as(row[key], value, slack) if has_value else row[key] is None):
            yield WRONG, f"{key} is {row[key]} instead of {value if has_value else None}", 1


def _is_as(value: Any, right: Any, slack: float) -> bool:
    return bool(value == right) if isinstance(right, str) else is_right(value, right, slack)


def _of_samples(span: Span, point: Opened) -> dict[str, _Right]:
    samples = point.samples(span)
    values = [value for _, value in samples]
    slack = closeness(largest=max(map(abs, values)), count=len(values))
    return {
        "min": (min(values), 0.0),
        "max": (max(values), 0.0),
        "mean": (mean(values), slack),
        "sd": _deviation(values),
        **{f"p{percent}": (quantile(values, percent), slack) for percent in (5, 50, 95)},
        "first": (values[0], 0.0),
        "first_time": (iso(samples[0][0]), 0.0),
        "last": (values[-1], 0.0),
        "last_time": (iso(samples[-1][0]), 0.0),
    }


def _deviation(values: Sequence[float]) -> _Right:
    if len(values) < 2:
        return None, 0.0
    largest, middle = max(map(abs, values)), mean(values)
    if largest > _LARGEST:
        return 0.0, math.inf
    squares = math.fsum((value - middle) ** 2 for value in values)
    return math.sqrt(squares / (len(values) - 1)), 1e-10 * largest + 1e-150


def _around(measure: str, span: Span, point: Opened) -> _Right:
    """Returns what also depends on the samples around the range."""
    if not (point.values(span) if measure == "increase" else point.held(span).length_ms):
        return None, 0.0
    value = wanted(span, measure, point)["values"]
    return value, precision(span, measure, point, value)


def _check_peak(
    row: Row, span: Span, asked: Asked, operands: Sequence[tuple[Opened, int]], kinds: Collection[str]
) -> Iterator[_Problem]:
    """Expects the highest mean of a local quarter of an hour that every point has, at one that has it.

    Quarters count that are synced to their end: which, is known of a range that is synced.
    """
    if asked.synced_ms < span.end_ms:
        return
    quarters = [(_quarters(span, point), sign) for point, sign in operands]
    common = set.intersection(*(set(means) for means, _ in quarters))
    means = {time: sum(sign * means[time] for means, sign in quarters) for time in common}
    if not means or not set(kinds) <= set(KINDS_OF["peak"]):
        if (row["peak"], row["peak_time"]) != (None, None):
            yield WRONG, f"peak is {row['peak']} at {row['peak_time']} instead of none", 1
        return
    values = [abs(value) for point, _ in operands for value in point.values(span)]
    slack = len(operands) * closeness(largest=max(values), count=len(values))
    highest, slack = max(means.values()), slack if max(values) < _LARGEST_SUM else math.inf
    if not is_right(row["peak"], highest, slack):
        yield WRONG, f"peak is {row['peak']} instead of {highest}", 1
    elif not abs(means.get(row["peak_time"], math.inf) - highest) <= 2 * slack:
        yield WRONG, f"peak_time is {row['peak_time']}", 1


def _quarters(span: Span, point: Opened) -> dict[str, float]:
    """Returns the mean of the samples in each whole local quarter of an hour of a span, by its start."""
    samples, result = point.samples(span), {}
    for quarter in buckets(point.hours.zone, "15m", span):
        values = [value for time_ms, value in samples if quarter.start_ms <= time_ms < quarter.end_ms]
        is_whole = span.start_ms <= quarter.start_ms and quarter.end_ms <= span.end_ms
        if values and is_whole and point.length_ms(quarter) == 15 * MINUTE_MS:
            result[iso(quarter.start_ms)] = mean(values)
    return result


def _check_sum(
    row: Row,
    terms: Sequence[tuple[Row, int]],
    span: Span,
    asked: Asked,
    operands: Sequence[tuple[Opened, int]],
) -> Iterator[_Problem]:
    """Compares a sum with what the summary has of its points."""
    kinds = {term["kind"] for term, _ in terms}
    if all(point.line.is_certain(span.start_ms, span.end_ms) for point, _ in operands):
        yield from _check_peak(row, span, asked, operands, kinds)
    expected: dict[str, Any] = dict.fromkeys((*KINDS_OF, *_OF_SAMPLES, "count"))
    expected |= {key: _total([(term[key], sign) for term, sign in terms]) for key in _ADDED}
    expected["kind"] = min(kinds) if len(kinds) == 1 else None
    shares = [term["known"] for term, _ in terms]
    expected["known"] = None if None in shares else min(shares)
    for key, value in expected.items():
        if key not in ("peak", "peak_time") and not _is_sum(row[key], value, key, terms):
            yield WRONG, f"{key} is {row[key]} instead of {value}", 1


def _total(terms: Sequence[tuple[float | None, int]]) -> float | None:
    values = [sign * value for value, sign in terms if value is not None]
    return sum(values) if len(values) == len(terms) else None


def _is_sum(value: Any, right: Any, key: str, terms: Sequence[tuple[Row, int]]) -> bool:
    if key not in _ADDED or right is None:
        return bool(value == right)
    largest = max(abs(term[key]) for term, _ in terms)
    return is_right(value, right, 1e-14 * largest if largest < _LARGEST_SUM else math.inf)
