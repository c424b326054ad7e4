"""What was just written is in every answer, though eventually consistent reads lag behind."""

import dataclasses
from typing import Any

import boto3
import pytest

from query.answers import Api
from query.timeseries.answer_cache import AnswerCache
from query.timeseries.samples import Reply
from tests.support.archiving import GRANT, Archive, api, archive, names_of, settle, simulator
from tests.support.clock import Clock
from tests.support.sites import SITE
from tests.support.stale_reads import StaleReads
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.executor import Executor
from vitals.reading.request import QueryRequest
from vitals.store.control.circuit import Circuit, CircuitTable
from vitals.store.state.sites import SiteTable
from vitals.store.state.tokens import TokenTable
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.query_cache import ResultCache
from vitals.store.tiers.rollups import RollupTier

__all__ = ["api", "archive", "simulator"]

DAY = 1_767_225_600_000
WHOLE = Span(DAY, DAY + DAY_MS)


@pytest.fixture
def reads(archive: Archive, api: Api, clock: Clock) -> StaleReads:
    """The client of the API's tiers; its answers are cached."""
    client = StaleReads()
    tiers = {"hot": HotTier(client, "HotTable"), "rollups": RollupTier(client, "HotTable")}
    api.executor = dataclasses.replace(api.executor, **tiers)
    api.cache = AnswerCache(
        ResultCache(boto3.client("s3"), "cold-bucket"), clock, archive.world.journal.warning
    )
    return client


def query(api: Api, name: str, span: Span = WHOLE, tag: str = "", **parameters: Any) -> Reply:
    return api.query(GRANT, QueryRequest(SITE, [name], span.start_ms, span.end_ms, **parameters), tag)


def series(reply: Reply) -> Any:
    assert reply.answer is not None
    [of_point] = reply.answer["series"]
    return of_point


def correct(archive: Archive, value: float) -> tuple[str, int]:
    """Changes a sample of the day at its source and reads it again; returns its point and its time."""
    name, time_ms = sorted(archive.world.truth(WHOLE))[5]
    archive.world.simulator.put_samples(SITE, [(name, str(value), time_ms)])
    archive.world.reread(Span(time_ms, time_ms + 1))
    return name, time_ms


@pytest.mark.parametrize("resolution", ["1h", "1d"])
def test_rollups_just_written_are_in_the_answer(
    archive: Archive, api: Api, reads: StaleReads, resolution: str
) -> None:
    """Else the rollups of the file before would be served for a day."""
    settle(archive)
    name, _ = correct(archive, 4242.5)
    archive.world.clock.forward(40)
    reads.hold("HotTable")
    archive.archive(reconcile=False)
    for is_hit in (False, True):
        reply = query(api, name, resolution=resolution)
        assert reply.answer is not None and reply.etag
        assert list(reply.answer["metadata"]["sources"]) == ["rollup"]
        assert reply.answer["metadata"]["cache_hit"] is is_hit
        assert max(series(reply)["max"]) == 4242.5


def test_rollups_of_quiet_days_are_read_beside(archive: Archive, api: Api, reads: StaleReads) -> None:
    """A run of days that is read otherwise changes no order of the rows."""
    world = archive.world
    settle(archive)
    world.clock.now_ms = DAY + 2 * DAY_MS + HOUR_MS
    world.sync()
    before = series(query(api, names_of(archive)[0], resolution="1h"))
    second = Span(DAY + DAY_MS, DAY + 2 * DAY_MS)
    world.clock.forward(40)
    reads.hold("HotTable")
    reads.eventual.clear()
    archive.archiver.archive(SiteDay(SITE, second.start_ms))
    reply = query(api, names_of(archive)[0], Span(WHOLE.start_ms, second.end_ms), resolution="1h")
    assert reply.answer is not None and list(reply.answer["metadata"]["sources"]) == ["rollup"]
    times = series(reply)["timestamps"].tolist()
    assert times == sorted(times) == list(range(DAY, second.end_ms, HOUR_MS))
    assert series(reply)["values"][:24].tolist() == before["values"].tolist()
    # The rollups of the first day, and the hour before it.
    assert reads.eventual == ["HotTable"] * 2


