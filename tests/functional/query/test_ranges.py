"""Ranges through the whole product: any instant is an edge, and no day since EARLIEST is out of sight."""

import csv
import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.answers import Api
from query.coverage import MAX_DAYS as MAX_COVERAGE_DAYS
from tests.support.api_server import ApiServer
from tests.support.client_data import POINT, SPAN
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.clock import NOON, Clock
from tests.support.command import command, out
from tests.support.exporting import BUCKET, Stage
from tests.support.exporting import deployed as exporting
from tests.support.instants import instants
from tests.support.query_calls import Ask, Call, ask, call
from tests.support.query_tiers import query_api
from tests.support.sites import SITE
from tests.support.world import World
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.codec.blocks import GROUP_SIZE
from vitals.model.points import ListedPoint
from vitals.model.records.tokens import Grant
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import (
    DAY_MS,
    EARLIEST_MS,
    FUTURE_TOLERANCE_MS,
    HOUR_MS,
    MINUTE_MS,
    Span,
    day_name,
    day_start,
    iso,
    parse_iso,
)
from vitals.pipeline.day_builder import build_day
from vitals.reading.athena import AthenaReader
from vitals.reading.request import QueryRequest
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier
from vitals_client import Client

__all__ = ["ask", "building", "call", "client", "deployed", "exporting", "make_token", "server", "token"]

NOW = NOON + 61_000
LONGEST_MS = 365 * DAY_MS
BUCKETS = {"5m": 5 * MINUTE_MS, "1h": HOUR_MS, "1d": DAY_MS}
TIMES = sorted(
    {EARLIEST_MS, EARLIEST_MS + 1, EARLIEST_MS + 999, EARLIEST_MS + 40 * DAY_MS + 7}
    | {NOON - 200 * DAY_MS, NOON - HOUR_MS, NOON - HOUR_MS + 1, NOON - HOUR_MS + 2}
    | {
        NOON + step
        for step in (-60_001, -60_000, -1, 0, 1, 500, 60_999, 61_000, 61_000 + FUTURE_TOLERANCE_MS)
    }
)


def values_of(times: list[int]) -> list[float]:
    return [float(number) for number, _ in enumerate(times)]


@pytest.fixture
def api(dynamodb: Any, clock: Clock) -> Api:
    """One point with samples at TIMES, none archived."""
    CatalogTable(dynamodb, "StateTable").refresh("home", [ListedPoint("p", "°F", "")])
    sites = SiteTable(dynamodb, "StateTable")
    sites.record_catalog("home", "Home", 1, NOW)
    sites.advance("home", None, Span(NOON - HOUR_MS, NOON), {})
    Ledger(dynamodb, "StateTable").mark_changed("home", TIMES, NOW)
    HotTier(dynamodb, "HotTable").write("home", from_columns([0] * len(TIMES), TIMES, values_of(TIMES)), NOW)
    return query_api(dynamodb, clock, ("home",))


def text_of(exact_ms: Fraction, zone_minutes: int, digits: int) -> str:
    """ISO 8601 of a time, cut after so many digits of the second."""
    seconds, fraction = divmod(exact_ms / 1000, 1)
    moment = datetime(1970, 1, 1) + timedelta(seconds=int(seconds), minutes=zone_minutes)
    sign = "-" if zone_minutes < 0 else "+"
    shown = f"{int(fraction * 10**digits):0{digits}d}"
    return f"{moment.isoformat()}.{shown}{sign}{abs(zone_minutes) // 60:02d}:{abs(zone_minutes) % 60:02d}"


@st.composite
def near_samples(draw: st.DrawFn) -> tuple[str, Fraction]:
    """An edge within a millisecond or so of a sample."""
    digits = draw(st.integers(3, 12))
    time_ms = draw(st.sampled_from(TIMES)) + draw(st.sampled_from([-DAY_MS, -1, 0, 0, 0, 1, DAY_MS]))
    exact = (
        time_ms
        + draw(st.integers(-1, 1))
        + Fraction(draw(st.integers(0, 10 ** (digits - 3) - 1)), 10 ** (digits - 3))
    )
    return text_of(exact, draw(st.integers(-23 * 60, 23 * 60)), digits), exact


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, Fraction]:
    time_ms = draw(st.integers(-62_135_596_800_000, -10_000) | st.integers(10**10, 253_402_300_799_999))
    return str(time_ms), Fraction(time_ms)


