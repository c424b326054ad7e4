"""A live chart takes one trip: its blocks are read while the ledger is asked, and no cache is."""

import threading
from typing import Any

import boto3
import pytest

from query.answers import Api
from query.timeseries.answer_cache import AnswerCache
from tests.support.archiving import GRANT, Archive, api, archive, names_of, settle, simulator
from tests.support.sites import SITE
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, HOUR_MS, Span
from vitals.reading.queries import ahead
from vitals.reading.request import QueryRequest
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.query_cache import ResultCache

__all__ = ["api", "archive", "simulator"]

DAY = 1_767_225_600_000
LIVE = Span(DAY + 6 * HOUR_MS, DAY + 26 * HOUR_MS)


def answer(api: Api, archive: Archive, span: Span = LIVE, **parameters: Any) -> dict[str, Any]:
    request = QueryRequest(SITE, names_of(archive), span.start_ms, span.end_ms, "raw", **parameters)
    reply = api.query(GRANT, request)
    assert reply.answer is not None
    return {**reply.answer}


def series(api: Api, archive: Archive) -> list[Any]:
    return [
        [item["point_name"], item["timestamps"].tolist(), item["values"].tolist(), item["gaps"]]
        for item in answer(api, archive)["series"]
    ]


def test_blocks_are_read_while_the_ledger_is_asked(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, records, has_begun = HotTier.read, Ledger.archive_records, threading.Event()

    def reading(self: HotTier, *arguments: Any, **options: Any) -> Any:
        has_begun.set()
        return read(self, *arguments, **options)

    def asked(self: Ledger, *arguments: Any) -> Any:
        assert has_begun.wait(60), "the read waits for the ledger"
        return records(self, *arguments)

    monkeypatch.setattr(HotTier, "read", reading)
    monkeypatch.setattr(Ledger, "archive_records", asked)
    assert list(answer(api, archive)["metadata"]["sources"]) == ["hot"]


@pytest.mark.parametrize(("end_ms", "parameters"), [(LIVE.end_ms, {}), (DAY + 2 * DAY_MS, {"width": 7})])
def test_blocks_are_read_once(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch, end_ms: int, parameters: dict[str, Any]
) -> None:
    """Also where the range ends tomorrow, and the page with a column of it."""
    read, spans = HotTier.read, []

    def reading(self: HotTier, site: str, ids: Any, span: Span, *rest: Any, **options: Any) -> Any:
        spans.append(span)
        return read(self, site, ids, span, *rest, **options)

    monkeypatch.setattr(HotTier, "read", reading)
    answer(api, archive, Span(LIVE.start_ms, end_ms), **parameters)
    last_ms = min(end_ms, archive.world.clock() + FUTURE_TOLERANCE_MS + 1)
    assert sorted(spans) == [Span(LIVE.start_ms, DAY + DAY_MS), Span(DAY + DAY_MS, last_ms)]


def test_the_answer_is_as_without_it(archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = series(api, archive)
    monkeypatch.setattr(ahead, "likely_runs", lambda *_: [])
    assert series(api, archive) == begun
    assert sum(len(times) for _, times, _, _ in begun) > 0


def test_the_cache_is_not_asked(archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    warn = archive.world.journal.warning
    api.cache = AnswerCache(ResultCache(boto3.client("s3"), "cold-bucket"), archive.world.clock, warn)
    cache_reads: list[Any] = []
    monkeypatch.setattr(ResultCache, "get", lambda *arguments: cache_reads.append(arguments))
    answer(api, archive)
    assert cache_reads == []
    settle(archive)
    archive.world.clock.forward(60)
    answer(api, archive, Span(DAY, DAY + DAY_MS))
    assert len(cache_reads) == 1
