"""Readings of meters as gateways deliver them: resets, dips, spikes, jitter, and gaps."""

from random import Random

import numpy as np

from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS

START_MS = 1_760_054_400_000


def hostile(seed: int) -> list[tuple[int, float]]:
    """Returns readings of a meter in order of time."""
    random = Random(seed)
    cadence_ms = random.choice((60_000, 300_000, 900_000, HOUR_MS, 2 * HOUR_MS, DAY_MS))
    time_ms, value = START_MS + random.randrange(DAY_MS), random.choice((0.0, 13_423.7, 1e6))
    readings = []
    for _ in range(random.choice((50, 300, 900))):
        time_ms += _distance(random, cadence_ms)
        if random.random() < 0.003:
            value = random.choice((0.0, value * 0.3, 5.0))
        value = round(value + random.choice((0, 0, 0.1, 0.2, 1)), 1)
        for wrong in _wrong(random, value):
            readings.append((time_ms, wrong))
            time_ms += cadence_ms
        readings.append((time_ms, value))
    return readings


def samples_of(readings: list[tuple[int, float]], point: int = 7) -> Samples:
    """Returns the readings as samples of one point."""
    times, values = zip(*readings, strict=True)
    return Samples(np.full(len(times), point, np.int32), np.array(times), np.array(values, np.float64))


def _distance(random: Random, cadence_ms: int) -> int:
    jitter = random.choice((1, 1, 1, 1, 0.5, 2)) if random.random() < 0.2 else 1
    gap_ms = random.choice((HOUR_MS, DAY_MS, 40 * DAY_MS)) if random.random() < 0.003 else 0
    return int(cadence_ms * jitter) + gap_ms


def _wrong(random: Random, value: float) -> list[float]:
    """Returns readings before the right one: most often none."""
    if random.random() >= 0.01:
        return []
    kinds = (0.0, 9_999_999.0, value - 0.1, value + 50, value * 1.3, -1.0, value * 0.9)
    return [round(random.choice(kinds), 1) for _ in range(random.choice((1, 1, 2, 3)))]
