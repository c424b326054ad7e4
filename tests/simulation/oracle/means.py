"""The mean of samples, computed in another way than the product's, and how far the two may differ."""

import math
from collections.abc import Sequence

# A sum of a day of readings, each addition rounded.
_PRECISION = 1e-11


def mean(values: Sequence[float]) -> float:
    """Returns the mean of values, whose sum can be too large for a double."""
    half = math.fsum([value / len(values) / 2 for value in values])
    return min(max(2 * half, min(values)), max(values))


def is_close(stored: float, wanted: float, *, largest: float, count: int) -> bool:
    """Returns whether two ways to the mean of `count` values, none larger than `largest`, may yield these."""
    return abs(stored - wanted) <= closeness(largest=largest, count=count)


def closeness(*, largest: float, count: int) -> float:
    """Returns how far two ways to the mean of `count` values, none larger than `largest`, may differ."""
    # Each share of the smallest doubles, and each half of it, is rounded to a multiple of the smallest.
    return max(_PRECISION * largest, 2 * count * math.ulp(0.0))
