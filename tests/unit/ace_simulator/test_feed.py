"""The samples that the simulator serves, and their order."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from local.ace_simulator.buildings.readings import microseconds
from local.ace_simulator.faults import Faults
from tests.support.ace_simulator import (
    MINUTE,
    NOON,
    SITE,
    Clock,
    fetched,
    iso,
    pages,
    samples,
    simulator,
    truth,
    window,
)


@pytest.mark.parametrize("size", [3, 50, 500, 100_000])
def test_pages_hold_every_reading_once(size: int) -> None:
    served = simulator(points=12)
    read = list(pages(served, window(page_size=size)))
    assert all(len(page["point_samples"]) == size for page in read[:-1])
    assert Counter(samples(served, window(page_size=size))) == truth(served)


def test_the_end_is_excluded() -> None:
    served = simulator(Clock(NOON + MINUTE))
    first, second = (samples(served, window(10, end)) for end in (NOON - 5 * MINUTE, NOON + 5 * MINUTE))
    assert not {(name, time_ms) for name, time_ms, _ in first} & {
        (name, time_ms) for name, time_ms, _ in second
    }
    assert NOON - 5 * MINUTE in {time_ms for _, time_ms, _ in second}
    assert max(time_ms for _, time_ms, _ in first) < NOON - 5 * MINUTE


def test_the_first_page_fixes_clock_and_faults() -> None:
    clock = Clock(NOON - 2 * MINUTE)
    served = simulator(clock)
    expected = truth(served)
    walk = pages(served, window())
    read = list(next(walk)["point_samples"])
    clock.now_ms += 30 * MINUTE
    served.faults = Faults(shuffle=1, late=1, late_minutes=60)
    served.put_samples(SITE, [("new", "1", NOON - 19 * MINUTE)])
    read += [sample for page in walk for sample in page["point_samples"]]
    assert Counter((s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in read) == expected


def test_no_future_readings_are_served() -> None:
    served = simulator(Clock(NOON - 7 * MINUTE))
    assert max(time_ms for _, time_ms, _ in samples(served, window())) <= NOON - 7 * MINUTE
    assert samples(served, window(3)) == []
    assert served.site_series(SITE, NOON - 3 * MINUTE, NOON) == {}


def test_averages_are_means_of_five_minutes() -> None:
    served = simulator(points=20)
    averages = {(name, time_ms): float(v) for name, time_ms, v in samples(served, window(raw_data="false"))}
    assert {time_ms % (5 * MINUTE) for _, time_ms in averages} == {0}
    name = "ses/ses_falls_city/8000:33-8033/analogInput/100"
    times, values = served.site_series(SITE, NOON - 20 * MINUTE, NOON - 15 * MINUTE)[name]
    assert len(times) == 5
    assert averages[name, NOON - 20 * MINUTE] == pytest.approx(sum(map(float, values)) / 5)


def test_put_samples_replace_and_add() -> None:
    served = simulator()
    expected = truth(served)
    name, time_ms, value = next(key for key in expected if key[1] > NOON - 10 * MINUTE)
    served.put_samples(
        SITE, [(name, "-1", time_ms), (name, "-2", time_ms), ("nobody/knows", 7, iso(NOON - MINUTE))]
    )
    expected[name, time_ms, value] -= 1
    expected[name, time_ms, "-2"] = expected["nobody/knows", NOON - MINUTE, 7] = 1
    assert Counter(samples(served, window())) == +expected == truth(served)


def test_a_put_sample_may_be_in_the_future() -> None:
    served = simulator()
    served.put_samples(SITE, [("late/clock", 1, NOON + 60 * MINUTE)])
    read = samples(served, {**window(), "end_time": iso(NOON + 120 * MINUTE)})
    assert ("late/clock", NOON + 60 * MINUTE, 1) in read
    assert sum(time_ms > NOON for _, time_ms, _ in read) == 1


def test_late_readings_arrive_after_their_delay() -> None:
    clock = Clock()
    served = simulator(clock, faults=Faults(late=0.5, late_minutes=10))
    everything = truth(served, at_ms=NOON + 10 * MINUTE)
    at_first = Counter(samples(served, window()))
    assert at_first == truth(served)
    missing = everything - at_first
    assert 0.02 < missing.total() / everything.total() < 0.3
    assert min(time_ms for _, time_ms, _ in missing) > NOON - 10 * MINUTE
    clock.now_ms += 10 * MINUTE
    assert Counter(samples(served, window())) == everything
    served.faults = Faults()
    assert truth(served) == everything


def test_shuffled_pages_have_the_same_samples() -> None:
    served = simulator(faults=Faults(shuffle=1))
    read = samples(served, window())
    assert Counter(read) == truth(served)
    times = [time_ms for _, time_ms, _ in read]
    falls = sum(a > b for a, b in pairwise(times))
    assert falls > len(times) / 3
    # In order, 100 readings would be two minutes' worth.
    assert max(times[-100:]) - min(times[-100:]) > 10 * MINUTE


def test_a_day_has_every_reading() -> None:
    served = simulator(points=16)
    points = fetched(served, f"/api/sites/{SITE}/points", per_page=500)["items"]
    series = served.site_series(SITE, NOON - 1_440 * MINUTE, NOON)
    assert {name: len(values) for name, (_, values) in series.items()} == pytest.approx(
        {point["name"]: 86_400 / point["collect_interval"] for point in points}, abs=1
    )
    assert all(np.all(np.diff(times) > 0) for times, _ in series.values())
