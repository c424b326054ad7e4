"""`vitals query`: samples of some points as a table, CSV, Parquet, JSON, or a line of bars for each."""

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
from vitals_client.cli.drawing import in_columns, labels, number, sparkline
from vitals_client.cli.output import Json, SiteName, show, show_json, show_table
from vitals_client.client import Client, Method, Resolution
from vitals_client.exports import written

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_COLUMNS = 80

type Form = Literal["table", "csv", "parquet", "sparkline"]
Width = Annotated[int | None, typer.Option(min=1, help="pixel columns of a chart")]


def query(
    site: SiteName,
    points: Annotated[list[str], typer.Argument(metavar="POINT...", help="as `vitals points` lists them")],
    start: Annotated[
        str, typer.Option(help="ISO 8601 or epoch milliseconds", show_default="24 hours ago")
    ] = "",
    end: Annotated[
        str, typer.Option(help="the end, which is not part of the range", show_default="now")
    ] = "",
    resolution: Annotated[Resolution, typer.Option(help="auto keeps within --max-points")] = "auto",
    max_points: Annotated[int | None, typer.Option(min=1, help="rows a point")] = None,
    width: Width = None,
    method: Annotated[Method | None, typer.Option(help="how a chart is reduced")] = None,
    format: Annotated[Form, typer.Option(help="how it is shown")] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="file to write")
    ] = None,
    json: Json = False,
) -> None:
    """Samples of some points in a range."""
    if json and format != "table":
        raise typer.BadParameter("--json is a form of its own; leave --format out")
    if output and (json or format not in ("csv", "parquet")):
        raise typer.BadParameter("--output goes with --format csv or parquet")
    if format == "parquet" and not output:
        raise typer.BadParameter("--format parquet goes to a file: --output samples.parquet")
    if format == "sparkline":
        method = method or "mean"
        width = width or min(_MOST_COLUMNS, shutil.get_terminal_size().columns)
    now = datetime.now(UTC)
    asked: dict[str, Any] = {
        "site": site,
        "points": points,
        "start": start or now - timedelta(days=1),
        "end": end or now,
        "resolution": resolution,
        "max_points": max_points,
        "width": width,
        "method": method,
    }
    with Client() as client:
        if format == "csv":
            with _text(output) as out:
                _write_csv(client.query_pages(**asked), out)
        elif output:
            _write_parquet(client.query_pages(**asked), output)
        else:
            table = client.query(**asked)
            _show(table, format, json=json, columns=width or 1)


def _show(table: "pa.Table", format: str, *, json: bool, columns: int) -> None:
    if json:
        show_json(tables.answer(table))
    elif format == "sparkline":
        for line in _sparklines(tables.answer(table), columns):
            show(line)
    else:
        rows = (tuple(map(_cell, row)) for row in _rows(table))
        numbers = [name for name in table.column_names if name not in ("point_name", "timestamp")]
        show_table(table.column_names, rows, right=numbers)


def _sparklines(answer: tables.Beside, columns: int) -> Iterator[str]:
    start_ms, end_ms = (
        round(datetime.fromisoformat(answer[key]).timestamp() * 1000) for key in ("start_time", "end_time")
    )
    for series in answer["series"]:
        values = series["values"]
        bars = sparkline(in_columns(series["timestamps"], values, start_ms, end_ms, columns))
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
    """As the API writes CSV, page by page."""
    writer = csv.writer(out, lineterminator="\n")
    for index, page in enumerate(pages):
        if index == 0:
            writer.writerow(page.column_names)
        writer.writerows(_rows(page))


def _write_parquet(pages: Iterator["pa.Table"], path: Path) -> None:
    """A row group or more for each page."""
    import pyarrow.parquet as pq

    first = next(pages)
    schema = first.schema.remove_metadata()
    with _whole(path) as out, pq.ParquetWriter(out, schema) as writer:
        writer.write_table(first.cast(schema))
        for page in pages:
            writer.write_table(page.cast(schema))


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    import pyarrow.compute as pc

    times = pc.strftime(table["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    columns = [times if name == "timestamp" else table[name] for name in table.column_names]
    return zip(*(column.to_pylist() for column in columns), strict=True)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else number(value)


@contextmanager
def _text(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with _whole(path) as out, TextIOWrapper(out, "utf-8", newline="") as text:
        yield text


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """The file that links lead to, whole or as it was; a device or pipe takes what comes."""
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            yield out
    else:
        with written(path.resolve()) as out:
            yield out
