"""`exclude=bad`: answers equal those of a site that never had the flagged samples, in every tier."""

import json
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pytest

from query import app
from tests.support.clock import Clock
from tests.support.flagging import (
    CLEAN,
    LISTED,
    MARKED,
    NAMES,
    SLOW_MS,
    SPAN,
    Flagged,
    flagged_rows,
    flagged_site,
    slow_site,
)
from tests.support.lambda_context import lambda_context
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.records.changes import Change
from vitals.model.records.flags import Flag
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso, parse_iso

type Ask = Callable[..., dict[str, Any]]

RANGE = {"start_time": iso(SPAN.start_ms), "end_time": iso(SPAN.end_ms)}
CHANGE = [Change("flag", "fan", None, "bad")]
FILLS = ("null", "last", "linear")
OF_ALL = ["min", "max", "first", "last", "count", "sd", "p50", "time_weighted_mean", "held"]
MEASURES: list[dict[str, Any]] = [
    *({"measure": name} for name in OF_ALL),
    *({"measure": name, "point_names": ["meter", "zone/temp"]} for name in ("increase", "rate")),
    *({"measure": name, "point_names": ["fan"]} for name in ("runtime", "starts", "integral")),
]
# One for each source of buckets.
REQUESTS: list[dict[str, Any]] = [
    {"measure": "sd"},
    {"measure": "time_weighted_mean", "timezone": "Asia/Kolkata"},
    {"measure": "increase", "point_names": ["meter", "zone/temp"]},
    {"measure": "runtime", "point_names": ["fan"]},
    {},
    {"hours": "06:00-18:00", "days": "mon-fri"},
    *({"form": "table", "fill": fill} for fill in FILLS),
]


