"""The same answer whichever tier holds a day: hot, archived, expired, late, at the boundary, all at once."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
import pytest

from query.answers import Api
from tests.support.archiving import GRANT, Archive, api, archive, expire, names_of, settle, simulator
from tests.support.query_tiers import executor
from tests.support.sites import SITE
from vitals.aws.cost import Cost
from vitals.errors import DayFileError
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso
from vitals.reading.request import QueryRequest
from vitals.store import keys

__all__ = ["api", "archive", "simulator"]

DAY = 1_767_225_600_000
NO_COLUMNS = ("point_name", "unit", "source_unit", "gaps", "coverage", "partial")


def ask(api: Api, names: list[str], span: Span, resolution: str = "raw") -> tuple[list[Any], dict[str, Any]]:
    """Every page's series joined, and the last answer."""
    token, joined = None, [[] for _ in names]
    for _ in range(100):
        query = QueryRequest(SITE, names, span.start_ms, span.end_ms, resolution, None, token)
        answer = api.query(GRANT, query).answer
        for rows, series in zip(joined, answer["series"], strict=True):
            arrays = [np.asarray(series[k]) for k in series if k not in NO_COLUMNS]
            rows += [tuple(c.tobytes() for c in row) for row in zip(*arrays, strict=True)]
        token = answer["metadata"]["next_token"]
        if token is None:
            return joined, answer
    raise AssertionError("the answer never ends")


@pytest.mark.parametrize("resolution", ["raw", "5m", "1h", "1d"])
def test_a_day_reads_the_same_in_every_tier(archive: Archive, api: Api, resolution: str) -> None:
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


def test_older_days_join_live_days_without_gaps(archive: Archive, api: Api) -> None:
    names, seam = names_of(archive), Span(DAY - 8 * HOUR_MS, DAY + 3 * HOUR_MS)
    archive.world.reread(Span(DAY - 12 * HOUR_MS, DAY + HOUR_MS))
    truth = {key: value for key, value in archive.world.truth(seam).items() if key[0] in names}
    settle(archive)
    for moment in (archive.world.clock(), DAY + 25 * DAY_MS):
        archive.world.clock.now_ms = moment
        expire(archive)
        joined, _ = ask(api, names, seam)
        shown = {
            (name, int(np.frombuffer(time_ms, np.int64)[0])): value
            for name, rows in zip(names, joined, strict=True)
            for time_ms, value in rows
        }
        assert shown == truth
        assert sum(map(len, joined)) == len(truth)


def test_the_hot_tier_wins_over_athena(archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
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

    monkeypatch.setattr("vitals.reading.archive.MAX_FILES", 0)
    api.executor = executor(archive.world.client, Wide())
    wide, answer = ask(api, names, whole)
    assert wide == direct
    assert answer["metadata"]["sources"] == ["athena"]
    assert answer["warnings"] == []
    key = keys.day_file(SiteDay(SITE, DAY))
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=key)
    monkeypatch.setattr(Wide, "raw", lambda *_, **__: from_columns([], [], []))
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


def test_archiving_an_overdue_day_empties_no_query(archive: Archive, api: Api) -> None:
    names, whole = names_of(archive), Span(DAY, DAY + DAY_MS)
    before, _ = ask(api, names, whole)
    archive.world.clock.now_ms = DAY + 60 * DAY_MS
    early = api.executor.records(SITE, whole, Cost())
    archive.archive(reconcile=False)
    archive.world.clock.forward(1)
    expire(archive)
    object.__setattr__(api.executor.ledger, "archive_records", lambda *_: early)
    assert ask(api, names, whole)[0] == before


def test_an_unreadable_day_is_a_warning(archive: Archive, api: Api) -> None:
    names, both = names_of(archive), Span(DAY - 8 * HOUR_MS, DAY + DAY_MS)
    settle(archive)
    archive.world.clock.now_ms = DAY + 25 * DAY_MS
    expire(archive)
    boto3.client("s3").delete_object(Bucket="cold-bucket", Key=keys.day_file(SiteDay(SITE, DAY)))
    api.executor.cold._footers.clear()
    shown, answer = ask(api, names, both)
    assert sum(map(len, shown))
    assert any(iso(DAY)[:10] in warning for warning in answer["warnings"])


def test_late_samples_of_cold_days_are_read(archive: Archive, api: Api) -> None:
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


def test_keys_in_both_tiers_are_read_from_hot(archive: Archive, api: Api) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + 22 * DAY_MS
    name = names_of(archive)[0]
    before, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    catalog = archive.world.syncer.catalogs.load(SITE)
    time_ms = int(np.frombuffer(before[0][5][0], np.int64)[0])
    corrected = from_columns([catalog.by_name[name].id], [time_ms], [777.5])
    archive.archiver.ledger.mark_changed(SITE, [time_ms], archive.world.clock())
    archive.archiver.hot.write(SITE, corrected, archive.world.clock())
    after, _ = ask(api, [name], Span(DAY, DAY + DAY_MS))
    assert [row[0] for row in after[0]] == [row[0] for row in before[0]]
    assert np.frombuffer(after[0][5][1])[0] == 777.5
    assert [row for i, row in enumerate(after[0]) if i != 5] == [
        row for i, row in enumerate(before[0]) if i != 5
    ]


def test_a_sample_about_to_expire_survives_a_reread(archive: Archive, api: Api) -> None:
    settle(archive)
    archive.world.clock.now_ms = DAY + DAY_MS + 20 * DAY_MS - 60_000
    names = names_of(archive)
    whole = Span(DAY, DAY + DAY_MS)
    before, _ = ask(api, names, whole)
    archive.world.reread(Span(DAY + 12 * HOUR_MS, DAY + DAY_MS))
    archive.world.clock.forward(2)
    expire(archive)
    assert ask(api, names, whole)[0] == before


def test_a_missing_or_broken_file_is_named(archive: Archive, api: Api) -> None:
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
    queries = [(names[i % 12 :], spans[i % 2], ("raw", "5m", "1h", "1d")[i % 4]) for i in range(100)]
    expected = {str(query): ask(api, *query)[0] for query in queries[:12]}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda query: ask(api, *query)[0], queries))
    assert len(answers) == 100
    for query, answer in zip(queries, answers, strict=True):
        assert answer == expected.get(str(query), answer)


@pytest.fixture(autouse=True)
def fewer_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 500)
    yield
