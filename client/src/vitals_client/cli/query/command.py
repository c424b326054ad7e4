"""`vitals query`: samples as a table, CSV, Parquet, JSON or sparklines."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vitals_client import tables
from vitals_client.cli.charts import in_columns, sparkline
from vitals_client.cli.formatting import labels
from vitals_client.cli.output import Json, SiteName, show, show_json, show_table
from vitals_client.cli.query import bucket_table, options
from vitals_client.cli.query.files import text_output, write_csv, write_parquet
from vitals_client.client import Client
from vitals_client.merging import Envelope
from vitals_client.timeseries import Method

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_COLUMNS = 80
_TEXTS = ("point_name", "timestamp", "partial")

type Format = Literal["table", "csv", "parquet", "sparkline"]


def query(
    site: SiteName,
    points: options.Points = None,
    tag: options.TagOption = None,
    start: options.Start = "",
    end: options.End = "",
    resolution: options.Resolution = "auto",
    measure: options.MeasureName = None,
    timezone: options.Timezone = None,
    week_start: options.FirstDay = None,
    units: options.UnitsName = None,
    hours: options.Hours = None,
    days: options.Days = None,
    exclude: options.Exclude = None,
    max_points: Annotated[int | None, typer.Option(min=1, help="maximum number of rows per point")] = None,
    width: Annotated[int | None, typer.Option(min=1, help="width of a chart in columns")] = None,
    method: Annotated[
        Method | None, typer.Option(help="how a chart reduces the samples: m4, minmax, lttb or mean")
    ] = None,
    format: Annotated[Format, typer.Option(help="table, csv, parquet or sparkline")] = "table",
    output: options.Output = None,
    json: Json = False,
) -> None:
    """Show the samples of points in a time range, or a measure of each hour, local day or month.

    For example the kWh of each local day: --resolution 1d --measure increase --timezone America/Chicago.
    Tables show running time as hours:minutes; CSV, Parquet and JSON have seconds.
    """
    options.check_output(format, output, json=json)
    if format == "sparkline":
        if measure:
            raise typer.BadParameter("--measure cannot be combined with --format sparkline")
        method = method or "mean"
        width = width or min(_MAX_COLUMNS, shutil.get_terminal_size().columns)
    request: dict[str, Any] = options.selection(site, points, tag, start, end) | {
        "resolution": resolution,
        "timezone": timezone,
        "measure": measure,
        "week_start": week_start,
        "units": units,
        "hours": hours,
        "days": days,
        "exclude": exclude,
        "max_points": max_points,
        "width": width,
        "method": method,
    }
    with Client() as client:
        if format == "csv":
            with text_output(output) as out:
                write_csv(client.query_pages(**request), out)
        elif output:
            write_parquet(client.query_pages(**request), output)
        else:
            _show(client.query(**request), format, json=json, columns=width or 1)


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
