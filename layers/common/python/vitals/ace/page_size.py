"""The sizes of pages of readings: what ACE accepts, and what a slow or failed page leaves; pure."""

from bisect import bisect_left
from http import HTTPStatus

ACCEPTED = (3, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 300_000, 500_000)
LARGEST = ACCEPTED[-1]
# A normal sync fits one page: 4,583 points × 20 minutes are 91,660 readings.
LIVE = 100_000
# Below this an upstream is short of requests rather than of readings, and 200 pages are the end of a fetch.
_LEAST = 10_000
# An upstream that fails sooner is down, or it would fail with a small page too.
_QUICK_S = 5.0
# A page of which the timeout leaves less than half may be late next time.
_SLOW = 0.5


def smaller(size: int) -> int:
    """Returns the next smaller accepted size; a size of at most 10,000 stays."""
    return size if size <= _LEAST else ACCEPTED[bisect_left(ACCEPTED, size) - 1]


def is_slow(seconds: float, timeout_s: float) -> bool:
    """Returns whether a page took so long that the next ones should be smaller."""
    return seconds > _SLOW * timeout_s


def may_be_too_large(status: int, seconds: float) -> bool:
    """Returns whether a request may have failed because of its size; the status is 0 without an answer."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return status == HTTPStatus.GATEWAY_TIMEOUT or seconds > _QUICK_S
