"""The paces of one process: a token bucket for each key group."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from vitals.ace.pacing import KeyPaces, Pace
from vitals.aws.runtime import Runtime

BURST = 5


@dataclass
class Sleeper:
    """A clock that only sleeps move, and the sleeps."""

    now_s: float = 0.0
    slept_s: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def paces(self) -> KeyPaces:
        return KeyPaces(60, Runtime(monotonic=lambda: self.now_s, sleep=self.sleep), burst=BURST)


def test_a_group_uses_no_rate_of_another() -> None:
    clock = Sleeper()
    paces = clock.paces()
    for _ in range(BURST + 2):
        paces.select("north").wait()
    assert clock.slept_s == pytest.approx([1, 1])
    for _ in range(BURST):
        paces.select("south").wait()
    assert clock.slept_s == pytest.approx([1, 1])


def test_a_group_has_the_same_pace_every_time() -> None:
    paces = Sleeper().paces()
    assert paces.select("north") is paces.select("north")
    assert paces.select("north") is not paces.select("south")


def test_threads_wait_for_different_tokens() -> None:
    slept_s: list[float] = []
    pace = Pace(60, Runtime(monotonic=lambda: 0.0, sleep=slept_s.append), burst=BURST)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(BURST + 20)))
    assert sorted(slept_s) == pytest.approx(range(1, 21))
