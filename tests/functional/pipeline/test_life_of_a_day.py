"""The same answer whichever tier holds a day: hot, archived, expired, late, at the boundary, all at once."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
import pytest

from query.answers import Api
from tests.functional.conftest import SITE, executor
from tests.functional.pipeline.test_archiver import Archive, archive, simulator
from vitals.aws.cost import Cost
from vitals.errors import DayFileError
from vitals.model.records.tokens import Grant
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso
from vitals.reading.request import QueryRequest
from vitals.store import keys

__all__ = ["archive", "simulator"]

DAY = 1_767_225_600_000
NO_COLUMNS = ("point_name", "gaps", "coverage")
GRANT = Grant("test", frozenset({"read"}), frozenset({"*"}))


@pytest.fixture
def api(archive: Archive) -> Api:
    return archive.world.api()


def ask(api: Api, names: list[str], span: Span, resolution: str = "raw") -> tuple[list[Any], dict[str, Any]]:
    """Every page's series joined, and the last answer."""
    token, joined = None, [[] for _ in names]
    for _ in range(100):
        asked = QueryRequest(SITE, names, span.start_ms, span.end_ms, resolution, None, token)
        answer = api.query(GRANT, asked).answer
        for rows, series in zip(joined, answer["series"], strict=True):
            columns_ = [np.asarray(series[k]) for k in series if k not in NO_COLUMNS]
            rows += [tuple(c.tobytes() for c in row) for row in zip(*columns_, strict=True)]
        token = answer["metadata"]["next_token"]
        if token is None:
            return joined, answer
    raise AssertionError("the answer never ends")


def names_of(archive: Archive) -> list[str]:
    return sorted(archive.world.syncer.catalogs.load(SITE).active_ids)[:12]


def expire(archive: Archive) -> None:
    """What DynamoDB does when blocks are over their time."""
    now_s = archive.world.clock() // 1000
    for item in archive.blocks():
        if "expires_at" in item and int(item["expires_at"]["N"]) <= now_s:
            key = {"pk": item["pk"], "w": item["w"]}
            archive.world.client.delete_item(TableName="HotTable", Key=key)


def settle(archive: Archive) -> None:
    for _ in range(2):
        archive.world.clock.forward(40)
        archive.archive()


@pytest.mark.parametrize("resolution", ["raw", "5m", "1h", "1d"])
def test_a_day_answers_the_same_hot_archived_expiring_and_cold(
    archive: Archive, api: Api, resolution: str
) -> None:
    names, span = names_of(archive), Span(DAY - 2 * HOUR_MS, DAY + DAY_MS)
    hot, answer = ask(api, names, span, resolution)
    assert answer["metadata"]["sources"] == ["hot"]
    assert sum(map(len, hot)) > 12
    settle(archive)
    archived, answer = ask(api, names, span, resolution)
    assert archived == hot
    assert ("rollup" in answer["metadata"]["sources"]) == (resolution in ("1h", "1d"))
    archive.world.clock.now_ms = DAY + 21 * DAY_MS + HOUR_MS
    lingering, _ = ask(api, names, span, resolution)
    expire(archive)
    assert not archive.blocks()
    cold, answer = ask(api, names, span, resolution)
    assert lingering == cold == hot
    source = "rollup" if resolution in ("1h", "1d") else "archive"
    assert source in answer["metadata"]["sources"]
    assert answer["warnings"] == []


def test_older_days_fetched_later_meet_the_live_ones_without_gap_or_duplicate(
    archive: Archive, api: Api
) -> None:
    names, seam = names_of(archive), Span(DAY - 8 * HOUR_MS, DAY + 3 * HOUR_MS)
    archive.world.reread(Span(DAY - 12 * HOUR_MS, DAY + HOUR_MS))
    truth = {key: value for key, value in archive.world.truth(seam).items() if key[0] in names}
    settle(archive)
    for moment in (archive.world.clock(), DAY + 25 * DAY_MS):
        archive.world.clock.now_ms = moment
        expire(archive)
        joined, _ = ask(api, names, seam)
        shown = {
            (name, int(np.frombuffer(at, np.int64)[0])): value
            for name, rows in zip(names, joined, strict=True)
            for at, value in rows
        }
        assert shown == truth
        assert sum(map(len, joined)) == len(truth)


