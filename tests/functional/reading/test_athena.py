"""The Athena reader, by the SQL that it really sends, over a table that the template describes."""

import struct
from collections.abc import Iterator

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.athena.server import executing
from tests.support.athena_archive import Archive, Series, stuck
from tests.support.sites import SITE
from tests.support.template import create_archive
from vitals.aws.clients import ClientConfig
from vitals.aws.cost import Cost
from vitals.errors import AthenaError, TierTimeoutError, TooLargeError
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start
from vitals.reading.bulk import athena_sql

__all__ = ["stuck"]

DAY = day_start("2026-01-05")
NAMES = [
    "ses/ses_falls_city/8000:33-8033/analogValue/102",
    "Zähler · 温度 #1 %",
    'it\'s "quoted" \\ and ; -- commented',
    "'; DROP TABLE samples; --",
    "' OR '1'='1",
    "NaN",
    "?",
]
VALUES = [-0.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 71.30000305175781, 1 / 3, -1234567.8901234567]


@pytest.fixture
def archive(aws: None) -> Iterator[Archive]:
    s3, athena = boto3.client("s3"), boto3.client("athena")
    names = create_archive(s3, boto3.client("glue"), athena)
    with executing():
        yield Archive(names, s3, athena)


@pytest.fixture
def week(archive: Archive) -> Archive:
    """Seven days of seven points, one sample every eight hours of each."""
    archive.write(SITE, hours(range(0, 7 * 24, 8)))
    return archive


def hours(numbers: range) -> dict[str, dict[int, float]]:
    return {
        name: {DAY + n * HOUR_MS + 123 + i: VALUES[(i + n) % len(VALUES)] for n in numbers}
        for i, name in enumerate(NAMES)
    }


def bits(samples: Samples, names: list[str]) -> dict[tuple[str, int], bytes]:
    return {
        (names[point], time_ms): value.tobytes()
        for point, time_ms, value in zip(
            samples.ids.tolist(), samples.times.tolist(), samples.values, strict=True
        )
    }


def truth(series: Series, names: list[str], span: Span) -> dict[tuple[str, int], bytes]:
    return {
        (name, time_ms): struct.pack("<d", value)
        for name in names
        for time_ms, value in series[name].items()
        if span.start_ms <= time_ms < span.end_ms
    }


def test_samples_are_exact_whatever_the_points_names(week: Archive) -> None:
    span = Span(DAY, DAY + 7 * DAY_MS)
    result = week.raw(NAMES, span)
    assert bits(result, NAMES) == truth(hours(range(0, 7 * 24, 8)), NAMES, span)
    assert len(result) == len(NAMES) * 21


def test_ids_are_positions_in_the_requested_names(week: Archive) -> None:
    names = [NAMES[4], "no such point", NAMES[1]]
    result = week.raw(names, Span(DAY, DAY + 7 * DAY_MS))
    assert np.unique(result.ids).tolist() == [0, 2]
    assert np.lexsort((result.times, result.ids)).tolist() == list(range(len(result)))


def test_a_span_ends_before_its_end(week: Archive) -> None:
    time_ms = DAY + 8 * HOUR_MS + 123
    assert week.raw(NAMES[:1], Span(time_ms, time_ms + 8 * HOUR_MS)).times.tolist() == [time_ms]
    assert week.raw(NAMES[:1], Span(time_ms - 1, time_ms)).times.tolist() == []
    assert week.raw(NAMES[:1], Span(time_ms, time_ms + 1)).times.tolist() == [time_ms]


def test_only_the_requested_days_are_read(week: Archive) -> None:
    week.write("another_site", hours(range(24)))
    week.raw(NAMES, Span(DAY + DAY_MS, DAY + 3 * DAY_MS))
    scanned = week.last_query()["Statistics"]["DataScannedInBytes"]
    assert scanned == week.sizes["2026-01-06"] + week.sizes["2026-01-07"]


def test_a_range_without_files_is_empty(week: Archive) -> None:
    assert len(week.raw(NAMES, Span(DAY - 9 * DAY_MS, DAY - 8 * DAY_MS))) == 0
    assert len(week.raw(NAMES, Span(DAY, DAY + DAY_MS), site="no_such_site")) == 0
    assert len(week.raw([], Span(DAY, DAY + DAY_MS))) == 0