@pytest.mark.parametrize("resolution", ["raw", "1h"])
def test_a_change_amid_a_read_changes_the_name(
    archive: Archive, api: Api, reads: StaleReads, monkeypatch: pytest.MonkeyPatch, resolution: str
) -> None:
    """The records are read before the tiers, so whatever comes between them is of the next name."""
    settle(archive)
    archive.world.clock.forward(60)
    name, _ = sorted(archive.world.truth(WHOLE))[5]
    real = Executor.records

    def changed_after(*arguments: Any) -> Any:
        records = real(*arguments)
        correct(archive, 4242.5)
        archive.world.clock.forward(40)
        archive.archive(reconcile=False)
        return records

    with monkeypatch.context() as patch:
        patch.setattr(Executor, "records", changed_after)
        amid = query(api, name, resolution=resolution)
    assert amid.etag
    for is_hit in (False, True):
        later = query(api, name, resolution=resolution, tag=amid.etag)
        assert later.answer is not None and later.etag not in (None, amid.etag)
        assert later.answer["metadata"]["cache_hit"] is is_hit
        assert 4242.5 in series(later)["max" if resolution == "1h" else "values"]


def test_acknowledged_blocks_are_in_the_answer(archive: Archive, api: Api, reads: StaleReads) -> None:
    reads.hold("HotTable")
    name, time_ms = correct(archive, 4242.5)
    corrected = series(query(api, name, resolution="raw"))
    assert corrected["values"][corrected["timestamps"].tolist().index(time_ms)] == 4242.5


def test_the_newest_sample_is_the_newest(archive: Archive, api: Api, reads: StaleReads) -> None:
    world, name = archive.world, names_of(archive)[0]
    reads.hold("HotTable")
    world.clock.forward(10)
    time_ms = world.clock() - 6 * MINUTE_MS
    world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
    world.sync()
    [newest] = api.latest(GRANT, SITE, [name], 1, None)["latest"]
    assert (newest["timestamp"], newest["value"]) == (time_ms, 4242.5)


def test_a_silent_point_was_last_seen_in_rollups(archive: Archive, api: Api, reads: StaleReads) -> None:
    reads.hold("HotTable")
    settle(archive)
    archive.world.clock.now_ms = DAY + 3 * DAY_MS
    [newest] = api.latest(GRANT, SITE, names_of(archive)[:1], 1, None)["latest"]
    assert (newest["timestamp"], newest["last_seen"]) == (None, DAY + 23 * HOUR_MS)


def test_quiet_days_cost_half(archive: Archive, api: Api, reads: StaleReads) -> None:
    """The page of the ledger is consistent, one unit; what follows is half as much when nothing changes."""
    settle(archive)
    name = names_of(archive)[0]
    archive.world.clock.forward(60)
    units = {}
    for resolution in ("raw", "1h"):
        units[resolution] = cost_of(query(api, name, resolution=resolution))
    # The samples, then the rollups and the hour before them.
    assert reads.eventual == ["HotTable"] * 3
    archive.archiver.archive(SiteDay(SITE, DAY))
    # The hour before is of a day that is still quiet.
    for resolution, still_quiet in (("raw", 0), ("1h", 0.5)):
        changed = 2 * (units[resolution] - 1 - still_quiet) + still_quiet
        assert cost_of(query(api, name, resolution=resolution)) - 1 == changed
    assert reads.eventual == ["HotTable"] * 4


def cost_of(reply: Reply) -> float:
    assert reply.answer is not None and not reply.answer["metadata"]["cache_hit"]
    return float(reply.answer["metadata"]["cost"]["read_units"])


def test_sites_tokens_and_circuits_are_read_consistently(dynamodb: Any, clock: Clock) -> None:
    """A revoked token is refused at once, and a new one works."""
    reads = StaleReads()
    tokens, sites = TokenTable(dynamodb, "StateTable"), SiteTable(dynamodb, "StateTable")
    revoked = tokens.create("old", ["read"], ["*"], now_ms=clock())
    reads.hold("StateTable")
    [token] = tokens.all()
    tokens.remove_grant(token)
    secret = tokens.create("new", ["read"], ["*"], now_ms=clock())
    sites.record_catalog(SITE, "Site", 1, None)
    circuits = [CircuitTable(client, "StateTable", "http://ace") for client in (dynamodb, reads)]
    circuits[0].store(Circuit(5, clock() + HOUR_MS))
    seen = TokenTable(reads, "StateTable")
    assert seen.find_grant(revoked, clock()) is None
    assert seen.find_grant(secret, clock()) is not None
    assert [record.site for record in SiteTable(reads, "StateTable").list()] == [SITE]
    assert circuits[1].load() == circuits[0].load() == Circuit(5, clock() + HOUR_MS)
    assert reads.eventual == []