def test_many_files_are_read_by_athena_and_the_hot_tier_still_wins(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + 25 * DAY_MS
    expire(archive)
    names, whole = names_of(archive), Span(DAY, DAY + DAY_MS)
    direct, _ = ask(api, names, whole)
    cold = api.executor.cold

    class Wide:
        """Answers as Athena does, ids as places in `names`."""

        def raw(
            self, site: str, names: list[str], span: Span, timeout_s: float, cost: Any, rows: RowCounts
        ) -> Samples:
            day = cold.read(SiteDay(site, DAY), names, whole)
            inside = (day.times >= span.start_ms) & (day.times < span.end_ms)
            rows.add(day.times[inside])
            for times in (day.times[inside], day.times[~inside]):
                rows.add_source_counts(times[:1], np.array([len(times)])[: len(times)])
            return day[inside]

    monkeypatch.setattr("vitals.reading.archive._MAX_FILES", 0)
    api.executor = executor(archive.world.client, Wide())
    wide, answer = ask(api, names, whole)
    assert wide == direct
    assert answer["metadata"]["sources"] == ["athena"]
    assert answer["warnings"] == []
    key = keys.day_file(SiteDay(SITE, DAY))
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=key)
    monkeypatch.setattr(Wide, "raw", lambda *_: from_columns([], [], []))
    _, answer = ask(api, names, whole)
    assert len(answer["warnings"]) == 1


def test_another_hot_time_changes_no_answer(archive: Archive, api: Api) -> None:
    names, whole = names_of(archive), Span(DAY, DAY + DAY_MS)
    archive.archiver = dataclasses.replace(archive.archiver, hot_days=5)
    before, _ = ask(api, names, whole)
    settle(archive)
    archive.world.clock.now_ms = DAY + 8 * DAY_MS
    expire(archive)
    assert not archive.blocks()
    archive.archiver = dataclasses.replace(archive.archiver, hot_days=20)
    archive.reconcile = False
    settle(archive)
    for resolution in ("raw", "5m"):
        assert sum(map(len, ask(api, names, whole, resolution)[0]))
    assert ask(api, names, whole)[0] == before


def test_archiving_an_overdue_day_empties_no_query_under_way(archive: Archive, api: Api) -> None:
    names, whole = names_of(archive), Span(DAY, DAY + DAY_MS)
    before, _ = ask(api, names, whole)
    archive.world.clock.now_ms = DAY + 60 * DAY_MS
    early = api.executor.records(SITE, whole, Cost())
    archive.archive(reconcile=False)
    archive.world.clock.forward(1)
    expire(archive)
    object.__setattr__(api.executor.ledger, "archive_records", lambda *_: early)
    assert ask(api, names, whole)[0] == before


def test_a_day_that_cannot_be_read_is_left_out_with_a_warning(archive: Archive, api: Api) -> None:
    names, both = names_of(archive), Span(DAY - 8 * HOUR_MS, DAY + DAY_MS)
    settle(archive)
    archive.world.clock.now_ms = DAY + 25 * DAY_MS
    expire(archive)
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=keys.day_file(SiteDay(SITE, DAY)))
    api.executor.cold._footers.clear()
    shown, answer = ask(api, names, both)
    assert sum(map(len, shown))
    assert any(iso(DAY)[:10] in warning for warning in answer["warnings"])


