"""Exports of buckets and tables equal the query's answers, also when they are killed at any step."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.buckets import planning
from tests.support.exporting import BUCKET, FIRST, RANGE, Stage, deployed, export_body, simulator, stage
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.model.measures.local_time import local_iso
from vitals.model.records.exports import ExportPart
from vitals.model.records.tokens import Grant
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, iso
from vitals.reading.executor import Executor
from vitals.reading.request import QueryRequest
from vitals.store import keys
from vitals.store.state.exports import ExportTable
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles

__all__ = ["deployed", "simulator", "stage"]

ZONE = "America/Chicago"
READER = Grant("tests", frozenset({"read"}), frozenset({SITE}))
HOURS = {"resolution": "1h", "timezone": ZONE}
NEVER_NULL = ("timestamp", "point_name", "count", "end")


def answer(stage: Stage, names: list[str], **parameters: Any) -> dict[str, Any]:
    """The query's answer of the same range, in one page."""
    request = QueryRequest(SITE, names, iso(RANGE.start_ms), iso(RANGE.end_ms), **parameters)
    reply = stage.world.api().query(READER, request)
    assert reply.answer is not None and reply.answer["metadata"]["next_token"] is None
    return dict(reply.answer)


def names_of(stage: Stage, kind: str | None = None) -> list[str]:
    catalog = stage.world.syncer.catalogs.load(SITE)
    return [point.name for point in catalog.points if kind in (None, point.kind)]


def parts(stage: Stage, export: str) -> tuple[ExportPart, ...]:
    table = ExportTable(stage.world.client, "StateTable")
    record = table.load(export, stage.world.clock())
    assert record
    return table.plan(record).parts


def numbers(values: Any) -> list[bytes | None]:
    """The bytes of each number, so that -0.0 is not 0.0."""
    return [None if value is None or np.isnan(value) else np.float64(value).tobytes() for value in values]


def csv_columns(files: list[bytes]) -> dict[str, list[str]]:
    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
    assert len({file.split(b"\n")[0] for file in files}) == 1
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_ROWS", 200)
    monkeypatch.setattr(planning, "_PAGE_ROWS", 40)


@pytest.mark.parametrize(
    ("parameters", "days_later"),
    [
        ({"resolution": "1h", "measure": "mean", "timezone": ZONE}, 30),
        ({"resolution": "1h", "measure": "at", "timezone": "Asia/Kolkata"}, 0),
        ({"resolution": "15m", "measure": "max", "fill": "last", "timezone": ZONE, "units": "metric"}, 30),
        ({"resolution": "1d", "measure": "time_weighted_mean", "timezone": ZONE}, 0),
    ],
    ids=["mean", "at", "max", "time_weighted_mean"],
)
def test_an_exported_table_equals_the_querys(
    stage: Stage, small_parts: None, parameters: dict[str, Any], days_later: int
) -> None:
    """All parts and pages, over days of every kind; without a value a cell is empty."""
    # Later, settled days are read from the archive.
    stage.world.clock.now_ms += days_later * DAY_MS
    names = names_of(stage, "analog")[:4]
    columns = [*names, f'sum: "{names[0]}" - "{names[0]}"']
    export = stage.start(form="table", point_names=columns, format="csv", **parameters)
    assert len(parts(stage, export)) > 1 or parameters["resolution"] == "1d"
    expected = answer(stage, columns, form="table", **parameters)
    stage.drain()
    content = csv_columns(stage.files(export))
    assert content.pop("timestamp") == local_iso(np.array(expected["timestamps"]), parameters["timezone"])
    assert len(content) == len(columns)
    for column, (header, cells) in zip(expected["columns"], content.items(), strict=True):
        assert header.startswith(column["point_name"])
        assert numbers(None if cell == "" else float(cell) for cell in cells) == numbers(column["values"])
    assert any(number is not None for number in numbers(expected["columns"][0]["values"]))
    record = stage.get(export)
    assert record["rows"] == len(expected["timestamps"])
    assert (record["form"], record["resolution"]) == ("table", parameters["resolution"])


@pytest.mark.parametrize("format", ["csv", "parquet", "arrow", "json"])
def test_every_format_has_the_rows_of_a_query(stage: Stage, small_parts: None, format: str) -> None:
    names = names_of(stage)[:6]
    export = stage.start(point_names=names, format=format, measure="mean", **HOURS)
    expected = answer(stage, names, measure="mean", **HOURS)
    stage.drain()
    truth = {
        (series["point_name"], time): [series["known"][row], *(series[key][row] for key in KEYS)]
        for series in expected["series"]
        for row, time in enumerate(series["timestamps"].tolist())
    }
    rows = [row for file in stage.files(export) for row in parsed(format, file)]
    assert len(rows) == len(truth) > 10
    for row in rows:
        values = [row["known"], *(row[name] for name in ("value", "min", "max", "count", "first", "last"))]
        assert numbers(values) == numbers(truth[row["point_name"], row["timestamp"]])