@pytest.mark.parametrize(
    "name", ["' OR '1'='1' --", "') OR (1=1", "x' UNION SELECT 1, 2, 3 --", "\\' OR 1=1 --"]
)
def test_a_name_that_is_sql_finds_nothing(week: Archive, name: str) -> None:
    span = Span(DAY, DAY + 7 * DAY_MS)
    assert len(week.raw([name], span)) == 0
    assert len(week.raw(NAMES, span, site=name)) == 0
    assert len(week.raw(NAMES, span)) > 0


def test_names_that_share_a_digest_are_left_out(week: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena_sql, "_DIGEST_DIGITS", 0)
    names, span = ["a\0b", NAMES[1]], Span(DAY, DAY + 7 * DAY_MS)
    assert bits(week.raw(names, span), names) == truth(hours(range(0, 7 * 24, 8)), NAMES[1:2], span)
    assert "sha256" in week.last_query()["Query"]


def test_a_request_beyond_athenas_limits_is_refused(week: Archive) -> None:
    for sql, parameters in (
        ("SELECT count(*) FROM samples WHERE site = ?", [f"'{'x' * 1_023}'"]),
        ("SELECT count(*) FROM samples WHERE site = ?", [f"'{'😀' * 512}'"]),
        (f"SELECT count(*) FROM samples WHERE site = 'x' {' ' * 262_144}", []),
    ):
        with pytest.raises(ClientError, match="at most"):
            week.run(sql, *parameters)


def test_a_query_that_is_too_slow_is_stopped(week: Archive, stuck: None) -> None:
    with pytest.raises(TierTimeoutError):
        week.reader().raw(SITE, NAMES, Span(DAY, DAY + DAY_MS), 5, Cost())
    assert 4 < sum(week.clock.slept) <= 5
    assert week.last_query()["Status"]["State"] == "CANCELLED"


def test_a_failed_query_logs_athenas_reason_only(week: Archive) -> None:
    boto3.client("glue").delete_table(DatabaseName=week.names["GlueDatabase"], Name=week.names["GlueTable"])
    with pytest.raises(AthenaError) as caught:
        week.raw(NAMES, Span(DAY, DAY + DAY_MS))
    assert "TABLE_NOT_FOUND" in caught.value.__notes__[0]
    assert week.names["GlueTable"] not in str(caught.value)


def test_an_unreachable_athena_is_an_error(week: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://127.0.0.1:9")
    reader = week.reader(client_config=ClientConfig(connect_timeout=1, read_timeout=1, attempts=1))
    with pytest.raises(AthenaError):
        reader.raw(SITE, NAMES, Span(DAY, DAY + DAY_MS), 20, Cost())


def test_an_answer_has_a_most_of_rows(week: Archive) -> None:
    span = Span(DAY, DAY + DAY_MS)
    assert len(week.reader(max_rows=21).raw(SITE, NAMES, span, 20, Cost())) == 21
    with pytest.raises(TooLargeError):
        week.reader(max_rows=20).raw(SITE, NAMES, span, 20, Cost())


def test_scanning_beyond_the_workgroups_limit_is_too_large(week: Archive) -> None:
    group = week.athena.get_work_group(WorkGroup=week.names["AthenaWorkGroup"])["WorkGroup"]
    limited = group["Configuration"] | {"BytesScannedCutoffPerQuery": 1000}
    # Athena allows no limit as low as this.
    athena = boto3.client("athena", config=Config(parameter_validation=False))
    athena.create_work_group(Name="limited", Configuration=limited)
    with pytest.raises(TooLargeError):
        week.reader(workgroup="limited").raw(SITE, NAMES, Span(DAY, DAY + DAY_MS), 20, Cost())


def test_an_unload_writes_into_an_empty_folder_only(week: Archive) -> None:
    select = f"SELECT value FROM samples WHERE site = '{SITE}'"
    sql = f"UNLOAD ({select}) TO 's3://cold-bucket/athena/x/' WITH (format = 'PARQUET')"
    assert week.run(sql)["Status"]["State"] == "SUCCEEDED"
    assert week.run(sql)["Status"]["StateChangeReason"].startswith("HIVE_PATH_ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("s.site = '{0}'", 7),
        ("s.site IN ('{0}', 'another_site') AND s.day >= '2026/01/10'", 2),
        ("'{0}' = site AND day LIKE '2026/01/0%' AND value > 0", 5),
        ("site = '{0}' AND (day = '2026/01/06' OR day > '2026/01/10')", 2),
        ("site = '{0}' AND day = date_format(\"timestamp\", '%Y/%m/%d')", 7),
        ("site = '{0}' AND day > '2026/02/01'", 0),
    ],
)
def test_the_where_clause_selects_the_partitions(week: Archive, condition: str, days: int) -> None:
    sql = f"SELECT count(DISTINCT day) AS days FROM samples AS s WHERE {condition.format(SITE)}"
    assert week.rows(sql) == [{"days": str(days)}]
    scanned = week.last_query()["Statistics"]["DataScannedInBytes"]
    average = sum(week.sizes.values()) / 7
    assert round(scanned / average) == days


