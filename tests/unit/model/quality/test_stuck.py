import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.quality.findings import Outage
from vitals.model.quality.stuck import Run, runs, stuck

HOUR = 3_600_000


def series(values: list[float], step_ms: int) -> list[Run]:
    return runs(np.arange(len(values)) * step_ms, np.array(values, np.float64))


@pytest.mark.parametrize(
    ("readings", "step_ms", "is_stuck"),
    [
        (24, 6 * HOUR // 23 + 1, True),
        (23, 6 * HOUR // 22 + 1, False),
        (25, 6 * HOUR // 24, True),
        (25, 6 * HOUR // 24 - 1, False),
        (361, 60_000, True),
        (360, 60_000, False),
    ],
)
def test_both_sides_of_both_thresholds(readings: int, step_ms: int, is_stuck: bool) -> None:
    values = [1.0, *[2.5] * readings, 3.0]
    expected = [Run(step_ms, step_ms * readings, 2.5)] if is_stuck else []
    assert series(values, step_ms) == expected


def test_a_change_ends_a_run() -> None:
    assert series([2.5] * 360 + [2.6] + [2.5] * 360, 60_000) == []
    assert [run.value for run in series([0.0, -0.0] * 200 + [5.0] * 400, 60_000)] == [0.0, 5.0]
    assert series([], 60_000) == []


def test_time_in_outages_does_not_count() -> None:
    run = Run(0, 8 * HOUR, 2.5)
    for length, is_stuck in ((2 * HOUR, True), (2 * HOUR + 1, False)):
        outages = [Outage(-HOUR, length // 2, 4), Outage(6 * HOUR, 6 * HOUR + length - length // 2, 4)]
        assert bool(dict(stuck([run], outages, idles=False))) == is_stuck


def test_only_the_zero_of_an_actuator_is_idle() -> None:
    zero, half = Run(0, 7 * HOUR, 0.0), Run(8 * HOUR, 14 * HOUR, 50.0)
    both = dict(stuck([zero, half], [], idles=True))
    assert both == {"stuck": (1, *half[:2], 6 * HOUR, 50.0), "idle": (1, *zero[:2], 7 * HOUR, None)}
    assert dict(stuck([zero, half], [], idles=False)) == {"stuck": (2, 0, 14 * HOUR, 7 * HOUR, 0.0)}


@given(
    st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.5]), st.integers(1, 30)), max_size=8), st.integers(1, 40)
)
def test_runs_are_those_of_a_loop(levels: list[tuple[float, int]], minutes: int) -> None:
    values = [value for value, length in levels for _ in range(length)]
    expected, begin = [], 0
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[begin]:
            if index - begin >= 24 and (index - 1 - begin) * minutes >= 360:
                expected.append(Run(begin * minutes * 60_000, (index - 1) * minutes * 60_000, values[begin]))
            begin = index
    assert series(values, minutes * 60_000) == expected
