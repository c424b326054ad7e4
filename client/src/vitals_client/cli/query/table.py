"""`vitals table`: a row for each bucket of time, a column for each point or sum."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vitals_client.cli.formatting import number
from vitals_client.cli.output import Json, SiteName, show_json, show_table
from vitals_client.cli.query import bucket_table, options
from vitals_client.cli.query.files import text_output, write_csv, write_parquet
from vitals_client.client import Client
from vitals_client.tables import wide
from vitals_client.timeseries import Fill

if TYPE_CHECKING:
    import pyarrow as pa

_PARTIAL = "partial"
_IN_SECONDS = ("runtime", "held")


def table(
    site: SiteName,
    points: options.Columns = None,
    tag: options.TagOption = None,
    start: options.Start = "",
    end: options.End = "",
    resolution: Annotated[
        str,
        typer.Option(help="auto, or the length of the buckets in local time: 15m, 1h, 1d, 1w, 1mo, 1y"),
    ] = "auto",
    measure: Annotated[
        str | None,
        typer.Option(
            help="what a cell says of its bucket: at (the sample in force at its start), or a measure of"
            " `vitals query`",
            show_default="mean",
        ),
    ] = None,
    fill: Annotated[
        Fill | None,
        typer.Option(help="what a bucket without a value has: null, last or linear; never across a gap"),
    ] = None,
    timezone: options.Timezone = None,
    week_start: options.FirstDay = None,
    units: options.UnitsName = None,
    hours: options.Hours = None,
    days: options.Days = None,
    exclude: options.Exclude = None,
    format: Annotated[
        Literal["table", "csv", "parquet"], typer.Option(help="table, csv or parquet")
    ] = "table",
    output: options.Output = None,
    json: Json = False,
) -> None:
    """Show points side by side: a row for each hour, local day or month, and a column for each point or sum.

    For example kWh by month: --resolution 1mo --measure increase. In the table ~ marks filled values; running
    time is hours:minutes there, and seconds in CSV, Parquet and JSON.
    """
    options.check_output(format, output, json=json)
    request: dict[str, Any] = options.selection(site, points, tag, start, end) | {
        "resolution": resolution,
        "measure": measure,
        "fill": fill,
        "timezone": timezone,
        "week_start": week_start,
        "units": units,
        "hours": hours,
        "days": days,
        "exclude": exclude,
    }
    with Client() as client:
        pages = client.table_pages(**request)
        if format == "csv":
            with text_output(output) as out:
                write_csv(pages, out)
        elif output:
            write_parquet(pages, output)
        else:
            _show(wide.joined(list(pages)), json=json)


def _show(table: "pa.Table", *, json: bool) -> None:
    answer = wide.answer(table)
    if json:
        return show_json(answer)
    headers = list(table.column_names)
    columns = [bucket_table.iso_texts(table[wide.TIME])]
    columns += [_cells(column, answer["measure"]) for column in answer["columns"]]
    partial = set(answer[_PARTIAL])
    marks = [_PARTIAL if row in partial else "" for row in range(table.num_rows)]
    if any(marks):
        headers, columns = [*headers, _PARTIAL], [*columns, marks]
    numbers = table.column_names[1:]
    show_table(headers, zip(*columns, strict=True), right=numbers)


def _cells(column: dict[str, Any], measure: str | None) -> list[str]:
    filled = set(column["filled"])
    return [
        "" if value is None else f"{'~' if row in filled else ''}{_text(value, measure)}"
        for row, value in enumerate(column["values"])
    ]


def _text(value: float, measure: str | None) -> str:
    return bucket_table.hours(value) if measure in _IN_SECONDS else number(value)
