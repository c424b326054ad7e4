"""The hot tier on moto: nothing lost or doubled however writes repeat, race and die."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.support.kill import Killed, Killer, Moment, at_steps
from vitals.aws.runtime import Runtime
from vitals.errors import ConflictError
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span
from vitals.store import keys
from vitals.store.tiers.hot import HotTier

START = 1_767_225_600_000
HOUR = Span(START, START + HOUR_MS)
POINTS = range(130)


def readings(seed: int, minutes: int = 60, points: range = POINTS) -> Samples:
    random = np.random.default_rng(seed)
    ids, steps = np.meshgrid(np.array(points), np.arange(minutes))
    order = random.permutation(ids.size)
    values = random.normal(70, 5, ids.size).astype(np.float32).astype(np.float64)
    return Samples(
        ids.ravel()[order].astype(np.int32),
        START + steps.ravel()[order] * 60_000 + random.integers(0, 9),
        values,
    )


@pytest.fixture
def hot(dynamodb: Any) -> HotTier:
    return HotTier(dynamodb, "HotTable", runtime=Runtime(sleep=lambda _: None))


def read(hot: HotTier, span: Span = HOUR, points: range = POINTS) -> Samples:
    return hot.read("s", points, span, START)


def test_written_samples_are_read_once_to_the_bit(hot: HotTier) -> None:
    written = readings(1)
    receipt = hot.write("s", written, 1)
    assert read(hot).equals(merge([written]))
    assert receipt.samples == len(written)
    assert receipt.blocks == 3 * 12
    assert sum(receipt.counts.values()) == len(written)
    assert {window for _, window in receipt.counts} == set(range(START, START + HOUR_MS, WINDOW_MS))


def test_a_repeat_writes_nothing(hot: HotTier) -> None:
    hot.write("s", readings(1), 1)
    again = hot.write("s", readings(1), 2)
    assert (again.blocks, again.samples, again.conflicts) == (0, 0, 0)
    assert sum(again.counts.values()) == 130 * 60


def test_one_late_sample_rewrites_its_own_block_only(hot: HotTier) -> None:
    hot.write("s", readings(1), 1)
    late = from_columns([70], [START + 7 * 60_000 + 1_234], [1.5])
    receipt = hot.write("s", late, 2)
    assert (receipt.blocks, receipt.samples) == (1, 1)
    assert read(hot).equals(merge([readings(1), late]))


def test_an_older_fetch_that_writes_last_loses(hot: HotTier) -> None:
    hot.write("s", from_columns([1, 2], [START, START], [1.0, 1.0]), 2)
    hot.write("s", from_columns([1, 3], [START, START], [9.0, 9.0]), 1)
    assert read(hot).values.tolist() == [1.0, 1.0, 9.0]


def test_reads_are_half_open_and_of_requested_points(hot: HotTier) -> None:
    hot.write("s", from_columns([1, 1, 1, 2], [START, START + 1, START + 2, START + 1], [1, 2, 3, 4]), 1)
    samples = hot.read("s", [1], Span(START + 1, START + 2), START)
    assert samples.equals(from_columns([1], [START + 1], [2.0]))
    assert len(hot.read("other", [1], HOUR, START)) == 0


def test_expired_blocks_are_not_read(hot: HotTier, dynamodb: Any) -> None:
    hot.write("s", from_columns([1], [START], [1.0]), 1)
    dynamodb.update_item(
        TableName="HotTable",
        Key=keys.hot_block("s", 0, START),
        UpdateExpression="SET expires_at = :at",
        ExpressionAttributeValues={":at": {"N": str(START // 1000 + 10)}},
    )
    assert len(hot.read("s", [1], HOUR, START + 9_999)) == 1
    assert len(hot.read("s", [1], HOUR, START + 10_000)) == 0


def test_racing_writers_end_with_every_sample(hot: HotTier) -> None:
    parts = [readings(seed, points=range(seed % 3, 128, 3)) for seed in range(6)]
    gate = threading.Barrier(len(parts))

    def write(numbered: tuple[int, Samples]) -> None:
        gate.wait(timeout=10)
        hot.write("s", numbered[1], numbered[0])

    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(write, enumerate(parts)))
    assert read(hot).equals(merge(parts))


WRITES = 36
"""The writes of three groups over an hour: one for each block."""


def test_a_write_has_a_step_per_block(dynamodb: Any) -> None:
    killer = Killer()
    HotTier(killer.client(dynamodb), "HotTable", runtime=Runtime(sleep=lambda _: None)).write(
        "s", readings(1), 1
    )
    assert killer.steps == WRITES


@at_steps(range(0, WRITES, 5))
def test_the_next_write_completes_a_killed_one(hot: HotTier, dynamodb: Any, moment: Moment) -> None:
    mortal = HotTier(Killer(moment).client(dynamodb), "HotTable", runtime=Runtime(sleep=lambda _: None))
    with pytest.raises(Killed):
        mortal.write("s", readings(1), 1)
    hot.write("s", readings(1), 2)
    assert read(hot).equals(merge([readings(1)]))


def test_a_block_that_keeps_changing_is_an_error(hot: HotTier, dynamodb: Any) -> None:
    class Restless:
        def __getattr__(self, name: str) -> Any:
            return getattr(dynamodb, name)

        def put_item(self, **request: Any) -> Any:
            raise dynamodb.exceptions.ConditionalCheckFailedException(
                {"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem"
            )

    restless = HotTier(Restless(), "HotTable", runtime=Runtime(sleep=lambda _: None))
    with pytest.raises(ConflictError):
        restless.write("s", from_columns([1], [START], [1.0]), 1)


def test_unprocessed_keys_are_requested_again(dynamodb: Any) -> None:
    class Stingy:
        calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(dynamodb, name)

        def batch_get_item(self, RequestItems: Any) -> Any:
            self.calls += 1
            wanted = RequestItems["HotTable"]["Keys"]
            answer = dynamodb.batch_get_item(
                RequestItems={"HotTable": {**RequestItems["HotTable"], "Keys": wanted[:5]}}
            )
            unprocessed = wanted[5:]
            answer["UnprocessedKeys"] = (
                {"HotTable": {**RequestItems["HotTable"], "Keys": unprocessed}} if unprocessed else {}
            )
            return answer

    stingy = Stingy()
    hot = HotTier(stingy, "HotTable", runtime=Runtime(sleep=lambda _: None))
    # Blocks of one window, of a group each: consecutive windows would be queried.
    of_groups = from_columns(range(0, 40 * 64, 64), [START] * 40, [1.0] * 40)
    hot.write("s", of_groups, 1)
    assert stingy.calls == 8
    assert hot.write("s", of_groups, 2).blocks == 0


def test_consecutive_windows_are_read_by_one_query(hot: HotTier, dynamodb: Any) -> None:
    requests: Counter[str] = Counter()

    class Counting:
        def __getattr__(self, name: str) -> Any:
            requests[name] += 1
            return getattr(dynamodb, name)

    counting = HotTier(Counting(), "HotTable", runtime=Runtime(sleep=lambda _: None))
    hours = from_columns([1] * 3, [START, START + WINDOW_MS, START + 3 * WINDOW_MS], [1.0, 2.0, 3.0])
    hot.write("s", hours, 1)
    assert counting.write("s", hours, 2).blocks == 0
    assert (requests["query"], requests["batch_get_item"]) == (1, 1)


def test_a_query_finds_the_revision_of_expired_blocks(hot: HotTier) -> None:
    hours = from_columns([1, 1], [START, START + WINDOW_MS], [1.0, 2.0])
    hot.write("s", hours, 1)
    _, blocks = hot.read_group("s", 0, HOUR, START)
    hot.expire("s", blocks, START // 1000)
    later = from_columns([1, 1], [START + 1, START + WINDOW_MS + 1], [3.0, 4.0])
    assert hot.write("s", later, START + 1000).conflicts == 0
    assert read(hot).equals(merge([later]))


def test_latest_is_the_newest_of_each_point(hot: HotTier) -> None:
    hot.write("s", readings(1, points=range(100)), 1)
    hot.write("s", from_columns([100], [START + 1], [5.0]), 1)
    newest = hot.latest("s", [0, 99, 100, 101], HOUR, START)
    expected = merge([readings(1, points=range(100))])
    last = expected[expected.ids == 99][-1:]
    assert newest.ids.tolist() == [0, 99, 100]
    assert newest.times[1] == last.times[0]
    assert newest.values[1] == last.values[0]
    assert newest.values[2] == 5.0


def test_long_reads_page_and_run_by_sub_range(hot: HotTier) -> None:
    days = 10
    times = START + np.arange(0, days * 24 * HOUR_MS, WINDOW_MS)
    written = Samples(np.zeros(len(times), np.int32), times, np.arange(len(times), dtype=np.float64))
    hot.write("s", written, 1)
    assert hot.read("s", [0], Span(START, START + days * 24 * HOUR_MS), START).equals(written)
