"""How much of each bucket has elapsed, and which buckets are not over. Pure."""

import numpy as np

from vitals.model.measures.cells import Flags, Integers
from vitals.model.measures.counters import SKIP_MS
from vitals.model.measures.measure import BucketRows, Source
from vitals.model.points import Point
from vitals.model.samples import Times, Values
from vitals.model.timespan import HOUR_MS
from vitals.reading.reads import PlannedRead


def elapsed_ms(query: PlannedRead, starts: Times, ends: Times) -> Integers:
    """Returns how much of each bucket has elapsed, within the hours: up to the end of what is synced.

    Of a bucket of which nothing has, all counts.
    """
    synced_ms = query.synced_until_ms or 0
    whole = query.plan.open_ms(starts, ends)
    has_begun = (ends > synced_ms) & (starts < synced_ms)
    elapsed = query.plan.open_ms(starts, np.where(has_begun, synced_ms, ends))
    return np.where(elapsed > 0, elapsed, whole)


def are_partial(query: PlannedRead, ends: Times) -> Flags:
    """Returns which buckets are not over, or not synced to their end; a dip may still end after that."""
    open_ms = SKIP_MS if query.plan.measure.source is Source.STEPS else 0
    partial: Flags = ends + open_ms > (query.synced_until_ms or 0)
    return partial


def known_shares(query: PlannedRead, rows: BucketRows) -> Values:
    """Returns which part of each bucket is known, NaN where that is not known."""
    shares = np.minimum(1.0, rows.held_ms / elapsed_ms(query, rows.times, rows.ends))
    return np.where(shares < 0, np.nan, shares)


def unknown_ms(query: PlannedRead, rows: BucketRows) -> Integers:
    """Returns how much of each bucket nothing is known about."""
    unknown: Integers = np.maximum(0, elapsed_ms(query, rows.times, rows.ends) - rows.held_ms)
    return unknown


def most_per_hour(query: PlannedRead, point: Point) -> int | None:
    """Returns what an hour without a known state may add to a total, in its unit; None for no total."""
    match query.plan.measure.name:
        case "runtime":
            return 3_600
        case "integral" if point.kind == "binary":
            return 1
    return None


def values_of(query: PlannedRead, rows: BucketRows) -> Values:
    """Returns the values of rows; a rate is of the elapsed part of its bucket."""
    if query.plan.measure.name != "rate":
        return rows.values
    return rows.values / (elapsed_ms(query, rows.times, rows.ends) / HOUR_MS)
