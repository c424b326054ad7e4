"""The shared pace of an upstream: a queue of request slots for each user, and the live sync first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.clock import Clock
from vitals.ace.pacing import Pace, PriorityPace
from vitals.aws.runtime import Runtime
from vitals.errors import UpstreamUnavailableError
from vitals.model.timespan import MINUTE_MS
from vitals.store.control.rate_limit import SharedPace

URL = "https://ace.example/api"


@pytest.fixture
def pace(dynamodb: Any, clock: Clock) -> Callable[..., SharedPace]:
    """Paces of 50 a minute, whose sleeps move the clock."""

    def advance(seconds: float) -> None:
        clock.now_ms += round(seconds * 1000)

    def make(
        url: str = URL, sleep: Callable[[float], None] = advance, per_minute: float = 50, **changes: Any
    ) -> SharedPace:
        runtime = Runtime(now_ms=clock, sleep=sleep)
        return SharedPace(dynamodb, "StateTable", url, per_minute, runtime, **changes)

    return make


def test_two_workers_share_one_pace(pace: Callable[..., SharedPace], clock: Clock) -> None:
    first, second = pace(), pace()
    began = clock()
    for _ in range(25):
        first.wait()
        second.wait()
    assert clock() - began == 49 * 1_200


def test_an_idle_upstream_saves_no_request_slots(pace: Callable[..., SharedPace], clock: Clock) -> None:
    shared = pace()
    shared.wait()
    clock.forward(60)
    began = clock()
    shared.wait()
    assert clock() == began
    shared.wait()
    assert clock() == began + 1_200


def test_another_upstream_has_its_own_request_slots(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    pace().wait()
    pace("https://other.example/api").wait()
    assert clock() == began


def test_another_key_group_has_its_own_request_slots(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    for group in ("default", "north", "south"):
        pace(key_group=group).wait()
    assert clock() == began
    pace(key_group="north").wait()
    assert clock() == began + 1_200


def test_the_others_wait_for_the_live_sync(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    live = PriorityPace(Pace(60_000, burst=1_000), pace())
    for _ in range(10):
        live.wait()
    assert clock() == began
    pace().wait()
    assert clock() == began + 10 * 1_200


def test_the_others_keep_one_request_slot_a_minute(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    live = PriorityPace(Pace(60_000, burst=1_000), pace())
    for _ in range(500):
        live.wait()
    pace().wait()
    assert 60_000 <= clock() - began <= 62_000


def test_archiving_goes_before_backfills(pace: Callable[..., SharedPace], clock: Clock) -> None:
    for _ in range(20):
        pace(sleep=lambda _: None).wait()
    began = clock()
    archiving = PriorityPace(pace(user="archive"), pace())
    for _ in range(3):
        archiving.wait()
    assert clock() == began + 2 * 1_200
    pace().wait()
    assert clock() == began + 23 * 1_200


def test_sync_and_archiving_share_the_rate(
    pace: Callable[..., SharedPace], dynamodb: Any, clock: Clock
) -> None:
    """Forty requests a minute of the sync, and those of an archiving beside them."""
    sync = PriorityPace(Pace(60_000, burst=1_000), pace(user="archive"), pace())
    sent: list[int] = []
    due = iter(range(clock(), clock() + 10 * MINUTE_MS, 1_500))
    sync_at = next(due)

    def sleep(seconds: float) -> None:
        """Lets the sync send what is due meanwhile."""
        nonlocal sync_at
        end = clock() + round(seconds * 1000)
        while sync_at <= end:
            clock.now_ms = sync_at
            sync.wait()
            sent.append(sync_at)
            sync_at = next(due)
        clock.now_ms = end

    archiving = PriorityPace(pace(user="archive", sleep=sleep), pace())
    for _ in range(40):
        archiving.wait()
        sent.append(clock())
    assert sync_at - sent[0] > 3 * MINUTE_MS
    assert 45 <= max(sum(0 <= end - at < MINUTE_MS for at in sent) for end in sent) <= 55


def test_a_request_slot_too_late_is_an_error(pace: Callable[..., SharedPace]) -> None:
    live = PriorityPace(Pace(60_000, burst=1_000), pace())
    for _ in range(40):
        live.wait()
    with pytest.raises(UpstreamUnavailableError, match="next request slot"):
        pace().wait(10)


@pytest.mark.parametrize("within_s", [-1, 0, 1.2, 2.4])
def test_refused_requests_reserve_no_slots(
    pace: Callable[..., SharedPace], clock: Clock, within_s: float
) -> None:
    began, others = clock(), pace(sleep=lambda _: None)
    others.wait()
    others.wait()
    for _ in range(30):
        with pytest.raises(UpstreamUnavailableError, match="next request slot"):
            others.wait(within_s)
    pace().wait(2.401)
    assert clock() - began == 2_400


def test_refused_requests_leave_slots_of_batches(pace: Callable[..., SharedPace]) -> None:
    pace(per_minute=6_000).charge(500)
    slept: list[float] = []
    batched = pace(per_minute=6_000, sleep=slept.append)
    batched.wait(30)
    for _ in range(20):
        with pytest.raises(UpstreamUnavailableError, match="next request slot"):
            batched.wait(1)
    for _ in range(9):
        batched.wait(30)
    assert slept == pytest.approx([5 + slot / 100 for slot in range(10)])


def test_requests_without_time_reserve_no_slots(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    with pytest.raises(UpstreamUnavailableError, match="next request slot"):
        pace().wait(0)
    pace().wait()
    assert clock() == began


def test_slots_reserved_at_once_are_all_different(pace: Callable[..., SharedPace]) -> None:
    waits: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace(sleep=waits.append).wait(), range(40)))
    assert sorted(waits) == pytest.approx([1.2 * turn for turn in range(40)])


def test_threads_of_a_process_share_its_slots(pace: Callable[..., SharedPace]) -> None:
    waits: list[float] = []
    shared = pace(sleep=waits.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shared.wait(), range(40)))
    assert sorted(waits) == pytest.approx([1.2 * turn for turn in range(40)])


def test_a_batch_is_shared_by_threads(dynamodb: Any, clock: Clock) -> None:
    waits: list[float] = []
    shared = SharedPace(dynamodb, "StateTable", URL, 6_000, Runtime(now_ms=clock, sleep=waits.append))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shared.wait(), range(40)))
    assert len(set(waits)) == 40


def test_requests_at_once_are_all_charged(pace: Callable[..., SharedPace], clock: Clock) -> None:
    began = clock()
    live = PriorityPace(Pace(60_000, burst=1_000), pace())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: live.wait(), range(20)))
    pace().wait()
    assert clock() - began == 20 * 1_200


def test_an_idle_pace_is_charged_in_one_call(
    pace: Callable[..., SharedPace], clock: Clock, dynamodb: Any
) -> None:
    calls = counted(dynamodb)
    live = pace()
    for _ in range(2):
        live.charge()
        clock.forward(5)
    assert calls == ["UpdateItem", "UpdateItem"]


def test_announced_requests_are_charged_together(
    pace: Callable[..., SharedPace], clock: Clock, dynamodb: Any
) -> None:
    began, calls = clock(), counted(dynamodb)
    live = PriorityPace(Pace(60_000, burst=1_000), pace(user="archive"), pace())
    live.announce(3)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: live.wait(), range(3)))
    assert calls == ["UpdateItem", "UpdateItem"]
    live.wait()
    pace(user="archive").wait()
    assert clock() - began == 4 * 1_200


def counted(dynamodb: Any) -> list[str]:
    """The calls that the client makes from now on."""
    calls: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    return calls
