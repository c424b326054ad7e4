"""Blocks that no item can hold: 64 points at four samples a second, and whatever races, dies or expires."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import READER, TODAY, Backfill, backfill
from tests.support.clock import Clock
from tests.support.kill import Killed, Killer, Moment, at_steps
from tests.support.sites import SITE
from tests.support.syncing import but
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.aws.runtime import Runtime
from vitals.codec import segments
from vitals.errors import ConflictError
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, iso
from vitals.reading.request import QueryRequest
from vitals.store.tiers.hot import HotTier

__all__ = ["backfill"]

START = 1_767_225_600_000
WINDOW = Span(START, START + WINDOW_MS)
HERTZ_4 = 1_200


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """64 points, which are one group, with a reading every two hours."""
    settings = SimulatorSettings(points=64, sites=(SITE,), interval_s=7_200, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def hot(dynamodb: Any) -> HotTier:
    return HotTier(dynamodb, "HotTable", runtime=Runtime(sleep=lambda _: None))


def noisy(seed: int = 1, points: range = range(64), count: int = HERTZ_4, window_ms: int = START) -> Samples:
    """So many samples of each point in one window, random doubles."""
    chance = np.random.default_rng(seed)
    ids = np.repeat(np.array(points), count).astype(np.int32)
    times = window_ms + np.tile(np.arange(count) * (WINDOW_MS // count), len(points))
    return Samples(ids, times, chance.random(len(ids)))


def read(hot: HotTier, now_ms: int = START) -> Samples:
    return hot.read("s", range(64), WINDOW, now_ms)


def items(dynamodb: Any) -> list[dict[str, Any]]:
    rows = [row for row in dynamodb.scan(TableName="HotTable")["Items"] if "#rollup#" not in row["pk"]["S"]]
    return sorted(rows, key=lambda row: int(row["w"]["N"]))


class Dense(AceClient):
    """Serves these readings instead of the simulator's."""

    readings: Samples
    names: list[str]

    def pages(self, site: str, span: Span, accept: Any, *_: Any) -> Any:
        times = self.readings.times
        inside = self.readings[(times >= span.start_ms) & (times < span.end_ms)]
        rows = zip(inside.ids.tolist(), inside.times.tolist(), inside.values.tolist(), strict=True)
        texts = {time_ms: iso(time_ms) for time_ms in set(inside.times.tolist())}
        yield accept(
            [
                {"name": self.names[point], "value": value, "time": texts[time_ms]}
                for point, time_ms, value in rows
            ]
        )


