"""`vitals query`: samples as a table, CSV, Parquet, JSON or sparklines."""

import csv
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, TextIO

import typer

from vitals_client import tables
from vitals_client.cli.charts import in_columns, sparkline
from vitals_client.cli.formatting import labels
from vitals_client.cli.output import Json, SiteName, show, show_json, show_table
from vitals_client.cli.query import bucket_table
from vitals_client.client import Client, Method, Units, WeekStart
from vitals_client.exports import atomic_file
from vitals_client.merging import Envelope

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_COLUMNS = 80
_TIMES = ("timestamp", "end")
_TEXTS = ("point_name", "timestamp", "partial")

type Format = Literal["table", "csv", "parquet", "sparkline"]


def query(
    site: SiteName,
    points: Annotated[list[str], typer.Argument(metavar="POINT", help="point names from `vitals points`")],
    start: Annotated[
        str,
        typer.Option(help="start of the range, ISO 8601 or epoch milliseconds", show_default="24 hours ago"),
    ] = "",
    end: Annotated[str, typer.Option(help="end of the range, not included", show_default="now")] = "",
    resolution: Annotated[
        str,
        typer.Option(
            help="auto, raw, or the length of the buckets in local time: 15m, 1h, 1d, 1w, 1mo, 1y; "
            "auto is the finest that --max-points allows"
        ),
    ] = "auto",
    measure: Annotated[
        str | None,
        typer.Option(
            help="what a row says of its bucket: mean, min, max, first, last, count, sd, p1 to p99, "
            "time_weighted_mean, integral, runtime, starts, held, increase, rate",
            show_default="mean",
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="zone of the buckets, and of times without an offset; an IANA name",
            show_default="the site's; times without an offset are then UTC",
        ),
    ] = None,
    week_start: Annotated[WeekStart | None, typer.Option(help="first day of weeks: monday or sunday")] = None,
    units: Annotated[
        Units | None, typer.Option(help="units of the values: source, metric or imperial")
    ] = None,
    max_points: Annotated[int | None, typer.Option(min=1, help="maximum number of rows per point")] = None,
    width: Annotated[int | None, typer.Option(min=1, help="width of a chart in columns")] = None,
    method: Annotated[
        Method | None, typer.Option(help="how a chart reduces the samples: m4, minmax, lttb or mean")
    ] = None,
    format: Annotated[Format, typer.Option(help="table, csv, parquet or sparkline")] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="file for csv or parquet")
    ] = None,
    json: Json = False,
) -> None:
    """Show the samples of points in a time range, or a measure of each hour, local day or month.

    For example the kWh of each local day: --resolution 1d --measure increase --timezone America/Chicago.
    Tables show running time as hours:minutes; CSV, Parquet and JSON have seconds.
    """
    _check_options(format, output, measure, json=json)
    if format == "sparkline":
        method = method or "mean"
        width = width or min(_MAX_COLUMNS, shutil.get_terminal_size().columns)
    now = datetime.now(UTC)
    request: dict[str, Any] = {
        "site": site,
        "points": points,
        "start": start or now - timedelta(days=1),
        "end": end or now,
        "resolution": resolution,
        "timezone": timezone,
        "measure": measure,
        "week_start": week_start,
        "units": units,
        "max_points": max_points,
        "width": width,
        "method": method,
    }
    with Client() as client:
        if format == "csv":
            with _text_output(output) as out:
                _write_csv(client.query_pages(**request), out)
        elif output:
            _write_parquet(client.query_pages(**request), output)
        else:
            _show(client.query(**request), format, json=json, columns=width or 1)


def _check_options(format: str, output: Path | None, measure: str | None, *, json: bool) -> None:
    if json and format != "table":
        raise typer.BadParameter("--json cannot be combined with --format")
    if output and (json or format not in ("csv", "parquet")):
        raise typer.BadParameter("--output requires --format csv or parquet")
    if format == "parquet" and not output:
        raise typer.BadParameter("--format parquet requires --output")
    if format == "sparkline" and measure:
        raise typer.BadParameter("--measure cannot be combined with --format sparkline")


def _show(table: "pa.Table", format: str, *, json: bool, columns: int) -> None:
    if json:
        show_json(tables.answer(table))
    elif format == "sparkline":
        for line in _sparklines(tables.answer(table), columns):
            show(line)
    else:
        answer = tables.answer(table)
        columns_of_table = bucket_table.columns(table, answer)
        numbers = [name for name in columns_of_table if name not in _TEXTS]
        show_table(list(columns_of_table), zip(*columns_of_table.values(), strict=True), right=numbers)
        for line in bucket_table.totals(answer):
            show(line)


def _sparklines(answer: Envelope, columns: int) -> Iterator[str]:
    start_ms, end_ms = (
        round(datetime.fromisoformat(answer[key]).timestamp() * 1000) for key in ("start_time", "end_time")
    )
    for series in answer["series"]:
        values = series["values"]
        bars = sparkline(
            in_columns(series["timestamps"], values, start_ms=start_ms, end_ms=end_ms, columns=columns)
        )
        if values:
            low, high, last = labels(
                min(series.get("min", values)),
                max(series.get("max", values)),
                series.get("last", values)[-1],
            )
            yield f"{bars}  {low} to {high}, last {last}  {series['point_name']}"
        else:
            yield f"{bars}  no samples  {series['point_name']}"


def _write_csv(pages: Iterator["pa.Table"], out: TextIO) -> None:
    """Writes the pages as the API's CSV."""
    writer = csv.writer(out, lineterminator="\n")
    for index, page in enumerate(pages):
        if index == 0:
            writer.writerow(page.column_names)
        writer.writerows(_rows(page))


def _write_parquet(pages: Iterator["pa.Table"], path: Path) -> None:
    """Writes each page as at least one row group."""
    import pyarrow.parquet as pq

    first = next(pages)
    schema = first.schema.remove_metadata()
    with _binary_output(path) as out, pq.ParquetWriter(out, schema) as writer:
        writer.write_table(first.cast(schema))
        for page in pages:
            writer.write_table(page.cast(schema))


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    columns = (
        bucket_table.iso_texts(table[name]) if name in _TIMES else table[name].to_pylist()
        for name in table.column_names
    )
    return zip(*columns, strict=True)


@contextmanager
def _text_output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with _binary_output(path) as out, TextIOWrapper(out, "utf-8", newline="") as text:
        yield text


@contextmanager
def _binary_output(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that is replaced when it is complete. Links are followed, devices and pipes written to."""
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            yield out
    else:
        with atomic_file(path.resolve()) as out:
            yield out
