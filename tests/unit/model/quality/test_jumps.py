import numpy as np
import pytest

from vitals.model.quality.findings import Finding
from vitals.model.quality.jumps import jumps, longest_step_ms

HOUR = 3_600_000
MINUTE = 60_000


def of_values(values: list[float], step_ms: int = MINUTE, longest_ms: int = HOUR) -> Finding | None:
    return jumps(np.arange(len(values)) * step_ms, np.array(values, np.float64), longest_ms)


def with_step(size: float, spread: float = 0.0) -> list[float]:
    """Steps of 1 up and down, one of `size` in the middle, and a slow rise to a wider range."""
    zigzag = [float(tick % 2) for tick in range(101)]
    return (
        zigzag + [size + value for value in zigzag] + [size + 1 + float(tick) for tick in range(int(spread))]
    )


@pytest.mark.parametrize(
    ("size", "is_jump"), [(8.0, False), (8.5, True), (9.0, True), (-8.0, False), (-9.0, True)]
)
def test_both_sides_of_eight_medians(size: float, is_jump: bool) -> None:
    finding = of_values(with_step(size))
    assert finding == (Finding(1, 101 * MINUTE, 101 * MINUTE, value=size) if is_jump else None)


@pytest.mark.parametrize(("size", "is_jump"), [(19.0, False), (20.0, False), (20.25, True)])
def test_both_sides_of_a_fifth_of_the_range(size: float, is_jump: bool) -> None:
    # Up by 80 and then by the step: the range is 80 + size, of which 20 is a fifth.
    values = with_step(0.0, 80.0)
    values += [values[-1] + size, *(values[-1] + size - tick % 2 for tick in range(50))]
    assert max(values) - min(values) == 80 + size
    assert bool(of_values(values)) == is_jump


def test_a_median_of_zero_is_one_too() -> None:
    assert of_values([70.0] * 50 + [70.5] + [70.0] * 50) == Finding(2, 50 * MINUTE, 51 * MINUTE, value=0.5)
    assert of_values([70.0] * 50) is None


@pytest.mark.parametrize(
    ("interval_s", "longest"),
    [(60, 900_000), (360, 900_000), (361, 902_500), (900, 2_250_000), (None, 2_250_000)],
)
def test_a_step_is_at_most_a_hold_long(interval_s: int | None, longest: int) -> None:
    assert longest_step_ms(interval_s) == longest


def test_a_step_over_a_gap_is_none() -> None:
    values = [1.0, 2.0] * 20 + [90.0]
    times = np.append(np.arange(40) * MINUTE, 39 * MINUTE + HOUR + 1)
    assert jumps(times, np.array(values), HOUR) is None
    assert jumps(times - (times > 39 * MINUTE), np.array(values), HOUR) is not None


def test_few_samples_have_no_jumps() -> None:
    assert of_values([]) is None
    assert of_values([1.0]) is None
    assert of_values([1.0, 99.0]) is None
    assert of_values([1.0, 99.0, 2.0], step_ms=HOUR + 1) is None


def test_the_largest_doubles_give_no_warning() -> None:
    largest = np.finfo(np.float64).max
    assert of_values([-largest, largest, 0.0, 1.0] * 3) is None