def test_a_query_without_a_site_is_refused(week: Archive) -> None:
    status = week.run("SELECT count(*) FROM samples WHERE day = '2026/01/05'")["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("CONSTRAINT_VIOLATION")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nonesuch FROM samples WHERE site = 'x'", "COLUMN_NOT_FOUND: Column 'nonesuch'"),
        ("SELECT 1 FROM nonesuch", "TABLE_NOT_FOUND"),
        ("SELECT FROM WHERE", "SYNTAX_ERROR"),
        ("SELECT 1; DROP TABLE samples", "SYNTAX_ERROR"),
        ("DROP TABLE samples", "NOT_SUPPORTED"),
        ("SELECT * FROM samples WHERE site = ?", "Incorrect number of parameters"),
        ("SELECT * FROM read_csv('/dev/null')", "file system operations are disabled"),
    ],
)
def test_the_reason_of_a_failure_is_told(week: Archive, sql: str, reason: str) -> None:
    status = week.run(sql)["Status"]
    assert status["State"] == "FAILED"
    assert reason in status["StateChangeReason"]


def test_a_select_writes_csv_to_the_workgroups_location(week: Archive) -> None:
    sql = """SELECT point_name, "timestamp", value, value > 0 AS positive, NULL AS nothing FROM samples
             WHERE site = ? AND day = ? AND point_name = ? ORDER BY "timestamp" LIMIT 2"""
    execution = week.run(sql, f"'{SITE}'", "'2026/01/05'", "'it''s \"quoted\" \\ and ; -- commented'")
    output = execution["ResultConfiguration"]["OutputLocation"]
    assert output == f"s3://cold-bucket/athena/{execution['QueryExecutionId']}.csv"
    body = week.s3.get_object(Bucket="cold-bucket", Key=output.removeprefix("s3://cold-bucket/"))[
        "Body"
    ].read()
    name = '"it\'s ""quoted"" \\ and ; -- commented"'
    assert body.decode().splitlines() == [
        '"point_name","timestamp","value","positive","nothing"',
        f'{name},"2026-01-05 00:00:00.125","5.0E-324","true",',
        f'{name},"2026-01-05 08:00:00.125","1.7976931348623157E308","true",',
    ]


def test_the_named_queries_of_the_template_run(week: Archive) -> None:
    for logical_id, columns in (
        ("DailySummaryQuery", {"point_name", "day", "samples", "minimum", "mean", "maximum"}),
        ("LongestGapsQuery", {"point_name", "silent_seconds", "silent_since"}),
    ):
        named = week.athena.get_named_query(NamedQueryId=week.names[logical_id])["NamedQuery"]
        rows = week.rows(named["QueryString"], f"'{SITE}'", "'2026/01/05'", "'2026/01/06'")
        assert set(rows[0]) == columns
        assert {row["point_name"] for row in rows} == set(NAMES)
    assert {row["silent_seconds"] for row in rows} == {str(8 * 3600)}
