"""The paces of one process: a token bucket for each key group."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.ace.client import AceClient
from vitals.ace.pacing import KeyPaces, Pace
from vitals.aws.runtime import Runtime
from vitals.errors import UpstreamUnavailableError

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


@given(st.lists(st.floats(0, 30), max_size=40))
def test_no_wait_passes_its_limit(limits_s: list[float]) -> None:
    """A request that would wait too long takes no token of the requests after it."""
    clock = Sleeper()
    pace = clock.paces().select("north")
    made = 0
    for within_s in limits_s:
        began_s = clock.now_s
        try:
            pace.wait(within_s)
            made += 1
            assert clock.now_s == began_s or clock.now_s - began_s < within_s
        except UpstreamUnavailableError:
            assert clock.now_s == began_s
    assert clock.now_s == pytest.approx(max(0, made - BURST))


def test_a_request_after_the_deadline_is_not_awaited() -> None:
    clock = Sleeper()
    runtime = Runtime(monotonic=lambda: clock.now_s, sleep=clock.sleep)
    pace = Pace(60, runtime, burst=1)
    pace.wait()
    ace = AceClient("http://ace.invalid", "key", pace, remaining_s=lambda: 0.9 - clock.now_s, runtime=runtime)
    with pytest.raises(UpstreamUnavailableError, match="the next request slot is 1 s away"):
        ace.site("s")
    assert (clock.slept_s, ace.requests) == ([], 0)


def test_threads_wait_for_different_tokens() -> None:
    slept_s: list[float] = []
    pace = Pace(60, Runtime(monotonic=lambda: 0.0, sleep=slept_s.append), burst=BURST)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(BURST + 20)))
    assert sorted(slept_s) == pytest.approx(range(1, 21))