EDGES = instants() | near_samples() | near_samples() | numbers()
RESOLUTIONS = st.sampled_from(["auto", "raw", "5m", "1h", "1d"])
# No whole number of buckets. An answer warns where such columns split one.
UNEVEN_MS = 3_700_000
CHARTS = st.sampled_from(
    [
        *({}, {}, {"width": 1}, {"width": 7}, {"width": 1000, "method": "minmax"}, {"method": "lttb"}),
        *({"width": 3, "method": "lttb"}, {"width": 100, "method": "mean"}, {"interval_ms": UNEVEN_MS}),
        *({"interval_ms": DAY_MS, "method": "mean"}, {"max_points": 3}),
    ]
)


def meaning(first: Fraction, last: Fraction, longest_ms: int) -> Span | int:
    """What a range stands for, or the status that refuses it."""
    if first >= last or first > NOW:
        return 400
    start, end = (max(EARLIEST_MS, math.ceil(edge)) for edge in (first, last))
    if end - start <= longest_ms:
        return Span(start, end)
    return 413 if start + longest_ms <= NOW + FUTURE_TOLERANCE_MS else Span(start, start + longest_ms)


def within(span: Span, bucket_ms: int = 1) -> list[int]:
    """The samples of the buckets that hold a millisecond of the span."""
    if not span:
        return []
    first, last = span.start_ms // bucket_ms, (span.end_ms - 1) // bucket_ms
    return [time_ms for time_ms in TIMES if first <= time_ms // bucket_ms <= last]


def splits(span: Span, bucket_ms: int) -> bool:
    """Whether a column of UNEVEN_MS begins within one of the span's buckets."""
    if not span:
        return False
    first = span.start_ms - span.start_ms % bucket_ms
    end = span.end_ms + -span.end_ms % bucket_ms
    return any(start % bucket_ms for start in range(first + -first % UNEVEN_MS, end, UNEVEN_MS))


def test_any_instant_is_an_edge_of_a_query(call: Call) -> None:
    @settings(max_examples=70)
    @given(EDGES, EDGES, RESOLUTIONS, CHARTS, st.booleans())
    def holds(first: Any, last: Any, resolution: str, chart: dict[str, Any], post: bool) -> None:
        (start, exact_start), (end, exact_end) = first, last
        parameters = {"site_name": "home", "point_names": ["p"], "start_time": start, "end_time": end}
        parameters |= {"resolution": resolution, **chart}
        status, answer = call(
            "/timeseries/query", **({"body": parameters} if post else {"query": parameters})
        )
        expected = meaning(exact_start, exact_end, LONGEST_MS)
        if not isinstance(expected, Span):
            assert (status, answer["error_code"]) == (
                expected,
                {400: "INVALID_REQUEST", 413: "TOO_LARGE"}[expected],
            ), answer
            return
        assert status == 200, answer
        assert (answer["start_time"], answer["end_time"]) == (iso(expected.start_ms), iso(expected.end_ms))
        bucket_ms = BUCKETS.get(answer["resolution"], 1)
        uneven = chart.get("interval_ms") == UNEVEN_MS and splits(expected, bucket_ms)
        assert len(answer["warnings"]) == uneven, answer["warnings"]
        [series] = answer["series"]
        truth = within(expected, bucket_ms)
        assert answer["metadata"]["samples_read"] == series["coverage"]["received"] == len(truth)
        if answer["data_type"] == "aggregate":
            assert sum(series["count"]) == len(truth)
        elif chart:
            assert set(series["timestamps"]) <= set(truth)
            assert bool(series["timestamps"]) == bool(truth)
        else:
            assert series["timestamps"] == truth
            assert series["values"] == [float(TIMES.index(time_ms)) for time_ms in truth]

    holds()


def test_any_instant_is_an_edge_of_coverage(call: Call) -> None:
    @settings(max_examples=20)
    @given(EDGES, EDGES)
    def holds(first: tuple[str, Fraction], last: tuple[str, Fraction]) -> None:
        status, answer = call("/sites/home/coverage", {"start": first[0], "end": last[0]})
        expected = meaning(first[1], last[1], MAX_COVERAGE_DAYS * DAY_MS)
        if not isinstance(expected, Span):
            assert status == expected, answer
            return
        starts = range(expected.start_ms - expected.start_ms % DAY_MS, expected.end_ms, DAY_MS)
        assert status == 200
        assert [day["date"] for day in answer["days"]] == [
            day_name(time_ms) for time_ms in starts if expected
        ]

    holds()


def test_fractional_edges_lose_and_repeat_no_sample(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 1)
    first, last = "2026-01-01T11:00:00.000000001+00:00", "2026-01-01T12:00:00.5000001Z"
    parameters = {
        "site_name": "home",
        "point_names": "p",
        "start_time": first,
        "end_time": last,
        "resolution": "raw",
    }
    pages, token = [], {}
    for _ in range(20):
        status, answer = call("/timeseries/query", parameters | token)
        assert status == 200
        pages.append(answer["series"][0]["timestamps"])
        if answer["metadata"]["next_token"] is None:
            break
        token = {"next_token": answer["metadata"]["next_token"]}
    assert len(pages) > 2
    assert [time_ms for page in pages for time_ms in page] == within(Span(NOON - HOUR_MS + 1, NOON + 501))
    # The same range in other words.
    parameters |= {"start_time": NOON - HOUR_MS + 1, "end_time": f"{NOON + 500}.25"}
    assert call("/timeseries/query", parameters | {"next_token": token["next_token"]})[0] == 200


def test_etags_depend_on_whole_milliseconds(ask: Ask, dynamodb: Any) -> None:
    day = day_start("2025-12-30")
    # What was never polled may still come, so that an answer about it has no tag.
    Ledger(dynamodb, "StateTable").record("home", Span(day - DAY_MS, day + DAY_MS), {}, 0)
    parameters = {"site_name": "home", "point_names": "p", "end_time": "2025-12-30T24:00:00z"}
    tags = [
        ask("/timeseries/query", parameters | {"start_time": start})["multiValueHeaders"]["ETag"]
        for start in ("2025-12-30T00:00:00.0001Z", "2025-12-30 00:00:00.001", "2025-12-29t24:00:00z")
    ]
    assert tags[0] == tags[1] != tags[2]
    parameters |= {"start_time": "2025-12-30T00:00:00.000000000001z"}
    assert ask("/timeseries/query", parameters, headers={"If-None-Match": tags[0][0]})["statusCode"] == 304


def test_times_in_another_unit_are_refused(call: Call) -> None:
    query = ("/timeseries/query", "start_time", "end_time", {"site_name": "home", "point_names": "p"})
    coverage = ("/sites/home/coverage", "start", "end", {})
    for number, hint in (
        (1767225600, "seconds; give milliseconds: 1767225600000 (2026-01-01T00:00:00Z)"),
        (1767225600.25, "seconds; give milliseconds: 1767225600250 (2026-01-01T00:00:00.250Z)"),
        (1767225600000000, "microseconds; give milliseconds: 1767225600000"),
        (1767225600000000000, "nanoseconds; give milliseconds: 1767225600000"),
        (20260101, "a date; write 2026-01-01"),
    ):
        for path, start, end, others in (query, coverage):
            for wrong in (start, end):
                parameters = {start: "2026-01-01", end: NOW} | others | {wrong: number}
                status, answer = call(path, parameters)
                assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")
                reason = f"{wrong} must be ISO 8601 or epoch milliseconds: {number} looks like {hint}"
                assert answer["error"].startswith(reason)
        body = {"site_name": "home", "point_names": ["p"], "start_time": number, "end_time": NOW}
        status, answer = call("/timeseries/query", body=body)
        assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")
        assert hint in answer["error"]


def test_numbers_in_json_may_have_a_fraction(call: Call) -> None:
    body = {"site_name": "home", "point_names": ["p"], "start_time": NOON - 0.5, "end_time": NOON + 0.5}
    assert call("/timeseries/query", body=body)[1]["series"][0]["timestamps"] == [NOON]
    for text in ("NaN", "1e999", "-Infinity"):
        wrong = json.dumps(body).replace(str(NOON - 0.5), text)
        status, answer = call("/timeseries/query", body=wrong)
        assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")


# The archive.

FIRST = day_start("2014-11-20")
DAYS = 70


class History:
    """A site with a settled file for each of some days and no blocks; queries of it, and exports."""

    def __init__(self, stage: Stage, folder: Path, days: list[int]) -> None:
        self.stage, self.world, self.folder = stage, stage.world, folder
        catalogs, clock = self.world.syncer.catalogs, self.world.clock
        self.point = next(point for point in catalogs.load(SITE).points if point.active)
        self.times = [day_ms + number * 7_919_000 % DAY_MS for number, day_ms in enumerate(days)]
        self.cold = ColdTier(stage.s3, BUCKET)
        for time_ms in self.times:
            self.archive(time_ms)
        clock.forward(60)
        athena = Athena("building_vitals", "building-vitals", CONFIG, runtime=Runtime(sleep=lambda _: None))
        self.api = query_api(self.world.client, clock)
        bulk = AthenaReader(athena, BUCKET, "samples")
        self.api.executor = replace(self.api.executor, cold=self.cold, bulk=bulk)

    def archive(self, time_ms: int) -> None:
        """The archiver's work on the day of one sample, in fewer requests."""
        day, now_ms = SiteDay.containing(SITE, time_ms), self.world.clock()
        sample = from_columns([self.point.id], [time_ms], [float(time_ms)])
        catalog, sink = self.world.syncer.catalogs.load(SITE), self.folder / "day.parquet"
        built = build_day(
            day,
            catalog,
            hot=self.world.syncer.ingest.hot,
            cold=self.cold,
            existing=None,
            sink=sink,
            now_ms=now_ms,
            fresh=lambda group: sample if group == self.point.id // GROUP_SIZE else from_columns([], [], []),
        )
        contents = built.written.contents
        stored = self.cold.put(day, sink, contents)
        RollupTier(self.world.client, "HotTable").write(day, built.rollups, now_ms)
        facts = {"rows": contents.rows, "points": contents.points, "bytes": stored.size, "etag": stored.etag}
        Ledger(self.world.client, "StateTable").update_archive(
            day,
            status="done",
            began_ms=now_ms,
            expires_ms=now_ms,
            checksum=contents.checksum,
            **facts,
        )

    def query(self, start: str, end: str, resolution: str = "raw") -> dict[str, Any]:
        reply = self.api.query(GRANT, QueryRequest(SITE, [self.point.name], start, end, resolution))
        assert reply.answer is not None
        assert reply.answer["warnings"] == []
        return reply.answer

    def export(self, start: str, end: str) -> tuple[dict[str, Any], list[int]]:
        """The completed export and the times of its samples."""
        export = self.stage.start(start_time=start, end_time=end, format="csv", point_names=[self.point.name])
        self.stage.drain()
        answer = self.stage.get(export)
        assert (answer["status"], answer["error"]) == ("completed", "")
        return answer, sorted(time_ms for _, time_ms in self.stage.download(answer))


GRANT = Grant("t", frozenset({"read"}), frozenset({"*"}))


def test_days_before_2015_are_read(exporting: Stage, tmp_path: Path) -> None:
    history = History(exporting, tmp_path, [FIRST + day * DAY_MS for day in range(DAYS)])
    start, end = "2014-11-20", "2015-01-29"
    answer = history.query(start, end)
    assert "athena" in answer["metadata"]["sources"]
    assert answer["series"][0]["timestamps"].tolist() == history.times
    assert len(history.times) == DAYS
    export, times = history.export(start, end)
    assert (export["days_total"], export["days_done"], export["rows"]) == (DAYS, DAYS, DAYS)
    assert times == history.times


def test_the_first_days_are_read_from_earlier_edges(
    exporting: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(exporting, tmp_path, [EARLIEST_MS, EARLIEST_MS + DAY_MS])
    monkeypatch.setattr("vitals.reading.archive.MAX_FILES", 0)
    for start in ("1989-12-31T24:00:00z", "0001-01-01T00:00:00+14:00"):
        end = "1990-01-03T00:00:00.0000001Z"
        answer = history.query(start, end)
        assert answer["metadata"]["sources"] == ["athena"]
        assert answer["start_time"] == "1990-01-01T00:00:00Z"
        assert answer["series"][0]["timestamps"].tolist() == history.times
        assert history.query(start, end, "1d")["series"][0]["count"].tolist() == [1, 1]
    export, times = history.export("0001-01-01T00:00:00+14:00", "1990-01-03")
    assert (export["start_time"], export["rows"], times) == ("1990-01-01T00:00:00Z", 2, history.times)
    export, times = history.export("0001-01-01", "1989-12-31T23:59:59.9999999Z")
    assert (export["days_total"], export["rows"], export["files"], times) == (0, 0, [], [])


def test_an_export_holds_the_samples_between_its_edges(exporting: Stage, tmp_path: Path) -> None:
    history = History(exporting, tmp_path, [FIRST, FIRST + DAY_MS, FIRST + 2 * DAY_MS])
    first, middle, last = history.times
    after, to = f"{iso_ms(first)}000001Z", f"{iso_ms(last)}000001Z"
    assert history.export(after, to)[1] == [middle, last]
    assert history.export(f"{iso_ms(first)}Z", f"{iso_ms(last)}Z")[1] == [first, middle]
    export, times = history.export(after, f"{iso_ms(first)}9Z")
    assert (export["rows"], times) == (0, [])


def iso_ms(time_ms: int) -> str:
    """ISO 8601 with all three digits, for more to follow."""
    return f"{iso(time_ms - time_ms % 1000).removesuffix('Z')}.{time_ms % 1000:03d}"


def test_an_export_of_no_range_is_refused(exporting: Stage) -> None:
    late = {"start_time": "9999-12-31T24:00:00-12:00", "end_time": "9999-12-31T24:00:00-13:00"}
    for changes, status, text in (
        (
            {"start_time": 1767225600},
            400,
            "start_time must be ISO 8601 or epoch milliseconds: 1767225600 looks",
        ),
        ({"start_time": 1767225600.5}, 400, "looks like seconds; give milliseconds: 1767225600500"),
        ({"end_time": "1767225600000000"}, 400, "looks like microseconds"),
        ({"start_time": "0001-01-01"}, 413, "730 days"),
        ({"start_time": "9999-01-01"}, 400, "before end_time"),
        (late, 400, "start_time is in the future"),
    ):
        body = {"site_name": SITE, "start_time": "2026-01-01", "end_time": "2026-01-02"} | changes
        got, answer = exporting.call("POST", "/exports", body=body)
        assert (got, text in answer["error"]) == (status, True), answer


# The client and the command.


def continued(client: Client, start: Any, next_start: Any) -> list[int]:
    """Times of pieces of 25 minutes, each from what follows the last sample before it."""
    times: list[int] = []
    end_ms = SPAN.start_ms
    while end_ms < SPAN.end_ms:
        end_ms += 25 * MINUTE_MS
        table = client.query(SITE, [POINT], start, end_ms, resolution="raw")
        times += table["timestamp"].cast(pa.int64()).to_pylist()
        if len(table):
            start = next_start(table["timestamp"][-1])
    return times


MICROSECOND = timedelta(microseconds=1)


def test_continuing_after_the_last_sample_is_exact(client: Client, building: World) -> None:
    truth = sorted(time_ms for name, time_ms in building.truth(SPAN) if name == POINT)
    assert len(truth) > 100
    for next_start in (
        lambda last: last.as_py() + MICROSECOND,
        lambda last: pd.Timestamp(last.as_py()) + pd.Timedelta(1, "ns"),
        lambda last: np.datetime64(last.value * 10**6, "ns") + np.timedelta64(1, "ns"),
        lambda last: (last.as_py() + MICROSECOND).isoformat(),
        lambda last: f"{last.value}.001",
    ):
        assert continued(client, SPAN.start_ms, next_start) == truth


def test_the_command_takes_the_same_edges(server: ApiServer, token: str) -> None:
    vitals = command(server.url, token)

    def times(start: str, end: str) -> list[int]:
        edges = ("--start", start, "--end", end, "--resolution", "raw", "--format", "csv")
        rows = csv.DictReader(out(vitals("query", SITE, POINT, *edges)).splitlines())
        return [parse_iso(row["timestamp"]) for row in rows]

    first = NOON - HOUR_MS
    assert times(iso(first), iso(first + MINUTE_MS)) == [first]
    assert times(f"{iso_ms(first)}500Z", f"{iso_ms(first + MINUTE_MS)}000001z") == [first + MINUTE_MS]
    assert times("2025-12-31t24:00:00", iso(first))[-1] == first - MINUTE_MS


def test_the_client_accepts_times_of_any_year(client: Client) -> None:
    for early in (
        datetime.min.replace(tzinfo=UTC),
        # Of these the milliseconds look like seconds and like a day.
        datetime(1970, 1, 21, 10, 53, 45, 600_000, UTC),
        datetime(1970, 1, 1, 5, 37, 40, 101_000, UTC),
        np.datetime64("1970-01-21T10:53:45.600"),
        "0001-01-01T00:00:00+14:00",
    ):
        assert len(client.query(SITE, [POINT], early, "1990-01-02", resolution="raw")) == 0
        assert len(client.coverage(SITE, early, "1990-01-02")["days"]) == 1
    late = datetime.max.replace(tzinfo=UTC)
    assert len(client.query(SITE, [POINT], SPAN.start_ms, late, resolution="raw")) > 100
    assert len(client.coverage(SITE, SPAN.start_ms, late)["days"]) == MAX_COVERAGE_DAYS + 1
