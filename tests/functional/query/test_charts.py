"""Charts through the API over every tier: shape, gaps, coverage, cost, and answers that are kept."""

import dataclasses
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from query.answers import Api
from query.timeseries import answer_cache, samples
from query.timeseries.answer_cache import AnswerCache
from query.timeseries.samples import Reply, SampleReader
from tests.support.archiving import GRANT, Archive, api, archive, expire, names_of, settle, simulator
from tests.support.clock import Clock
from tests.support.sites import SITE
from vitals.errors import CacheError, InvalidRequestError, TierTimeoutError, TooLargeError
from vitals.model.aggregates import BUCKETS
from vitals.model.points import Catalog
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso
from vitals.reading import reader
from vitals.reading.executor import Executor
from vitals.reading.paging import Pages
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest
from vitals.reading.shape import ROWS
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.query_cache import ResultCache

__all__ = ["api", "archive", "simulator"]

DAY = 1_767_225_600_000
WHOLE = Span(DAY, DAY + DAY_MS)


@pytest.fixture
def cached(api: Api, clock: Clock, archive: Archive) -> AnswerCache:
    """The API with its cache, and the warnings of it."""
    api.cache = AnswerCache(
        ResultCache(boto3.client("s3"), "cold-bucket"), clock, archive.world.journal.warning
    )
    return api.cache


def query(api: Api, names: list[str], span: Span = WHOLE, tag: str = "", **parameters: Any) -> Reply:
    return api.query(GRANT, QueryRequest(SITE, names, span.start_ms, span.end_ms, **parameters), tag)


def answer_of(reply: Reply) -> dict[str, Any]:
    assert reply.answer is not None
    return reply.answer


def without_receipt(answer: dict[str, Any]) -> Any:
    """The answer as a client sees it, but for what hit and miss must differ in."""
    import orjson

    plain = orjson.loads(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))
    for receipt in ("query_time_ms", "cache_hit", "cost"):
        del plain["metadata"][receipt]
    return plain


@pytest.mark.parametrize("method", ["m4", "minmax", "lttb", "mean"])
def test_a_chart_is_equal_hot_archived_and_cold(archive: Archive, api: Api, method: str) -> None:
    names = names_of(archive)
    hot = answer_of(query(api, names, width=5, method=method))
    assert hot["resolution"] == "raw"
    assert hot["data_type"] == ("aggregate" if method == "mean" else "raw")
    assert hot["metadata"]["method"] == method
    raw = answer_of(query(api, names, resolution="raw"))
    assert hot["metadata"]["samples_read"] == raw["metadata"]["samples_returned"]
    limit = {"m4": 20, "minmax": 10, "lttb": 5, "mean": 5}[method]
    assert all(0 < len(series["timestamps"]) <= limit for series in hot["series"] if raw)
    settle(archive)
    archive.world.clock.now_ms = DAY + 22 * DAY_MS
    expire(archive)
    cold = answer_of(query(api, names, width=5, method=method))
    assert cold["metadata"]["sources"] == ["archive"]
    assert without_receipt(cold)["series"] == without_receipt(hot)["series"]


def test_a_wide_chart_is_drawn_from_rollups(archive: Archive, api: Api) -> None:
    settle(archive)
    names = names_of(archive)[:1]
    answer = answer_of(query(api, names, width=6, resolution="1h"))
    assert (answer["resolution"], answer["data_type"]) == ("1h", "aggregate")
    assert "rollup" in answer["metadata"]["sources"]
    [series] = answer["series"]
    assert [time_ms - DAY for time_ms in series["timestamps"].tolist()] == [4 * HOUR_MS * i for i in range(6)]
    [raw] = answer_of(query(api, names, resolution="raw"))["series"]
    for column in range(6):
        inside = (raw["timestamps"] - DAY) // (4 * HOUR_MS) == column
        assert series["min"][column] == raw["values"][inside].min()
        assert series["max"][column] == raw["values"][inside].max()
        assert series["first"][column] == raw["values"][inside][0]
        assert series["last"][column] == raw["values"][inside][-1]
        assert series["count"][column] == inside.sum()