KEYS = ("values", "min", "max", "count", "first", "last")


def parsed(format: str, data: bytes) -> list[dict[str, Any]]:
    """The rows of a file, with times as UTC ms."""
    if format in ("parquet", "arrow"):
        table = (
            pq.read_table(io.BytesIO(data)) if format == "parquet" else pa.ipc.open_stream(data).read_all()
        )
        times = table["timestamp"].cast(pa.int64()).to_pylist()
        return [row | {"timestamp": time} for row, time in zip(table.to_pylist(), times, strict=True)]
    if format == "json":
        rows = [json.loads(line) for line in data.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    texts = ("point_name", "timestamp")
    return [
        {
            name: cell if name in texts else None if cell in ("", None) else float(cell)
            for name, cell in row.items()
        }
        | {"timestamp": round(np.datetime64(utc(row["timestamp"])).astype("datetime64[ms]").astype(int))}
        for row in rows
    ]


def utc(text: str) -> str:
    return (
        datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    )


def test_totals_have_ends_and_bounds(stage: Stage) -> None:
    names = names_of(stage, "binary")[:2]
    days = {"resolution": "1d", "measure": "runtime", "timezone": ZONE}
    export = stage.start(point_names=names, format="parquet", **days)
    expected = answer(stage, names, **days)
    stage.drain()
    [file] = stage.files(export)
    table = pq.read_table(io.BytesIO(file))
    assert table.column_names == [
        "point_name",
        "timestamp",
        "value",
        "count",
        "known",
        "end",
        "at_least",
        "at_most",
    ]
    series = [series for series in expected["series"] if len(series["timestamps"])]
    for key, name in {
        "values": "value",
        "known": "known",
        "at_least": "at_least",
        "at_most": "at_most",
    }.items():
        truth = [value for item in series for value in item[key]]
        assert numbers(table[name].to_pylist()) == numbers(truth)
    assert table["end"].cast(pa.int64()).to_pylist() == [end for item in series for end in item["ends"]]


def test_duckdb_pivots_samples_to_the_table(stage: Stage, tmp_path: Path) -> None:
    """The exported table of hourly maxima is the PIVOT of the exported samples."""
    names = names_of(stage, "analog")[:3]
    samples = stage.start(point_names=names, format="parquet")
    tables = {
        format: stage.start(point_names=names, format=format, form="table", resolution="1h", measure="max")
        for format in ("csv", "parquet")
    }
    stage.drain()
    for number, file in enumerate(stage.files(samples)):
        (tmp_path / f"samples_{number}.parquet").write_bytes(file)
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        rows = connection.execute(
            f"""PIVOT (SELECT point_name, value, time_bucket(INTERVAL '1 hour', timestamp) AS timestamp
                       FROM read_parquet('{tmp_path}/samples_*.parquet'))
                ON point_name USING max(value) GROUP BY timestamp ORDER BY timestamp"""
        )
        order = [column[0] for column in rows.description or []]
        pivot = {row[0]: dict(zip(order[1:], row[1:], strict=True)) for row in rows.fetchall()}
        for format, export in tables.items():
            files = stage.files(export)
            for number, file in enumerate(files):
                (tmp_path / f"table_{number}.{format}").write_bytes(file)
            query = f"SELECT * FROM read_{format}('{tmp_path}/table_*.{format}') ORDER BY timestamp"
            result = connection.execute(query)
            headers = [column[0] for column in result.description or []]
            table = result.fetchall()
            assert [header.split(" [")[0] for header in headers] == ["timestamp", *names]
            assert len(table) == RANGE.length_ms // HOUR_MS
            for time, *values in table:
                expected = pivot.get(time, {})
                assert values == [expected.get(name) for name in names]
            assert sum(any(value is not None for value in row[1:]) for row in table) == len(pivot)


OPEN = {"hours": "19:10-19:50", "days": "wed-fri", "timezone": ZONE}
"""Of the three evenings with samples the first; the second is a holiday until the export is requested."""


@pytest.mark.parametrize(
    ("parameters", "days_later"),
    [
        ({"resolution": "1h", "measure": "count"}, 30),
        ({"resolution": "15m", "measure": "mean"}, 0),
        ({"resolution": "1d", "measure": "max", "form": "table"}, 30),
        ({"resolution": "15m", "measure": "at", "form": "table"}, 0),
    ],
)
def test_operating_hours_are_those_of_a_query(
    stage: Stage, small_parts: None, parameters: dict[str, Any], days_later: int
) -> None:
    stage.world.clock.now_ms += days_later * DAY_MS
    sites = SiteTable(stage.world.client, "StateTable")
    set_holidays(sites, ["2026-01-01"])
    names, parameters = names_of(stage, "analog")[:3], parameters | OPEN
    export = stage.start(point_names=names, format="csv", **parameters)
    expected = answer(stage, names, **parameters)
    everything = answer(stage, names, **{**parameters, "hours": None, "days": None})
    set_holidays(sites, [])
    stage.drain()
    files = stage.files(export)
    if "columns" in expected:
        cells = list(csv_columns(files).values())[1:]
        truth = [numbers(column["values"]) for column in expected["columns"]]
        assert [numbers(map(number, column)) for column in cells] == truth
        assert truth != [numbers(column["values"]) for column in everything["columns"]]
    else:
        rows = sorted(
            (row["point_name"], row["timestamp"], row["value"])
            for file in files
            for row in parsed("csv", file)
        )
        assert rows == sorted(rows_of(expected))
        assert 0 < len(rows) < len(rows_of(everything))
    record = stage.get(export)
    assert (record["hours"], record["days"]) == (OPEN["hours"], OPEN["days"])


def set_holidays(sites: SiteTable, dates: list[str]) -> None:
    sites.set_settings(SITE, {"holidays": tuple(dates)}, "tests")


def number(cell: str) -> float | None:
    return None if cell == "" else float(cell)


def rows_of(content: dict[str, Any]) -> list[tuple[str, int, float]]:
    return [
        (series["point_name"], int(time), float(value))
        for series in content["series"]
        for time, value in zip(series["timestamps"], series["values"], strict=True)
    ]


def test_a_table_of_all_has_active_points(stage: Stage) -> None:
    """Those that the upstream lists no more have no column; by series their buckets are exported, too."""
    catalogs = stage.world.syncer.catalogs
    listed = [point.listed for point in catalogs.load(SITE).points]
    for _ in range(2):
        catalogs.refresh(SITE, listed[2:])
    active = [point.name for point in catalogs.load(SITE).active]
    assert len(active) == len(listed) - 2
    table = stage.start(format="csv", resolution="1d", form="table", measure="max")
    series = stage.start(format="csv", resolution="1d", measure="max")
    assert [stage.get(export)["points"] for export in (table, series)] == [len(active), len(listed)]
    stage.drain()
    headers = list(csv_columns(stage.files(table)))
    assert len(headers) == 1 + len(active)
    assert all(header.startswith(name) for name, header in zip(active, headers[1:], strict=True))


# In their order.
STEPS = [
    (ExportTable, "claim", 1),
    (ExportTable, "plan", 1),
    (SiteTable, "load", 1),
    (Executor, "read", 1),
    (ExportFiles, "put", 1),
    (ExportTable, "finish_part", 1),
    (ExportTable, "update", 1),
    (Executor, "read", 2),
    (ExportFiles, "put", 2),
    (ExportTable, "finish_part", 2),
    (ExportTable, "update", 2),
    (ExportTable, "release", 1),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "method", "number"), STEPS)
