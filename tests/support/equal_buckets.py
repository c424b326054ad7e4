"""Aggregates over buckets of one length, which begin at multiples of it."""

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.samples import Samples


def aggregate(samples: Samples, bucket_ms: int) -> Aggregates:
    """Returns a row per point and bucket that has samples; `samples` are sorted by point, then time."""
    return aggregates.aggregate(samples, samples.times - samples.times % bucket_ms)