def test_max_points_counts_rows_and_width_columns(archive: Archive, api: Api) -> None:
    names = names_of(archive)[:2]
    answer = answer_of(query(api, names, method="m4", max_points=8))
    assert all(len(series["timestamps"]) <= 8 for series in answer["series"])
    assert answer_of(query(api, names, max_points=8))["metadata"]["method"] is None
    with pytest.raises(InvalidRequestError, match="use only one of"):
        query(api, names, method="m4", max_points=8, width=2)
    with pytest.raises(TooLargeError, match="columns"):
        query(api, names, width=20_000)


ODD = Span(DAY + 97 * MINUTE_MS, DAY + 97 * MINUTE_MS + 10 * HOUR_MS + 7 * MINUTE_MS + 1)
INTERVALS = (HOUR_MS, 5 * HOUR_MS, 90 * MINUTE_MS, 20 * MINUTE_MS, DAY_MS, 30 * DAY_MS)


@pytest.mark.parametrize("settled", [False, True])
def test_interval_columns_are_groups_at_multiples(archive: Archive, api: Api, settled: bool) -> None:
    """Whatever the range begins with, and whatever the rows are that lie in a column."""
    if settled:
        settle(archive)
    names = names_of(archive)[:2]
    # The rows of a day that is not archived are all made from its blocks.
    for resolution in ("raw", "5m", "1h", "1d") if settled else ("raw", "1h"):
        whole = answer_of(query(api, names, ODD, resolution=resolution))["series"]
        for interval in INTERVALS:
            parameters = {"resolution": resolution, "interval_ms": interval}
            means = answer_of(query(api, names, ODD, method="mean", **parameters))
            for drawn, rows in zip(means["series"], whole, strict=True):
                assert_grouped(drawn, rows, interval)
            bucket = BUCKETS.get(resolution, 1)
            uneven = interval % bucket and bucket % interval
            assert any("do not align" in text for text in means["warnings"]) == bool(uneven)


def assert_grouped(drawn: dict[str, Any], series: dict[str, Any], interval: int) -> None:
    rows = series["timestamps"]
    starts, firsts = np.unique(rows - rows % interval, return_index=True)
    assert drawn["timestamps"].tolist() == starts.tolist()
    counts = series.get("count", np.ones(len(rows), np.int64))
    assert drawn["count"].tolist() == np.add.reduceat(counts, firsts).tolist()
    least = series.get("min", series["values"])
    assert drawn["min"].tolist() == np.minimum.reduceat(least, firsts).tolist()
    assert drawn["first"].tolist() == series.get("first", series["values"])[firsts].tolist()


