"""Readings of a meter and of fans."""

import numpy as np

from vitals.model.samples import Samples
from vitals.model.timespan import MINUTE_MS

FANS = 50
FIRST_MS = 1_735_689_600_000


def meter(days: int, *, falls: bool = False) -> Samples:
    """Returns a reading a minute of a meter; with `falls` it begins again at 0 once a day."""
    rng = np.random.default_rng(13)
    steps = np.round(rng.random(days * 1_440) * 0.6, 1)
    values = np.cumsum(steps)
    if falls:
        noons = np.arange(720, len(values), 1_440)
        start = np.zeros(len(values))
        start[noons] = values[noons] - np.append(0, values[noons[:-1]])
        values = values - np.cumsum(start)
    times = FIRST_MS + np.arange(len(values)) * MINUTE_MS + rng.integers(1, 2_000, len(values))
    return Samples(np.zeros(len(values), np.int32), times, np.round(values, 1))


def fans(days: int) -> Samples:
    """Returns a reading a minute of each fan, on or off for hours."""
    rng = np.random.default_rng(14)
    minutes = np.arange(days * 1_440)
    rows = [((minutes + offset) // (90 + fan) % 2).astype(float) for fan, offset in enumerate(range(FANS))]
    times = FIRST_MS + minutes * MINUTE_MS
    jitter = rng.integers(1, 2_000, (FANS, len(minutes)))
    return Samples(
        np.repeat(np.arange(FANS, dtype=np.int32), len(minutes)),
        (times + jitter).reshape(-1),
        np.concatenate(rows),
    )
