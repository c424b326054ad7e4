"""The store oracle is silent about what the product does, and finds every planted fault."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
import zstandard

from tests.simulation.oracle.store_world import DAY, SITE, World, readings
from tests.simulation.run import Run, Scenario
from tests.simulation.stack import BUCKET
from vitals.codec import blocks
from vitals.model import point_set
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, Span
from vitals.store import keys

BLOCK = keys.hot_block(SITE, 0, DAY.day_ms)
ROLLUP = {"pk": {"S": keys.rollup_partition(SITE, 0)}, "w": {"N": str(DAY.day_ms)}}
EXPIRY = {"N": str((DAY.day_ms + 9 * DAY_MS) // 1000)}


@pytest.fixture
def world() -> World:
    """A world with a day of samples in blocks."""
    world = World()
    world.fetch(readings())
    assert world.check() == []
    return world


@pytest.fixture
def archived(world: World) -> World:
    """A world with a settled day."""
    world.archive()
    assert world.check() == []
    return world


def test_clean_run_has_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    # A run of a few hours; the rest after it would take longer.
    monkeypatch.setattr(Run, "_come_to_rest", lambda run: None)
    run = Run(Scenario(seed=1, days=1, points=4, faults=0))
    run.span = Span(run.span.start_ms, run.span.start_ms + 4 * HOUR_MS)
    run.play()
    assert run.problems.texts == []
    assert run.fetches.acknowledged


def test_changing_and_resting_days_are_right(archived: World) -> None:
    archived.fetch(readings(minutes=3, first=50.0))
    archived.archive()
    assert archived.check() == []
    archived.now_ms = DAY.day_ms + 4 * DAY_MS
    assert archived.dynamodb.reap("HotTable", "expires_at", lambda: True)
    archived.fetch({"boiler": {DAY.day_ms + 2 * HOUR_MS: 1.0}})
    archived.archive()
    archived.oracle.at_rest()
    assert archived.check() == []


@pytest.mark.parametrize(("hour", "is_due"), [(1, True), (3, False)])
def test_days_are_settled_by_the_last_night(archived: World, hour: int, is_due: bool) -> None:
    night_ms = DAY.day_ms + 5 * DAY_MS
    archived.stores.ledger.mark_changed(SITE, {DAY.day_ms}, night_ms + hour * HOUR_MS)
    archived.now_ms = night_ms + 6 * HOUR_MS
    archived.oracle.at_rest()
    assert any("not settled at rest" in text for text in archived.check()) == is_due


def test_unverified_blocks_may_not_expire(world: World) -> None:
    world.set_item("HotTable", BLOCK, expires_at=EXPIRY)
    assert any("without a verified file" in text for text in world.check())


def test_files_have_samples_of_expiring_blocks(archived: World) -> None:
    late_ms = DAY.day_ms + 3 * HOUR_MS
    archived.fetch({"boiler": {late_ms: 1.0}})
    archived.set_item("HotTable", keys.hot_block(SITE, 0, late_ms), expires_at=EXPIRY)
    assert any("the file lacks samples of blocks: 1 samples" in text for text in archived.check())


def test_files_have_values_of_expiring_blocks(world: World) -> None:
    rows = readings()
    world.archive()
    world.now_ms += HOUR_MS
    world.fetch({"boiler": {DAY.day_ms: -0.0}})
    world.set_item("HotTable", BLOCK, expires_at=EXPIRY)
    value = rows["boiler"][DAY.day_ms]
    assert any(f"the file has {value!r}, a block -0.0" in text for text in world.check())


@pytest.mark.parametrize("attributes", [{"n": {"N": "4"}}, {"n": {"N": "10"}, "r": {"N": "7"}}])
def test_blocks_do_not_shrink_and_count_revisions(world: World, attributes: dict[str, Any]) -> None:
    world.set_item("HotTable", BLOCK, **({"r": {"N": "2"}} | attributes))
    assert any("samples fewer" in text or "follows" in text for text in world.check())


@pytest.mark.parametrize("attributes", [{"n": {"N": "600"}}, {"f": {"N": "1"}}, {"b": {"B": b""}}])
def test_revisions_change_with_blocks(world: World, attributes: dict[str, Any]) -> None:
    world.set_item("HotTable", BLOCK, **attributes)
    assert any("it changes, and its revision does not" in text for text in world.check())


def test_older_fetches_do_not_replace_newer_values(world: World) -> None:
    item = world.dynamodb.get("HotTable", BLOCK) or {}
    samples = blocks.decode(item["b"]["B"], DAY.day_ms)
    payload = blocks.encode(replace(samples, values=samples.values + 1), DAY.day_ms)
    world.set_item("HotTable", BLOCK, r={"N": "2"}, b={"B": payload})
    assert any("an older fetch replaces values" in text for text in world.check())


def test_blocks_are_deleted_when_they_have_expired_only(archived: World) -> None:
    archived.dynamodb.call("delete_item", {"TableName": "HotTable", "Key": BLOCK})
    assert any("had not expired" in text for text in archived.check())


def test_blocks_keep_an_expiry(archived: World) -> None:
    item = archived.dynamodb.get("HotTable", BLOCK) or {}
    del item["expires_at"]
    archived.dynamodb.call("put_item", {"TableName": "HotTable", "Item": item})
    assert any("it had an expiry, and has none" in text for text in archived.check())


def test_no_block_expires_before_the_ledger_says(archived: World) -> None:
    archived.set_item("HotTable", BLOCK, expires_at=EXPIRY)
    assert archived.check() == []
    archived.set_item("HotTable", BLOCK, expires_at={"N": str(archived.now_ms // 1000 + 60)})
    assert any("which the ledger promises" in text for text in archived.check())


@pytest.mark.parametrize(("hours", "text"), [(1, "none of the window began"), (-1, "goes back")])
def test_blocks_name_the_begin_of_a_fetch(world: World, hours: int, text: str) -> None:
    fetched_ms = world.now_ms + hours * HOUR_MS
    world.set_item("HotTable", BLOCK, r={"N": "2"}, f={"N": str(fetched_ms)})
    assert any(text in found for found in world.check())


def test_files_do_not_lose_rows(archived: World) -> None:
    rows = readings()
    del rows["chiller"][DAY.day_ms + 60_000]
    archived.put_file(rows)
    texts = archived.check()
    assert any("a new file lacks samples of the one before: 1 samples" in text for text in texts)


def test_files_are_announced(archived: World) -> None:
    archived.put_file(readings(minutes=91), announced=False)
    texts = archived.check()
    assert any("did not say that the file is about to be replaced" in text for text in texts)
    assert any("settled, but the current file is not the ledger's" in text for text in texts)


def test_files_are_not_deleted(archived: World) -> None:
    archived.s3.call("delete_object", {"Bucket": BUCKET, "Key": keys.day_file(DAY)})
    assert any("the file is deleted" in text for text in archived.check())


def test_files_have_a_record(archived: World) -> None:
    other = SiteDay(SITE, DAY.day_ms - DAY_MS)
    body = archived.s3.read(BUCKET, keys.day_file(DAY))
    archived.s3.call("put_object", {"Bucket": BUCKET, "Key": keys.day_file(other), "Body": body})
    archived.now_ms += DAY_MS
    assert any("there is a file, and no record of it" in text for text in archived.check())


@pytest.mark.parametrize(
    ("field", "text"),
    [("rows", "the ledger has rows 7"), ("windows", "windows 7"), ("etag", "no file of the ledger's ETag")],
)
def test_ledger_equals_file(archived: World, field: str, text: str) -> None:
    archived.stores.ledger.update_archive(DAY, **{field: "7" if field == "etag" else 7})
    assert any(text in problem for problem in archived.check())


def test_records_stay(archived: World) -> None:
    archived.dynamodb.call("delete_item", {"TableName": "StateTable", "Key": keys.archive_day(DAY)})
    assert any("the record of the archive is deleted" in text for text in archived.check())


def test_rollups_are_those_of_the_file(archived: World) -> None:
    other = archived.dynamodb.get("HotTable", ROLLUP | {"pk": {"S": keys.rollup_partition(SITE, 1)}})
    assert other
    archived.set_item("HotTable", ROLLUP, b=other["b"])
    texts = archived.check()
    assert any("the rollups are not those" in text and "bit by bit" in text for text in texts)
    assert any("the rollups are not those" in text and "'firsts', 'lasts'" in text for text in texts)
    assert any("the rollups are not those" in text and "'integrals'" in text for text in texts)


def test_rollups_are_of_points_in_the_file(archived: World) -> None:
    item = archived.dynamodb.get("HotTable", ROLLUP) or {}
    archived.set_item("HotTable", ROLLUP | {"pk": {"S": keys.rollup_partition(SITE, 9)}}, b=item["b"])
    archived.dynamodb.call("delete_item", {"TableName": "HotTable", "Key": ROLLUP})
    texts = archived.check()
    assert any("has, without samples in the file, the rollups of id 9" in text for text in texts)
    assert any("lacks the rollups of id 0" in text for text in texts)


def test_rollups_are_of_days_with_a_file(world: World) -> None:
    world.set_item("HotTable", ROLLUP, b={"B": b""})
    assert any("has rollups, and the day no verified file" in text for text in world.check())


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ([(0, "boiler")], "does not begin with the points that it had"),
        ([(0, "chiller"), (1, "boiler")], "does not begin with the points that it had"),
        ([(0, "boiler"), (1, "chiller"), (1, "fan")], "are not 0, 1, 2"),
        ([(0, "boiler"), (1, "chiller"), (2, "boiler")], "a name is in the catalog twice"),
    ],
)
def test_ids_are_permanent(world: World, points: list[tuple[int, str]], text: str) -> None:
    rows = [{"id": point, "listed": {"name": name}, "active": True} for point, name in points]
    payload = zstandard.compress(orjson.dumps(rows))
    world.set_item("StateTable", keys.catalog_chunk(SITE, 0), b={"B": payload})
    assert any(text in problem for problem in world.check())


def test_checkpoints_do_not_go_back(world: World) -> None:
    _set_site(world, first_ms=DAY.day_ms, checkpoint_ms=DAY.day_ms + 20 * MINUTE_MS)
    _set_site(world, first_ms=DAY.day_ms, checkpoint_ms=DAY.day_ms + 90 * MINUTE_MS)
    assert world.check() == []
    _set_site(world, first_ms=DAY.day_ms + 1, checkpoint_ms=DAY.day_ms + 85 * MINUTE_MS)
    texts = world.check()
    assert any("checkpoint_ms goes from" in text for text in texts)
    assert any("first_ms goes from" in text for text in texts)


def test_checkpoints_stay_before_unpolled_windows(world: World) -> None:
    _set_site(world, first_ms=DAY.day_ms, checkpoint_ms=DAY.day_ms + 95 * MINUTE_MS)
    texts = world.check()
    assert any("passes 2026-03-10T01:30:00Z, which is not polled" in text for text in texts)


def _set_site(world: World, **times_ms: int) -> None:
    values = {name: {"N": str(time_ms)} for name, time_ms in times_ms.items()}
    world.set_item("StateTable", keys.site_record(SITE), **values)


def test_unread_windows_are_not_polled(world: World) -> None:
    tomorrow = Span(DAY.day_ms + DAY_MS, DAY.day_ms + DAY_MS + WINDOW_MS)
    world.stores.ledger.record(SITE, tomorrow, {}, point_set.from_ids(range(2)))
    assert any("2026-03-11T00:00:00Z is noted as polled" in text for text in world.check())


def test_windows_do_not_shrink(world: World) -> None:
    key = keys.ledger_day(DAY)
    item = world.dynamodb.get("StateTable", key) or {}
    world.set_item("StateTable", key, c={"B": bytes(len(item["c"]["B"]))}, p={"B": bytes(288)})
    texts = world.check()
    assert any("counts fewer samples" in text for text in texts)
    assert any("no longer polled" in text for text in texts)


def test_days_are_settled_at_rest(world: World) -> None:
    world.now_ms += 2 * DAY_MS
    world.oracle.at_rest()
    assert any("not settled at rest" in text for text in world.problems.texts)


def test_acknowledged_samples_are_stored_at_rest(archived: World) -> None:
    archived.fetch({"boiler": {DAY.day_ms + 5 * HOUR_MS: 2.0}})
    key = keys.hot_block(SITE, 0, DAY.day_ms + 5 * HOUR_MS)
    archived.dynamodb.call("delete_item", {"TableName": "HotTable", "Key": key})
    archived.oracle.at_rest()
    assert any("1 samples of 'boiler' are stored nowhere" in text for text in archived.problems.texts)


def test_blocks_of_settled_days_are_announced(archived: World) -> None:
    archived.stores.hot.write(SITE, from_columns([0], [DAY.day_ms], [9.0]), archived.now_ms)
    assert any("a block is written, and the day is settled" in text for text in archived.check())


def test_settled_days_have_the_values_of_their_blocks(world: World) -> None:
    world.archive()
    world.stores.ledger.update_archive(DAY, changed_ms=world.now_ms)
    assert world.check() == []
    block = world.dynamodb.get("HotTable", keys.hot_block(SITE, 0, DAY.day_ms + WINDOW_MS)) or {}
    samples = blocks.decode(block["b"]["B"], DAY.day_ms + WINDOW_MS)
    other = blocks.encode(Samples(samples.ids, samples.times, samples.values + 1), DAY.day_ms + WINDOW_MS)
    world.set_item("HotTable", keys.hot_block(SITE, 0, DAY.day_ms + WINDOW_MS), b={"B": other})
    world.stores.ledger.update_archive(DAY, changed_ms=DAY.day_ms, began_ms=world.now_ms)
    assert any("a block" in text for text in world.check())