def test_a_columns_samples_are_of_its_interval(archive: Archive, api: Api) -> None:
    names = names_of(archive)[:2]
    raw = answer_of(query(api, names, ODD, resolution="raw"))["series"]
    for method, interval in itertools.product(("m4", "minmax", "lttb"), INTERVALS):
        answer = answer_of(query(api, names, ODD, method=method, interval_ms=interval))
        for drawn, rows in zip(answer["series"], raw, strict=True):
            assert set(drawn["timestamps"].tolist()) <= set(rows["timestamps"].tolist())
            columns = drawn["timestamps"] // interval
            touched = (ODD.end_ms - 1) // interval - ODD.start_ms // interval + 1
            if method == "lttb":
                assert 0 < len(columns) <= touched
            else:
                assert np.unique(columns, return_counts=True)[1].max() <= ROWS[method]
                assert set(columns.tolist()) == set((rows["timestamps"] // interval).tolist())


def test_interval_width_and_max_points_exclude_one_another(archive: Archive, api: Api) -> None:
    names = names_of(archive)[:2]
    for other in ({"width": 5}, {"max_points": 5}):
        with pytest.raises(InvalidRequestError, match="use only one of"):
            query(api, names, interval_ms=HOUR_MS, **other)
    with pytest.raises(TooLargeError, match=r"86,400,000 columns.*interval_ms=8641 or more"):
        query(api, names, interval_ms=1)
    assert answer_of(query(api, names, interval_ms=8641))["metadata"]["total_samples"] > 5
    with pytest.raises(InvalidRequestError, match="interval_ms must be a whole number from 1 to"):
        query(api, names, interval_ms=10**18)


def test_lttb_has_one_row_per_column(archive: Archive, api: Api) -> None:
    for width in (1, 2, 3):
        answer = answer_of(query(api, names_of(archive), method="lttb", width=width))
        assert {len(series["timestamps"]) for series in answer["series"]} == {width}


def test_too_large_raw_charts_are_pointed_to_exports(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.reading.resolution._MAX_CHART_SAMPLES", 100_000)
    with pytest.raises(TooLargeError, match="POST /exports"):
        query(api, names_of(archive), Span(DAY - 364 * DAY_MS, DAY), resolution="raw", width=1_000)


def test_a_chart_out_of_time_has_a_token(archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    names = names_of(archive)
    whole = answer_of(query(api, names, width=50))
    monkeypatch.setattr(samples, "READ_BUDGET_S", -1.0)
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 40)
    token, rows = None, []
    for _ in range(200):
        answer = answer_of(query(api, names, width=50, next_token=token))
        rows += [time_ms for series in answer["series"] for time_ms in series["timestamps"].tolist()]
        token = answer["metadata"]["next_token"]
        if token is None:
            break
    # Pages may add the corners of the columns that they cut, and lose none.
    assert set(rows) >= {time_ms for series in whole["series"] for time_ms in series["timestamps"].tolist()}


def test_gaps_have_their_reasons(archive: Archive, api: Api) -> None:
    """First synced from 22:00 the day before; then one point falls silent, and one says nonsense."""
    world = archive.world
    catalog = world.syncer.catalogs.load(SITE)
    silent, odd = [n for n in sorted(catalog.active_ids) if "weather" not in n][:2]
    before = Span(DAY - DAY_MS, DAY + 12 * HOUR_MS)
    answer = answer_of(query(api, [silent], before, resolution="raw"))
    [gap, *_] = answer["series"][0]["gaps"]
    assert (gap["start"], gap["reason"]) == (iso(DAY - DAY_MS), "not_polled")
    time_ms = DAY + DAY_MS + HOUR_MS
    world.simulator.put_samples(SITE, [(odd, "fault", time_ms + i * MINUTE_MS) for i in range(60)])
    world.clock.now_ms = DAY + DAY_MS + 6 * HOUR_MS
    world.sync()
    ids = np.array([catalog.by_name[name].id for name in (silent, odd)])
    real = world.syncer.ingest.hot.read

    def without(site: str, wanted: Any, span: Span, *arguments: Any, **options: Any) -> Any:
        samples = real(site, wanted, span, *arguments, **options)
        return samples[~np.isin(samples.ids, ids) | (samples.times < DAY + DAY_MS)]

    api.executor = dataclasses.replace(
        api.executor, hot=type("Silent", (), {"read": staticmethod(without)})()
    )
    answer = answer_of(
        query(api, [silent, odd], Span(DAY + 12 * HOUR_MS, DAY + 30 * HOUR_MS), resolution="raw")
    )
    quiet, refused = ([gap["reason"] for gap in series["gaps"]] for series in answer["series"])
    assert quiet[-1] == "no_data"
    assert "rejected" in refused


def test_what_has_just_been_is_no_gap(archive: Archive, api: Api) -> None:
    world = archive.world
    names = names_of(archive)[:1]
    day = Span(DAY + 12 * HOUR_MS, DAY + 30 * HOUR_MS)
    world.clock.now_ms = DAY + DAY_MS + 2 * HOUR_MS + 10 * MINUTE_MS
    assert answer_of(query(api, names, day, resolution="raw"))["series"][0]["gaps"] == []
    world.clock.now_ms += 6 * HOUR_MS
    [late] = answer_of(query(api, names, day, resolution="raw"))["series"][0]["gaps"][-1:]
    assert late["reason"] == "not_polled"


def test_coverage_counts_what_was_expected_and_received(archive: Archive, api: Api) -> None:
    names = names_of(archive)[:1]
    [series] = answer_of(query(api, names, resolution="raw"))["series"]
    assert series["coverage"] == {"expected": 24, "received": len(series["timestamps"])}
    settle(archive)
    [series] = answer_of(query(api, names, resolution="1d"))["series"]
    assert series["coverage"]["received"] == series["count"].sum() > 20


def test_the_heat_map_tells_days_apart(archive: Archive, api: Api) -> None:
    settle(archive)
    answer = api.coverage(GRANT, SITE, DAY - 2 * DAY_MS, DAY + 2 * DAY_MS)
    days = {day["date"]: day for day in answer["days"]}
    assert list(days) == ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
    assert (days["2025-12-30"]["windows_polled"], days["2025-12-30"]["archive"]) == (0, "")
    assert days["2026-01-01"]["windows_polled"] == days["2026-01-01"]["windows_expected"] == 288
    assert days["2026-01-01"]["archive"] == "done"
    assert [day["settled"] for day in answer["days"]] == [False, False, True, False]
    archived = archive.archiver.cold.groups(SiteDay.parse(SITE, "2026-01-01"))
    assert days["2026-01-01"]["archived_samples"] == sum(len(group.samples) for group in archived)
    assert 0 < days["2026-01-02"]["windows_expected"] < 288
    with pytest.raises(TooLargeError):
        api.coverage(GRANT, SITE, DAY - 800 * DAY_MS, DAY)


def test_a_receipt_says_what_was_read(archive: Archive, api: Api) -> None:
    names = names_of(archive)
    cost = answer_of(query(api, names, resolution="raw"))["metadata"]["cost"]
    # A page of the ledger, consistent, and one of blocks.
    assert cost["requests"] == 2
    assert cost["read_units"] >= 1.5
    assert (cost["bytes"], cost["bytes_scanned"]) == (0, 0)
    assert cost["micro_dollars"] > 3.5
    settle(archive)
    archive.world.clock.now_ms = DAY + 22 * DAY_MS
    cold = answer_of(query(api, names, resolution="raw"))["metadata"]["cost"]
    assert cold["bytes"] > 1_000
    assert cold["requests"] > 1


@pytest.mark.parametrize("parameters", [{"resolution": "raw"}, {"width": 5}, {"method": "mean"}])
def test_hit_and_miss_are_identical(
    archive: Archive, api: Api, cached: AnswerCache, parameters: dict[str, Any]
) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    names = [*names_of(archive), "no such point"]
    miss, hit = (answer_of(query(api, names, **parameters)) for _ in range(2))
    assert (miss["metadata"]["cache_hit"], hit["metadata"]["cache_hit"]) == (False, True)
    assert without_receipt(hit) == without_receipt(miss)
    assert hit["metadata"]["cost"]["requests"] == 2


def test_a_clients_own_answer_is_not_resent(archive: Archive, api: Api, cached: AnswerCache) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    first = query(api, names_of(archive))
    assert first.etag is not None
    again = query(api, names_of(archive), tag=f'"other", {first.etag}')
    assert (again.answer, again.etag) == (None, first.etag)
    assert query(api, names_of(archive)[:3]).etag != first.etag


def test_whatever_changes_a_day_changes_the_name(archive: Archive, api: Api, cached: AnswerCache) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    names = names_of(archive)
    first = query(api, names, resolution="raw")
    name, time_ms = sorted(archive.world.truth(WHOLE))[5]
    archive.world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
    archive.world.reread(Span(time_ms, time_ms + 1))
    for _ in range(3):
        answer = answer_of(query(api, [name], resolution="raw", tag=first.etag or ""))
        [series] = answer["series"]
        assert series["values"][list(series["timestamps"]).index(time_ms)] == 4242.5
        archive.world.clock.forward(40)
        archive.archive()


def test_an_answer_read_too_early_is_forgotten(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour later the records are the same, and are trusted for a day."""
    monkeypatch.setattr("vitals.aws.prices.S3_PUT", 0.0)
    world = archive.world
    [name] = names_of(archive)[:1]
    time_ms = DAY + 30 * MINUTE_MS
    archive.archiver.ledger.mark_changed(SITE, [time_ms], world.clock())
    amid = query(api, [name], resolution="raw")
    assert amid.etag is None
    assert time_ms not in answer_of(amid)["series"][0]["timestamps"]
    ids = np.array([api.catalogs.find(SITE).by_name[name].id], np.int32)
    sample = Samples(ids, np.array([time_ms]), np.array([4242.5]))
    world.syncer.ingest.hot.write(SITE, sample, world.clock())
    world.clock.forward(31)
    for is_hit in (False, True):
        later = query(api, [name], resolution="raw")
        assert later.etag
        assert answer_of(later)["metadata"]["cache_hit"] is is_hit
        assert time_ms in answer_of(later)["series"][0]["timestamps"]


def test_a_width_has_no_warnings_of_intervals(archive: Archive, api: Api, cached: AnswerCache) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    hours = Span(DAY, DAY + 6 * HOUR_MS)
    chart = {"resolution": "1h", "method": "mean"}
    by_interval = answer_of(query(api, names_of(archive), hours, interval_ms=90 * MINUTE_MS, **chart))
    by_width = answer_of(query(api, names_of(archive), hours, width=4, **chart))
    assert [len(answer["warnings"]) for answer in (by_interval, by_width)] == [1, 0]


def test_recent_days_are_cached_for_a_moment(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.aws.prices.S3_PUT", 0.0)
    names = names_of(archive)
    today = Span(DAY + DAY_MS, DAY + 2 * DAY_MS)
    first = query(api, names, today)
    assert (first.etag, first.max_age_s) == (None, 20)
    archive.world.clock.now_ms += 15_000
    again = query(api, names, today)
    assert answer_of(again)["metadata"]["cache_hit"] is True
    # A browser may not double the time for which the answer is served.
    assert (again.etag, again.max_age_s) == (None, 5)
    archive.world.clock.now_ms += 6_000
    assert answer_of(query(api, names, today))["metadata"]["cache_hit"] is False


def test_the_age_of_an_answer_includes_its_read(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.aws.prices.S3_PUT", 0.0)
    real, today = SampleReader._read, Span(DAY + DAY_MS, DAY + 2 * DAY_MS)

    def slow(self: SampleReader, *arguments: Any) -> Any:
        archive.world.clock.now_ms += 12_000
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SampleReader, "_read", slow)
        query(api, names_of(archive), today)
    again = query(api, names_of(archive), today)
    assert (answer_of(again)["metadata"]["cache_hit"], again.max_age_s) == (True, 8)
    archive.world.clock.now_ms += 9_000
    assert answer_of(query(api, names_of(archive), today))["metadata"]["cache_hit"] is False


def test_a_gap_before_a_backfill_is_not_cached(archive: Archive, api: Api, cached: AnswerCache) -> None:
    long_ago = Span(DAY - 9 * DAY_MS, DAY - 8 * DAY_MS)
    for _ in range(2):
        assert answer_of(query(api, names_of(archive), long_ago))["metadata"]["cache_hit"] is False


@pytest.mark.parametrize(
    "failure",
    [
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject"),
        EndpointConnectionError(endpoint_url="https://s3"),
    ],
)
def test_a_cache_that_is_down_fails_no_query(
    archive: Archive, api: Api, clock: Clock, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.aws.prices.S3_PUT", 0.0)

    class Down:
        def __getattr__(self, name: str) -> Any:
            def fail(**_: Any) -> Any:
                raise failure

            return fail

    client: Any = Down()
    expected = without_receipt(answer_of(query(api, names_of(archive))))
    api.cache = AnswerCache(ResultCache(client, "cold-bucket"), clock, archive.world.journal.warning)
    assert without_receipt(answer_of(query(api, names_of(archive)))) == expected
    assert archive.world.journal.warnings == ["cache not read", "cache not written"]


def test_a_damaged_entry_is_read_anew(archive: Archive, api: Api, cached: AnswerCache) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    query(api, names_of(archive))
    s3 = boto3.client("s3")
    [entry] = s3.list_objects_v2(Bucket="cold-bucket", Prefix="cache/")["Contents"]
    s3.put_object(Bucket="cold-bucket", Key=entry["Key"], Body=b"nonsense")
    assert answer_of(query(api, names_of(archive)))["metadata"]["cache_hit"] is False
    assert answer_of(query(api, names_of(archive)))["metadata"]["cache_hit"] is True


def test_a_result_too_large_is_not_cached(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.store.tiers.query_cache.MAX_ENTRY_BYTES", 100)
    for _ in range(2):
        assert answer_of(query(api, names_of(archive)))["metadata"]["cache_hit"] is False


def test_identical_requests_at_once_are_computed_once(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    real, computed, gate = SampleReader._read, [], threading.Barrier(8)

    def counted(self: SampleReader, *arguments: Any) -> Any:
        computed.append(1)
        return real(self, *arguments)

    monkeypatch.setattr(SampleReader, "_read", counted)

    def ask(_: int) -> Any:
        gate.wait(timeout=10)
        return without_receipt(answer_of(query(api, names_of(archive))))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(computed) == 1
    assert all(answer == answers[0] for answer in answers)


def test_catalogs_point_ids_are_part_of_the_name(archive: Archive, api: Api) -> None:
    catalog = CatalogTable(archive.world.client, "StateTable").load(SITE)
    names = names_of(archive)[:2]
    parameters = QueryRequest(SITE, names, DAY, DAY + DAY_MS)
    now = archive.world.clock()
    plans = [
        plan_query(dataclasses.replace(parameters, point_names=n), catalog, now, 365)
        for n in (names, names[::-1])
    ]
    assert len({answer_cache.entry(planned, [], now).digest for planned in plans}) == 2


def pages(api: Api, names: list[str], span: Span = WHOLE, **parameters: Any) -> list[dict[str, Any]]:
    token, answered = None, []
    for _ in range(200):
        answered.append(answer_of(query(api, names, span, next_token=token, **parameters)))
        token = answered[-1]["metadata"]["next_token"]
        if token is None:
            return answered
    raise AssertionError("the answer never ends")


def test_pages_of_means_hold_each_column_once(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = names_of(archive)
    charts = [{"method": "mean", "width": 5, "resolution": "raw"}, {"width": 5, "resolution": "1h"}]
    for parameters, in_time in itertools.product(charts, (True, False)):
        whole = answer_of(query(api, names, **parameters))
        with monkeypatch.context() as patch:
            patch.setattr("vitals.reading.request.MAX_ROWS", 25 if in_time else 30_000)
            patch.setattr(Pages, "longest_step_ms", lambda _: 2 * HOUR_MS)
            patch.setattr(Pages, "first_step_ms", lambda _: 2 * HOUR_MS)
            if not in_time:
                patch.setattr(samples, "READ_BUDGET_S", -1.0)
            answered = pages(api, names, **parameters)
        assert len(answered) > 1
        for index, column in itertools.product(
            range(len(names)), ("timestamps", "count", "min", "max", "first", "last")
        ):
            joined = [item for answer in answered for item in answer["series"][index][column].tolist()]
            assert joined == whole["series"][index][column].tolist()


@pytest.mark.parametrize("parameters", [{"interval_ms": 100 * MINUTE_MS}, {"width": 7}])
def test_pages_of_a_chart_are_the_chart(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any]
) -> None:
    """They end where columns do; of lttb, which looks from one to the next, the number is the same."""
    names = names_of(archive)[:4]
    for method, resolution in itertools.product(ROWS, ("raw", "1h")):
        chart = parameters | {"method": method, "resolution": resolution}
        whole = answer_of(query(api, names, ODD, **chart))
        with monkeypatch.context() as small:
            small.setattr("vitals.reading.request.MAX_SAMPLES", 40)
            small.setattr(Pages, "longest_step_ms", lambda _: 20 * MINUTE_MS)
            small.setattr("vitals.reading.request.MAX_ROWS", 12)
            answered = pages(api, names, ODD, **chart)
        assert len(answered) > 1
        for index in range(len(names)):
            joined = [
                time_ms for answer in answered for time_ms in answer["series"][index]["timestamps"].tolist()
            ]
            drawn = whole["series"][index]["timestamps"].tolist()
            if method == "lttb" and resolution == "raw":
                assert joined == sorted(set(joined)) and len(joined) <= len(drawn)
            else:
                assert joined == drawn


def gaps_of(answered: list[dict[str, Any]], index: int) -> list[tuple[str, str]]:
    """As clients join them: what the edge of a page cut is one, whatever the reasons."""
    gaps: list[tuple[str, str]] = []
    for gap in (gap for answer in answered for gap in answer["series"][index]["gaps"]):
        if gap.get("continues"):
            assert gaps[-1][1] == gap["start"]
            gaps[-1] = (gaps[-1][0], gap["end"])
        else:
            gaps.append((gap["start"], gap["end"]))
    return gaps


# Requests of several pages, and whether each page is whole or breaks off in time.
CUT: list[tuple[dict[str, Any], bool]] = [
    ({"resolution": "raw"}, True),
    ({"resolution": "1h"}, True),
    ({"resolution": "5m"}, False),
    ({"width": 60}, False),
    ({"interval_ms": 100 * MINUTE_MS, "method": "mean"}, True),
]


def test_a_gap_cut_by_a_page_is_one(archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A point that is listed as collected each five minutes comes each hour."""
    settle(archive)
    names = names_of(archive)[:3]
    catalog = api.catalogs.find(SITE, names)
    listed = [
        dataclasses.replace(item, listed=dataclasses.replace(item.listed, interval_s=s))
        for item, s in zip(catalog.points, itertools.cycle((300, 1_200, 7_200)))
    ]
    api.catalogs.loaded[SITE] = (archive.world.clock(), Catalog(tuple(listed)))
    span = Span(DAY - 3 * HOUR_MS, DAY + DAY_MS)
    for parameters, in_time in CUT:
        whole = answer_of(query(api, names, span, **parameters))
        gaps = [gaps_of([whole], index) for index in range(len(names))]
        assert sum(map(len, gaps)) > 2
        with monkeypatch.context() as patch:
            if in_time:
                patch.setattr("vitals.reading.request.MAX_SAMPLES", 15)
                patch.setattr("vitals.reading.request.MAX_ROWS", 15)
            else:
                patch.setattr(Pages, "longest_step_ms", lambda _: 235 * MINUTE_MS)
                patch.setattr(Pages, "first_step_ms", lambda _: 235 * MINUTE_MS)
                patch.setattr(samples, "READ_BUDGET_S", -1.0)
            answered = pages(api, names, span, **parameters)
        assert len(answered) > 2
        assert [gaps_of(answered, index) for index in range(len(names))] == gaps
        received = [
            sum(answer["series"][index]["coverage"]["received"] for answer in answered) for index in range(3)
        ]
        assert received == [series["coverage"]["received"] for series in whole["series"]]


def test_a_chart_has_no_column_before_its_start(archive: Archive, api: Api) -> None:
    settle(archive)
    span = Span(DAY + 30 * MINUTE_MS, DAY + 20 * HOUR_MS + 30 * MINUTE_MS)
    [series] = answer_of(query(api, names_of(archive)[:1], span, width=4, resolution="1h"))["series"]
    assert len(series["timestamps"]) == 4
    assert series["timestamps"][0] == DAY


def test_a_slow_moment_is_not_kept(
    archive: Archive, api: Api, cached: AnswerCache, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(archive)
    clock.forward(60)
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    with monkeypatch.context() as patch:
        patch.setattr(samples, "READ_BUDGET_S", -1.0)
        slow = query(api, names_of(archive), width=50)
    assert slow.etag is None
    assert answer_of(slow)["metadata"]["next_token"]
    assert "TIME_LIMIT" in [detail["code"] for detail in answer_of(slow)["warning_details"]]
    assert answer_of(query(api, names_of(archive), width=50))["metadata"]["next_token"] is None


def test_a_deadline_amid_a_read_gives_a_page(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    real, read = Executor.samples, []

    def late(*arguments: Any) -> Any:
        read.append(1)
        if len(read) > 15:
            raise TierTimeoutError("the answer took too long")
        return real(*arguments)

    def hanging(*_: Any) -> Any:
        raise TierTimeoutError("the answer took too long")

    monkeypatch.setattr(Executor, "samples", late)
    monkeypatch.setattr(Ledger, "coverage", hanging)
    answer = answer_of(query(api, names_of(archive), Span(DAY - 6 * HOUR_MS, DAY + DAY_MS), width=50))
    assert answer["metadata"]["next_token"]
    assert len(answer["warnings"]) == 2


def test_a_points_interval_is_part_of_the_name(
    archive: Archive, api: Api, cached: AnswerCache, clock: Clock
) -> None:
    settle(archive)
    clock.forward(60)
    names = names_of(archive)[:1]
    first = query(api, names, resolution="raw")
    catalog = api.catalogs.find(SITE, names)
    listed = [dataclasses.replace(point.listed, interval_s=900) for point in catalog.points]
    points = [dataclasses.replace(p, listed=new) for p, new in zip(catalog.points, listed, strict=True)]
    api.catalogs.loaded[SITE] = (clock(), Catalog(tuple(points)))
    again = query(api, names, resolution="raw", tag=first.etag or "")
    assert answer_of(again)["series"][0]["coverage"]["expected"] == 96


def test_a_cache_that_hangs_costs_no_rows(
    archive: Archive, api: Api, cached: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    now = [0.0]
    api.monotonic = lambda: now[0]

    def hangs(*_: Any) -> Any:
        now[0] += samples.READ_BUDGET_S + 1
        raise CacheError("read timeout")

    monkeypatch.setattr(ResultCache, "get", hangs)
    assert answer_of(query(api, names_of(archive), width=50))["metadata"]["next_token"] is None


def test_the_receipt_counts_what_keeping_costs(archive: Archive, api: Api, cached: AnswerCache) -> None:
    settle(archive)
    archive.world.clock.forward(60)
    miss, hit = (answer_of(query(api, names_of(archive)))["metadata"]["cost"] for _ in range(2))
    assert miss["micro_dollars"] - hit["micro_dollars"] > 5
    today = Span(DAY + DAY_MS, DAY + 2 * DAY_MS)
    for _ in range(2):
        # Read again more cheaply than kept.
        assert answer_of(query(api, names_of(archive), today))["metadata"]["cache_hit"] is False


def test_shorter_gaps_of_too_many_are_omitted(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.reading.gaps._MAX_GAPS_OF_ANSWER", 12)
    span = Span(DAY - 9 * DAY_MS, DAY + DAY_MS)
    answer = answer_of(query(api, names_of(archive), span, resolution="raw"))
    assert all(len(item["gaps"]) == 1 for item in answer["series"])
    assert answer["warnings"] == ["Some gaps are omitted."]
    assert answer["warning_details"] == [{"code": "GAPS_OMITTED", "text": "Some gaps are omitted."}]


@pytest.mark.parametrize("parameters", [{"resolution": "raw"}, {"width": 6}])
def test_a_read_of_many_steps_has_a_token(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any]
) -> None:
    names = names_of(archive)[:3]
    whole = answer_of(query(api, names, **parameters))
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr(reader, "_MAX_STEPS", 5)
    answered = pages(api, names, **parameters)
    assert len(answered) == 5
    for index in range(len(names)):
        joined = {
            time_ms for answer in answered for time_ms in answer["series"][index]["timestamps"].tolist()
        }
        assert joined >= set(whole["series"][index]["timestamps"].tolist())


def test_a_continued_answer_reports_no_recent_gap(
    archive: Archive, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next one begins within the last 20 minutes."""
    world, names = archive.world, names_of(archive)[:1]
    world.clock.now_ms = DAY + DAY_MS + 4 * HOUR_MS + 30 * MINUTE_MS
    span = Span(DAY + DAY_MS, world.clock.now_ms)
    before = answer_of(query(api, names, span, resolution="raw"))["series"][0]
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: span.length_ms - 5 * MINUTE_MS)
    monkeypatch.setattr(reader, "_MAX_STEPS", 1)
    answer = answer_of(query(api, names, span, resolution="raw"))
    assert answer["metadata"]["next_token"]
    assert (answer["series"][0]["gaps"], answer["series"][0]["coverage"]) == (
        before["gaps"],
        before["coverage"],
    )
