"""What measures are made of: the held signal and the steps of a line of samples."""

import pytest

from tests.simulation.oracle.fetches import Expected
from tests.simulation.oracle.lines import Line
from vitals.model.timespan import HOUR_MS, MINUTE_MS, Span

HOUR = Span(0, HOUR_MS)
HOLD_MS = 12 * MINUTE_MS


def line(samples: dict[int, float], unsure: tuple[int, ...] = ()) -> Line:
    """Returns the line of samples by minute; those of `unsure` minutes may be missing."""
    possible = {minute * MINUTE_MS: {value} for minute, value in samples.items()}
    required = possible.keys() - {minute * MINUTE_MS for minute in unsure}
    return Line(Expected(set(required), possible), HOLD_MS)


def rising(*values: float) -> Line:
    """Returns the line of a sample every five minutes."""
    return line({5 * row: value for row, value in enumerate(values)})


def test_samples_are_held_until_the_next() -> None:
    held = line({-5: 2.0, 3: 1.0, 8: 0.0, 50: 4.0}).held(HOUR)
    assert held.pieces == [
        (3 * MINUTE_MS, 2.0),
        (5 * MINUTE_MS, 1.0),
        (HOLD_MS, 0.0),
        (10 * MINUTE_MS, 4.0),
    ]
    assert held.length_ms == 30 * MINUTE_MS
    assert held.on_ms == 18 * MINUTE_MS
    assert held.integral == 51 * MINUTE_MS


def test_starts_are_rises_over_one_half() -> None:
    assert line({-5: 0.0, 5: 1.0, 10: 2.0, 15: 0.5, 20: 0.6, 70: 0.0, 75: 1.0}).starts(HOUR) == 2
    assert line({5: 1.0}).starts(HOUR) == 0


@pytest.mark.parametrize(
    ("values", "increase"),
    [
        ((100, 101, 103), 3),
        # A dip, a spike, jitter and a reset.
        ((100, 0, 101, 102), 2),
        ((100, 900, 101, 102), 2),
        ((100, 101, 100, 102), 2),
        ((100, 105, 3, 5, 7, 9), 14),
        # A dip of two samples within 15 minutes, and of more.
        ((100, 0, 0, 101), 1),
        ((100, 0, 0, 0, 101), 101),
        ((-5, 10, -5), 0),
    ],
)
def test_increase_is_the_sum_of_steps(values: tuple[float, ...], increase: float) -> None:
    assert rising(*values).increase(HOUR) == increase


def test_nearly_an_eighth_ends_no_spike() -> None:
    """1.28 and 1.12 are an eighth apart as decimals, and less as doubles."""
    steps = rising(1.11, 1.28, 1.12)
    assert steps.increase(Span(0, 6 * MINUTE_MS)) == pytest.approx(0.17)


def test_steps_belong_to_their_end() -> None:
    steps = line({-5: 10.0, 5: 11.0, 65: 15.0})
    assert steps.increase(HOUR) == 1
    assert steps.increase(Span(HOUR_MS, 2 * HOUR_MS)) == 4


def test_certainty_needs_each_sample() -> None:
    samples = line({0: 1.0, 5: 2.0, 10: 3.0}, unsure=(5,))
    assert samples.is_certain(0, 5 * MINUTE_MS)
    assert not samples.is_certain(0, 5 * MINUTE_MS + 1)
    assert samples.sure(HOUR) == 2


def test_anchors_are_far_from_falls() -> None:
    values = [float(row) for row in range(48)]
    assert rising(*values).anchor(4 * HOUR_MS) == 4 * HOUR_MS - 35 * MINUTE_MS
    values[30] = 0
    # The fall is at minute 150.
    assert rising(*values).anchor(170 * MINUTE_MS) == 115 * MINUTE_MS
    assert rising(*[5, 4] * 24).anchor(3 * HOUR_MS) == 0
