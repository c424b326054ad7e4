"""`vitals summary`: what points did over a range."""

import csv
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import typer

from vitals_client.cli.formatting import number
from vitals_client.cli.output import Json, SiteName, show_json, show_table
from vitals_client.cli.query import bucket_table, options
from vitals_client.client import Client
from vitals_client.shapes import SummaryOfPoint

_NUMBERS = ("min", "mean", "max", "last")


def summary(
    site: SiteName,
    points: options.Columns = None,
    tag: options.TagOption = None,
    start: options.Start = "",
    end: options.End = "",
    timezone: options.Timezone = None,
    units: options.UnitsName = None,
    hours: options.Hours = None,
    days: options.Days = None,
    exclude: options.Exclude = None,
    format: Annotated[Literal["table", "csv"], typer.Option(help="table or csv")] = "table",
    json: Json = False,
) -> None:
    """Show the extremes, the mean, the last value, and the increase or the running hours of points.

    CSV and JSON have more: percentiles, the standard deviation, starts, the peak, and times.
    """
    options.check_output(format, None, json=json)
    request = options.selection(site, points, tag, start, end)
    request |= {"timezone": timezone, "units": units, "hours": hours, "days": days, "exclude": exclude}
    with Client() as client:
        summaries = client.summary(**request)
    rows = [cast("Mapping[str, Any]", item) for item in summaries]
    if json:
        show_json({"site_name": site, "points": summaries})
    elif format == "csv":
        writer = csv.DictWriter(
            sys.stdout, list(SummaryOfPoint.__annotations__), lineterminator="\n", extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    else:
        head = ("point", *_NUMBERS, "unit", "increase or running", "known")
        right = [name for name in head if name not in ("point", "unit")]
        show_table(head, [_row(item) for item in rows], right=right)


def _row(item: Mapping[str, Any]) -> tuple[str, ...]:
    cells = ["" if item[name] is None else number(item[name]) for name in _NUMBERS]
    share = "" if item["known"] is None else bucket_table.percent(item["known"])
    return item["point_name"], *cells, item["unit"], _total(item), share


def _total(item: Mapping[str, Any]) -> str:
    """Returns the hours that a binary point ran as hours:minutes, or the increase of a counter."""
    if item["runtime"] is not None:
        return bucket_table.hours(item["runtime"])
    return "" if item["increase"] is None else number(item["increase"])
