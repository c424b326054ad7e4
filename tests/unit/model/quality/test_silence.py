import numpy as np
import pytest

from vitals.model.quality.silence import limit_ms, silences
from vitals.model.timespan import Span

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("interval_s", "limit"),
    [(60, HOUR), (360, HOUR), (361, 3_610_000), (900, 9_000_000), (None, 9_000_000), (86_400, 864_000_000)],
)
def test_an_hour_or_ten_intervals(interval_s: int | None, limit: int) -> None:
    assert limit_ms(interval_s) == limit


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], [(0, 100)]),
        ([9, 18, 90], [(18, 90), (90, 100)]),
        ([10, 19, 91], [(0, 10), (19, 91)]),
        ([11, 150], [(0, 11), (11, 150)]),
    ],
)
def test_silences_are_as_long_as_the_limit(times: list[int], expected: list[tuple[int, int]]) -> None:
    actual = silences(np.array(times, np.int64), Span(0, 100), 10)
    assert [tuple(span) for span in actual.tolist()] == expected