def test_a_late_sample_of_a_cold_day_shows_at_once_and_after_archiving(archive: Archive, api: Api) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + 25 * DAY_MS
    expire(archive)
    name = names_of(archive)[0]
    catalog = archive.world.syncer.catalogs.load(SITE)
    before, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    late = from_columns([catalog.by_name[name].id] * 2, [DAY + 1, DAY + 2], [1.5, 2.5])
    archive.archiver.ledger.mark_changed(SITE, [DAY], archive.world.clock())
    archive.archiver.hot.write(SITE, late, archive.world.clock())
    for resolution in ("raw", "1h"):
        shown, answer = ask(api, [name], Span(DAY, DAY + DAY_MS), resolution)
        assert set(answer["metadata"]["sources"]) == {"archive", "hot"}
    raw, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    assert len(raw[0]) == len(before[0]) + 2
    settle(archive)
    archive.world.clock.forward(25 * 60)
    expire(archive)
    assert not archive.blocks()
    assert ask(api, [name], Span(DAY, DAY + DAY_MS))[0] == raw
    assert ask(api, [name], Span(DAY, DAY + DAY_MS), "1h")[0] == shown


def test_the_same_keys_in_both_tiers_are_answered_once_and_hot_wins(archive: Archive, api: Api) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + 22 * DAY_MS
    name = names_of(archive)[0]
    before, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    catalog = archive.world.syncer.catalogs.load(SITE)
    at = int(np.frombuffer(before[0][5][0], np.int64)[0])
    corrected = from_columns([catalog.by_name[name].id], [at], [777.5])
    archive.archiver.ledger.mark_changed(SITE, [at], archive.world.clock())
    archive.archiver.hot.write(SITE, corrected, archive.world.clock())
    after, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    assert [row[0] for row in after[0]] == [row[0] for row in before[0]]
    assert np.frombuffer(after[0][5][1])[0] == 777.5
    assert [row for i, row in enumerate(after[0]) if i != 5] == [
        row for i, row in enumerate(before[0]) if i != 5
    ]


def test_a_sample_at_the_end_of_its_hot_time_is_kept_while_the_day_is_read_again(
    archive: Archive, api: Api
) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + DAY_MS + 20 * DAY_MS - 60_000
    names = names_of(archive)
    whole = Span(DAY, DAY + DAY_MS)
    before, _ = ask(api, names, whole)
    archive.world.reread(Span(DAY + 12 * HOUR_MS, DAY + DAY_MS))
    archive.world.clock.forward(2)
    expire(archive)
    assert ask(api, names, whole)[0] == before


def test_a_day_file_that_is_gone_or_broken_is_named_and_never_empty(archive: Archive, api: Api) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + 30 * DAY_MS
    expire(archive)
    api.executor.cold._footers.clear()
    key = keys.day_file(SiteDay(SITE, DAY))
    boto3.client("s3").put_object(Bucket="cold-bucket", Key=key, Body=b"PAR1 and then nothing")
    with pytest.raises(DayFileError):
        ask(api, names_of(archive), Span(DAY, DAY + DAY_MS))
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=key)
    with pytest.raises(DayFileError):
        ask(api, names_of(archive), Span(DAY, DAY + DAY_MS))


def test_a_hundred_queries_at_once_over_every_tier(archive: Archive, api: Api) -> None:
    names = names_of(archive)
    archive.world.sync()
    settle(archive)
    archive.world.clock.now_ms = DAY + 21 * DAY_MS + HOUR_MS
    expire(archive)
    spans = [Span(DAY - HOUR_MS, DAY + DAY_MS), Span(DAY + 20 * HOUR_MS, DAY + 26 * HOUR_MS)]
    asked = [(names[i % 12 :], spans[i % 2], ("raw", "5m", "1h", "1d")[i % 4]) for i in range(100)]
    expected = {str(one): ask(api, *one)[0] for one in asked[:12]}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda one: ask(api, *one)[0], asked))
    assert len(answers) == 100
    for one, answer in zip(asked, answers, strict=True):
        assert answer == expected.get(str(one), answer)


@pytest.fixture(autouse=True)
def fewer_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 500)
    yield
