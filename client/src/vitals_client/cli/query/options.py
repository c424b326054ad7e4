"""The arguments and options that `vitals query`, `vitals table` and `vitals summary` share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from vitals_client.timeseries import Exclusion, Units, WeekStart

Points = Annotated[
    list[str] | None, typer.Argument(metavar="POINT", help="point names from `vitals points`, or else --tag")
]
Columns = Annotated[
    list[str] | None,
    typer.Argument(metavar="POINT", help="point names, or sums such as 'sum: main - solar'; or else --tag"),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", help="a marker tag or key=value, in place of names; repeat it for more tags"),
]
Start = Annotated[
    str, typer.Option(help="start of the range, ISO 8601 or epoch milliseconds", show_default="24 hours ago")
]
End = Annotated[str, typer.Option(help="end of the range, not included", show_default="now")]
Resolution = Annotated[
    str,
    typer.Option(
        help="auto, raw, or the length of the buckets in local time: 15m, 1h, 1d, 1w, 1mo, 1y; "
        "auto is the finest that --max-points allows"
    ),
]
MeasureName = Annotated[
    str | None,
    typer.Option(
        help="what a row says of its bucket: mean, min, max, first, last, count, sd, p1 to p99, "
        "time_weighted_mean, integral, runtime, starts, held, increase, rate",
        show_default="mean",
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        help="zone of the buckets, and of times without an offset; an IANA name",
        show_default="the site's; times without an offset are then UTC",
    ),
]
FirstDay = Annotated[WeekStart | None, typer.Option(help="first day of weeks: monday or sunday")]
UnitsName = Annotated[Units | None, typer.Option(help="units of the values: source, metric or imperial")]
Hours = Annotated[
    str | None, typer.Option(help="local hours that count, such as 06:00-18:00", show_default="all")
]
Days = Annotated[str | None, typer.Option(help="local days that count, such as mon-fri", show_default="all")]
Exclude = Annotated[Exclusion | None, typer.Option(help="bad: leave out what people have flagged")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="file for csv or parquet")
]


def selection(
    site: str, points: list[str] | None, tags: list[str] | None, start: str, end: str
) -> dict[str, Any]:
    """Returns the points and the range of a request, the last 24 hours by default.

    BadParameter for neither names nor tags, or both.
    """
    if bool(points) == bool(tags):
        raise typer.BadParameter("use either point names or --tag")
    now = datetime.now(UTC)
    return {
        "site": site,
        "points": points or (),
        "tags": tags or (),
        "start": start or now - timedelta(days=1),
        "end": end or now,
    }


def check_output(format: str, output: Path | None, *, json: bool) -> None:
    """Raises BadParameter for a format, a file and JSON that exclude one another."""
    if json and format != "table":
        raise typer.BadParameter("--json cannot be combined with --format")
    if output and (json or format not in ("csv", "parquet")):
        raise typer.BadParameter("--output requires --format csv or parquet")
    if format == "parquet" and not output:
        raise typer.BadParameter("--format parquet requires --output")