def test_64_points_at_4_hz_live_and_expire(backfill: Backfill) -> None:
    world, archiver = backfill.world, backfill.worker.archiver
    world.clock.forward(10)
    window_ms = TODAY + 12 * HOUR_MS
    catalog = world.syncer.catalogs.load(SITE)
    ace = Dense(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    ace.names, ace.readings = [point.name for point in catalog.points], noisy(window_ms=window_ms)
    receipt = but(world, ace=ace).sync()
    assert receipt.tally.rejected.total() == 0
    span = Span(window_ms, window_ms + WINDOW_MS)
    expected = merge([ace.readings])
    assert len(expected) == 64 * HERTZ_4
    stored = [int(row["w"]["N"]) - window_ms for row in items(world.client) if row["pk"]["S"].endswith("#0")]
    assert [number for number in stored if number in range(segments.MAX_SEGMENTS)] == [0, 1]
    hot = archiver.hot
    assert hot.read(SITE, range(64), span, world.clock()).equals(expected)
    newest = hot.latest(SITE, range(64), span, world.clock())
    assert newest.equals(expected[expected.times == expected.times.max()])

    world.clock.now_ms = TODAY + DAY_MS + HOUR_MS
    facts = archiver.archive(SiteDay(SITE, TODAY))
    assert facts["rows"] >= len(expected)
    marks = {row["expires_at"]["N"] for row in items(world.client) if int(row["w"]["N"]) < TODAY + DAY_MS}
    assert len(marks) == 1
    world.clock.now_ms += 40 * DAY_MS
    assert len(hot.read(SITE, range(64), span, world.clock())) == 0
    archived = expected[expected.ids == 5]
    stored = (
        world.api()
        .query(READER, QueryRequest(SITE, [ace.names[5]], span.start_ms, span.end_ms, "raw", None, None))
        .answer
    )
    [series] = stored["series"]
    assert np.array_equal(series["timestamps"], archived.times)
    assert np.array_equal(np.array(series["values"]), archived.values)


def test_only_a_point_too_dense_is_rejected(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 10_000)
    monkeypatch.setattr(segments, "MAX_BYTES", 110_000)
    world = backfill.world
    world.clock.forward(10)
    window_ms = TODAY + 12 * HOUR_MS
    ace = Dense(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    ace.names = [point.name for point in world.syncer.catalogs.load(SITE).points]
    ace.readings = merge([noisy(window_ms=window_ms, count=60), noisy(2, range(7, 8), 30_000, window_ms)])
    logged: list[dict[str, Any]] = []
    world.journal.warning = lambda message, **fields: logged.append(fields)  # type: ignore[method-assign]
    for _ in range(2):
        receipt = but(world, ace=ace).sync()
        assert receipt.tally.rejected["too_dense"] == 30_000
        assert receipt.tally.fetched == receipt.tally.accepted + receipt.tally.rejected.total()
        assert logged[-1]["points"] == [ace.names[7]]
        world.clock.forward(5)
    span = Span(window_ms, window_ms + WINDOW_MS)
    stored = backfill.worker.archiver.hot.read(SITE, range(64), span, world.clock())
    assert stored.equals(ace.readings[ace.readings.ids != 7])


def test_late_samples_rewrite_a_dense_block_whole(hot: HotTier, dynamodb: Any) -> None:
    hot.write("s", noisy(), 1)
    late = from_columns([3, 63], [START + 1, START + 299_999], [1.5, 2.5])
    receipt = hot.write("s", late, 2)
    assert (receipt.blocks, receipt.samples) == (1, 2)
    assert read(hot).equals(merge([noisy(), late]))
    assert {row["r"]["N"] for row in items(dynamodb)} == {"2"}
    assert hot.write("s", noisy(), 3).blocks == 0


def test_racing_writers_of_dense_blocks_lose_nothing(hot: HotTier) -> None:
    written = [noisy(seed, range(seed * 16, seed * 16 + 16)) for seed in range(4)]
    gate = threading.Barrier(len(written))

    def write(numbered: tuple[int, Samples]) -> None:
        gate.wait(timeout=10)
        hot.write("s", numbered[1], numbered[0])

    with ThreadPoolExecutor(len(written)) as pool:
        list(pool.map(write, enumerate(written)))
    assert read(hot).equals(merge(written))


@at_steps(range(3))
def test_a_killed_writer_leaves_every_block_whole(
    hot: HotTier, dynamodb: Any, small: None, moment: Moment
) -> None:
    hot.write("s", noisy(1, count=10), 1)
    second = merge([noisy(2, count=100), noisy(3, count=100, window_ms=START + WINDOW_MS)])
    both = Span(START, START + 2 * WINDOW_MS)
    mortal = HotTier(Killer(moment).client(dynamodb), "HotTable", runtime=Runtime(sleep=lambda _: None))

    def work() -> None:
        mortal.write("s", second, 2)
        mortal.expire("s", mortal.read_group("s", 0, both, START)[1], 2_000_000_000)

    with pytest.raises(Killed):
        work()
    stored = hot.read("s", range(64), both, START)
    first, last = (stored[(stored.times < START + WINDOW_MS) == early] for early in (True, False))
    assert len(first) in (640, 6_400)
    assert len(last) in (0, 6_400)
    hot.write("s", second, 3)
    assert hot.read("s", range(64), both, START).equals(merge([noisy(1, count=10), second]))
    stored, blocks = hot.read_group("s", 0, both, START)
    assert merge([stored]).equals(merge([noisy(1, count=10), second]))
    assert hot.expire("s", blocks, 2_000_000_000) == 0
    assert {row.get("expires_at", {}).get("N") for row in items(dynamodb)} == {"2000000000"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 20 KB, so that a block of 6,400 samples has several."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 20_000)


class Torn:
    """A client whose first queries see some items as they were."""

    def __init__(self, client: Any, old: list[Any], stale: set[int], times: int) -> None:
        self._client, self._times = client, times
        self._old = {row["w"]["N"]: row for row in old if int(row["w"]["N"]) - START in stale}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def query(self, **request: Any) -> Any:
        answer = self._client.query(**request)
        if self._times > 0:
            self._times -= 1
            answer["Items"] = [self._old.get(row["w"]["N"], row) for row in answer["Items"]]
        return answer


@pytest.mark.parametrize("stale", [{0}, {1}, {2}, {0, 2}, {1, 2}])
def test_a_reader_between_two_writes_reads_again(
    hot: HotTier, dynamodb: Any, small: None, stale: set[int]
) -> None:
    hot.write("s", noisy(1, count=100), 1)
    old = items(dynamodb)
    assert len(old) > 2
    hot.write("s", noisy(2, count=100), 2)
    torn = HotTier(Torn(dynamodb, old, stale, 3), "HotTable", runtime=Runtime(sleep=lambda _: None))
    assert read(torn).equals(merge([noisy(2, count=100)]))
    torn = HotTier(Torn(dynamodb, old, stale, 1_000), "HotTable", runtime=Runtime(sleep=lambda _: None))
    with pytest.raises(ConflictError, match="was not whole in 8 reads"):
        read(torn)


def test_expired_blocks_lose_items_in_any_order(hot: HotTier, dynamodb: Any, small: None) -> None:
    chance = random.Random(1)
    for fetched in range(1, 5):
        now_ms = START + fetched * 10_000_000
        written = noisy(fetched, count=100 if fetched % 2 else 5)
        hot.write("s", written, now_ms)
        assert read(hot, now_ms).equals(merge([written]))
        _, blocks = hot.read_group("s", 0, WINDOW, now_ms)
        assert hot.expire("s", blocks, now_ms // 1000 + 60) == 0
        rows = items(dynamodb)
        chance.shuffle(rows)
        # TTL deletes these; the others are still there when the next writer comes.
        for row in rows[: chance.randrange(len(rows) + 1)]:
            dynamodb.delete_item(TableName="HotTable", Key={"pk": row["pk"], "w": row["w"]})
            assert len(read(hot, now_ms + 60_000)) == 0


def test_a_rewritten_block_is_not_marked(hot: HotTier, dynamodb: Any, small: None) -> None:
    hot.write("s", noisy(1, count=100), 1)
    _, blocks = hot.read_group("s", 0, WINDOW, START)
    hot.write("s", noisy(2, count=100), 2)
    assert hot.expire("s", blocks, 2_000_000_000) == 1
    assert not any("expires_at" in row for row in items(dynamodb))


@dataclass
class Cancelling:
    """A client whose first transactions are cancelled for a reason."""

    client: Any
    reason: str
    times: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if not self.times:
            return self.client.transact_write_items(**request)
        self.times -= 1
        response: Any = {"Error": {"Code": "x"}, "CancellationReasons": [{"Code": self.reason}]}
        raise self.client.exceptions.TransactionCanceledException(response, "TransactWriteItems")


def test_a_transaction_failing_otherwise_is_an_error(dynamodb: Any, small: None) -> None:
    refusing = HotTier(
        Cancelling(dynamodb, "ValidationError", 1), "HotTable", runtime=Runtime(sleep=lambda _: None)
    )
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        refusing.write("s", noisy(1, count=100), 1)


def test_a_throttled_transaction_is_repeated_later(dynamodb: Any, small: None) -> None:
    pauses: list[float] = []
    client: Any = Cancelling(dynamodb, "ThrottlingError", 3)
    throttled = HotTier(client, "HotTable", runtime=Runtime(sleep=pauses.append))
    throttled.write("s", noisy(1, count=100), 1)
    assert read(throttled).equals(merge([noisy(1, count=100)]))
    assert sum(pause >= 1 for pause in pauses) == 3