@pytest.fixture
def site(
    request: pytest.FixtureRequest, dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Flagged:
    flagged = flagged_site(dynamodb, clock, getattr(request, "param", 0))
    monkeypatch.setattr(app.api, "connect", lambda: flagged.api)
    return flagged


@pytest.fixture
def ask(site: Flagged) -> Ask:
    def send(path: str = "/timeseries/query", **keys: Any) -> dict[str, Any]:
        status, _, content = exchange(path, **keys)
        assert status == 200, content
        return content

    return send


def exchange(path: str, **keys: Any) -> tuple[int, dict[str, list[str]], dict[str, Any]]:
    event = {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "requestContext": {
            "requestId": "r-1",
            "authorizer": {"principalId": "tests", "scopes": "read", "sites": "*"},
        },
        "body": json.dumps(RANGE | {"point_names": NAMES} | keys),
        "isBase64Encoded": False,
    }
    answer = app.handler(event, lambda_context("query"))
    return answer["statusCode"], answer["multiValueHeaders"], json.loads(answer["body"] or "null")


def rows(answer: dict[str, Any]) -> Any:
    """What an answer says of samples, without the gaps, whose reasons differ, and the files."""
    series = [{k: v for k, v in item.items() if k != "gaps"} for item in answer.get("series", [])]
    for item in series:
        item.get("proof", {}).pop("files", None)
    return series or {name: answer.get(name) for name in ("timestamps", "columns", "points")}


def both(ask: Ask, path: str = "/timeseries/query", **keys: Any) -> tuple[Any, Any]:
    return (
        rows(ask(path, site_name=MARKED, exclude="bad", **keys)),
        rows(ask(path, site_name=CLEAN, **keys)),
    )


def test_samples_and_charts_are_those_that_remain(ask: Ask) -> None:
    for keys in (
        {"resolution": "raw"},
        {"resolution": "raw", "width": 200},
        {"resolution": "raw", "width": 100, "method": "lttb"},
        {"resolution": "1h", "interval_ms": 6 * HOUR_MS, "method": "mean"},
        {"resolution": "auto", "max_points": 50},
    ):
        marked, clean = both(ask, **keys)
        assert marked == clean, keys


def test_every_measure_is_of_what_remains(ask: Ask) -> None:
    for keys in MEASURES:
        marked, clean = both(ask, resolution="1h", **keys)
        assert marked == clean, keys


@pytest.mark.parametrize("resolution", ["15m", "1h", "6h", "1d", "1w"])
def test_every_resolution_is_of_what_remains(ask: Ask, resolution: str) -> None:
    for keys in REQUESTS:
        marked, clean = both(ask, resolution=resolution, **keys)
        assert marked == clean, keys


@pytest.mark.parametrize("site", [1], indirect=True)
@pytest.mark.parametrize("resolution", ["15m", "1h"])
def test_reads_around_ranges_leave_flags_out(ask: Ask, site: Flagged, resolution: str) -> None:
    """Ranges begin or end at edges of flags, so that what is before and after them counts."""
    requests: list[dict[str, Any]] = [
        {"measure": "time_weighted_mean"},
        {"measure": "increase", "point_names": ["meter"]},
        {"measure": "starts", "point_names": ["fan"]},
        {"form": "table", "fill": "linear", "timezone": "Asia/Kathmandu"},
        {"form": "table", "measure": "at"},
    ]
    for flag in site.flags[:3]:
        for start_ms in (flag.span.start_ms, flag.span.end_ms - 1):
            span = {"start_time": start_ms, "end_time": start_ms + 5 * HOUR_MS}
            for keys in requests:
                marked, clean = both(ask, resolution=resolution, **span, **keys)
                assert marked == clean, span | keys


def test_summaries_are_of_what_remains(ask: Ask) -> None:
    marked, clean = both(ask, "/timeseries/summary")
    assert marked == clean


def test_toggling_a_flag_changes_just_its_days(ask: Ask, site: Flagged) -> None:
    """The local days with samples that it alone leaves out, found by an anti-join with the other flags."""
    edges = Calendar(Interval.parse("1d"), "America/Chicago").edges(SPAN)

    def days() -> set[tuple[Any, ...]]:
        names = ("timestamps", "values", "min", "max", "count", "first", "last")
        series = ask(site_name=MARKED, resolution="1d", exclude="bad")["series"]
        return {(s["point_name"], *row) for s in series for row in zip(*(s[n] for n in names), strict=True)}

    before = days()
    for number, flag in enumerate(site.flags):
        others = [*site.flags[:number], *site.flags[number + 1 :]]
        alone = flagged_rows(site.samples, [flag]) & ~flagged_rows(site.samples, others)
        days_of = edges[np.searchsorted(edges, site.samples.times[alone], side="right") - 1].tolist()
        touched = {
            (LISTED[point].name, day)
            for point, day in zip(site.samples.ids[alone].tolist(), days_of, strict=True)
        }
        site.table.remove(MARKED, flag, "ada", CHANGE)
        changed = {row[:2] for row in days() ^ before}
        assert changed == touched, flag
        site.table.add(MARKED, flag, CHANGE)
        assert days() == before


def test_a_flag_changes_just_its_buckets(ask: Ask, site: Flagged) -> None:
    """DuckDB computes the hours of all samples, and of those that an anti-join with the flags leaves."""
    con = duckdb.connect()
    names = [point.name for point in LISTED]
    con.execute("CREATE TABLE samples (point VARCHAR, ms BIGINT, value DOUBLE)")
    con.execute("CREATE TABLE flags (point VARCHAR, start_ms BIGINT, end_ms BIGINT)")
    s = site.samples
    con.executemany(
        "INSERT INTO samples VALUES (?, ?, ?)",
        [
            (names[i], t, v)
            for i, t, v in zip(s.ids.tolist(), s.times.tolist(), s.values.tolist(), strict=True)
        ],
    )
    con.executemany(
        "INSERT INTO flags VALUES (?, ?, ?)",
        [(names[p], f.span.start_ms, f.span.end_ms) for f in site.flags for p in f.points],
    )
    hours = """
        SELECT point, ms // 3600000 * 3600000 AS hour, min(value), max(value), count(*)
        FROM {} GROUP BY ALL ORDER BY ALL
    """
    remaining = """(
        SELECT * FROM samples ANTI JOIN flags
        ON samples.point = flags.point AND ms >= start_ms AND ms < end_ms
    )"""
    touched = con.execute(
        "SELECT DISTINCT samples.point, ms // 3600000 * 3600000 FROM samples JOIN flags"
        " ON samples.point = flags.point AND ms >= start_ms AND ms < end_ms"
    ).fetchall()

    def answered(**keys: Any) -> list[tuple[Any, ...]]:
        answer = ask(site_name=MARKED, resolution="1h", timezone="UTC", **keys)
        return sorted(
            (series["point_name"], *row)
            for series in answer["series"]
            for row in zip(*(series[name] for name in ("timestamps", "min", "max", "count")), strict=True)
        )

    all_rows, remaining_rows = answered(), answered(exclude="bad")
    assert all_rows == con.execute(hours.format("samples")).fetchall()
    assert remaining_rows == con.execute(hours.format(remaining)).fetchall()
    changed = {row[:2] for row in set(all_rows) ^ set(remaining_rows)}
    assert changed == set(touched)
    assert touched


@pytest.mark.parametrize("flagged", [[], [(65, 67)], [(15, 30), (60, 120)], [(0, 67)]])
def test_a_long_step_begins_at_what_remains(
    dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, flagged: list[tuple[int, int]]
) -> None:
    """Minutes of the first day are flagged; the meter's next sample comes 40 days later."""
    minutes = [10, 20, 62, 64, 66, 40 * 1440]
    api = slow_site(dynamodb, clock, minutes, flagged)
    monkeypatch.setattr(app.api, "connect", lambda: api)
    day = {"start_time": iso(SLOW_MS + 40 * DAY_MS), "end_time": iso(SLOW_MS + 41 * DAY_MS)}
    remaining = [m for m in minutes[:-1] if not any(low <= m < high for low, high in flagged)]
    expected = [
        {"time": iso(SLOW_MS + 40 * DAY_MS), "from": float(before), "to": 57_600.0}
        for before in remaining[-1:]
    ]
    for resolution in ("15m", "1h", "1d"):
        keys = {"point_names": ["meter"], "measure": "increase", "resolution": resolution, "timezone": "UTC"}
        status, _, answer = exchange("/timeseries/query", site_name=MARKED, exclude="bad", **day, **keys)
        assert status == 200, answer
        assert answer["series"][0]["proof"]["resets"] == expected, resolution


def test_flagged_gaps_have_their_reason(ask: Ask, site: Flagged) -> None:
    flag = Flag(
        "9999999999999-0000",
        (2,),
        Span(SPAN.start_ms + 5 * HOUR_MS, SPAN.start_ms + 9 * HOUR_MS),
        "x",
        "a",
        0,
    )
    site.table.add(MARKED, flag, CHANGE)
    keys = {"site_name": MARKED, "point_names": ["zone/temp"], "resolution": "raw", "exclude": "bad"}
    [series] = ask(**keys)["series"]
    flagged = [gap for gap in series["gaps"] if gap["reason"] == "flagged"]
    reasons = site.table.spans(MARKED).by_point[2]
    for gap in flagged:
        span = Span(parse_iso(gap["start"]), parse_iso(gap["end"]))
        assert any(s.start_ms < span.end_ms and span.start_ms < s.end_ms for s in reasons)
    for span in reasons:
        long = site.samples[(site.samples.ids == 2) & (site.samples.times < span.start_ms)]
        if span.length_ms > HOUR_MS and len(long):
            middle = (span.start_ms + span.end_ms) // 2
            assert any(parse_iso(g["start"]) <= middle < parse_iso(g["end"]) for g in flagged)
    [plain] = ask(site_name=MARKED, point_names=["zone/temp"], resolution="raw")["series"]
    assert "flagged" not in {gap["reason"] for gap in plain["gaps"]}


def test_answers_are_cached_by_revision(site: Flagged) -> None:
    keys = {"site_name": MARKED, "resolution": "1d", "end_time": iso(SPAN.start_ms + 2 * DAY_MS)}

    def head(**more: Any) -> tuple[str, str]:
        _, headers, _ = exchange("/timeseries/query", **keys, **more)
        return headers["ETag"][0], headers["Cache-Control"][0]

    plain, excluding = head(), head(exclude="bad")
    assert plain[1] == "private, max-age=300"
    assert excluding[1] == "private, max-age=60"
    site.table.remove(MARKED, site.flags[0], "ada", CHANGE)
    assert head() == plain
    assert head(exclude="bad")[0] not in (plain[0], excluding[0])


def test_another_exclusion_is_refused(site: Flagged) -> None:
    status, _, content = exchange("/timeseries/query", site_name=MARKED, exclude="good")
    assert (status, content["error"]) == (400, "exclude must be bad")