def test_killed_at_any_step_a_repeat_completes_it(
    stage: Stage, owner: type, method: str, number: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MAX_ROWS", 100)
    names = names_of(stage, "analog")[:2]
    table = {"resolution": "1h", "measure": "at", "form": "table", "timezone": ZONE}
    export = stage.start(point_names=names, format="csv", **table)
    assert len(parts(stage, export)) == 2
    expected = answer(stage, names, **table)
    message = stage.receive()
    assert message
    with killed_at(owner, method, call=number, after=after):
        stage.deliver(message)
    stage.world.clock.forward(30)
    assert stage.deliver(message, receives=2)
    content = csv_columns(stage.files(export))
    assert content["timestamp"] == local_iso(np.array(expected["timestamps"]), ZONE)
    for column, cells in zip(expected["columns"], list(content.values())[1:], strict=True):
        assert numbers(None if cell == "" else float(cell) for cell in cells) == numbers(column["values"])
    record = stage.get(export)
    assert (record["days_done"], record["rows"]) == (record["days_total"], len(expected["timestamps"]))


def test_every_point_is_exported_in_groups(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_POINTS", 5)
    export = stage.start(format="parquet", resolution="1d")
    names = names_of(stage)
    assert stage.get(export)["points"] == len(names) > 10
    expected = answer(stage, names, resolution="1d")
    stage.drain()
    rows = [row for file in stage.files(export) for row in parsed("parquet", file)]
    assert {(row["point_name"], row["timestamp"]) for row in rows} == {
        (series["point_name"], time)
        for series in expected["series"]
        for time in series["timestamps"].tolist()
    }


def test_tags_and_the_sites_zone(stage: Stage) -> None:
    catalog = stage.world.syncer.catalogs.load(SITE)
    tag = next(tag for point in catalog.points for tag in point.listed.tags)
    tagged = {point.name for point in catalog.points if tag in point.listed.tags}
    export = stage.start(tag=[tag], format="json", resolution="1h")
    assert (stage.get(export)["points"], stage.get(export)["timezone"]) == (len(tagged), "UTC")
    raw = stage.start(tag=[tag], format="json")
    stage.drain()
    for number in (export, raw):
        rows = [json.loads(line) for file in stage.files(number) for line in file.splitlines()]
        assert {row["point_name"] for row in rows} <= tagged
        assert rows


def test_an_unreadable_day_fails_the_export(stage: Stage) -> None:
    stage.world.clock.now_ms += 30 * DAY_MS
    export = stage.start(format="csv", resolution="1h", measure="p50", point_names=names_of(stage))
    for day_ms in range(FIRST, FIRST + 3 * DAY_MS, DAY_MS):
        stage.s3.delete_object(Bucket=BUCKET, Key=keys.day_file(SiteDay(SITE, day_ms)))
    message = stage.receive()
    assert message
    assert not stage.deliver(message, receives=5)
    record = stage.get(export)
    assert record["status"] == "failed"
    assert "does not exist" in record["error"]


@pytest.mark.parametrize(
    ("parameters", "status", "text"),
    [
        ({"resolution": "auto"}, 400, "resolution must be raw or the length of the buckets"),
        ({"resolution": "7m"}, 400, "resolution"),
        ({"resolution": "1h", "measure": "median"}, 400, "measure must be one of"),
        ({"measure": "mean"}, 400, "use it with another resolution than raw"),
        ({"units": "metric"}, 400, "use it with another resolution than raw"),
        ({"form": "table"}, 400, "use it with another resolution than raw"),
        (
            {"form": "table", "resolution": "1h", "fill": "last", "measure": "count"},
            400,
            "cannot be filled",
        ),
        ({"resolution": "1h", "fill": "last"}, 400, "use it with form=table"),
        ({"resolution": "1h", "measure": "at"}, 400, "use it with form=table"),
        ({"resolution": "1h", "units": "english"}, 400, "units"),
        ({"hours": "06:00-18:00"}, 400, "use it with another resolution than raw"),
        ({"resolution": "1h", "hours": "6-18"}, 400, "hours must be like 06:00-18:00"),
        ({"resolution": "1h", "days": "workdays"}, 400, "days must be like mon-fri"),
        ({"resolution": "1h", "week_start": "friday"}, 400, "week_start must be monday or sunday"),
        ({"resolution": "1h", "timezone": "Chicago"}, 400, "IANA name"),
        ({"form": "wide"}, 400, "form"),
        ({"tag": ["no such tag"]}, 404, "no point of the site has all of these tags"),
        ({"tag": ["air"], "point_names": ["a"]}, 400, "use either point names or tag"),
        ({"form": "table", "resolution": "1h", "point_names": ["sum: a + b"]}, 404, "no point 'a', 'b'"),
        ({"form": "table", "resolution": "1h", "point_names": ["sum: "]}, 400, "a name is missing"),
        (
            {"form": "table", "resolution": "1h", "point_names": [f"p{n}" for n in range(501)]},
            413,
            "a table has at most 500 columns",
        ),
    ],
)
def test_what_a_query_refuses_is_refused(
    deployed: Stage, parameters: dict[str, Any], status: int, text: str
) -> None:
    """When it is requested, and not by the worker."""
    answered, content = deployed.call("POST", "/exports", body=export_body(**parameters))
    assert answered == status, content
    assert text in content["error"]
    assert deployed.receive() is None


def test_too_many_parts_are_refused(deployed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_PARTS", 3)
    monkeypatch.setattr(planning, "MAX_ROWS", 40)
    status, content = deployed.call("POST", "/exports", body=export_body(resolution="1h"))
    assert (status, content["error_code"]) == (413, "TOO_LARGE")
    assert "use a longer resolution" in content["error"]


def test_a_range_without_samples_has_no_files(deployed: Stage) -> None:
    export = deployed.start(start_time="2020-01-01", end_time="2020-01-05", resolution="1h")
    deployed.drain()
    record = deployed.get(export)
    assert (record["status"], record["files"], record["rows"]) == ("completed", [], 0)
