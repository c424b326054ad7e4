"""`vitals points` and `vitals latest`."""

from typing import Annotated

import typer

from vitals_client.cli import formatting
from vitals_client.cli.output import Json, SiteName, message, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import Newest, Point


def points(
    site: SiteName,
    search: Annotated[
        str, typer.Option(help="words that the point's names, unit, device or tags contain")
    ] = "",
    tag: Annotated[
        list[str] | None, typer.Option(help="a marker tag or key=value; repeat it for more tags")
    ] = None,
    json: Json = False,
) -> None:
    """List the points of a site, or those that match all words and tags."""
    with Client() as client:
        points = list(client.points(site, search, tag or ()))
    if json:
        return show_json({"points": points})
    if not points:
        return message("no points match")
    show_table(
        ("point", "name", "kind", "unit", "interval", "equipment"),
        [_row(point) for point in points],
        right=("interval",),
    )


def _row(point: Point) -> tuple[str, ...]:
    return (
        point["point_name"],
        point["display_name"],
        point["kind"],
        point["unit"],
        f"{point['interval_seconds']} s" if point["interval_seconds"] else "",
        point["equipment"] or "",
    )


def latest(
    site: SiteName,
    points: Annotated[
        list[str] | None, typer.Argument(metavar="POINT", help="by default every point")
    ] = None,
    json: Json = False,
) -> None:
    """Show the newest sample of each point in the last 24 hours.

    For a point without one, `last seen` is the last archived hour with samples.
    """
    with Client() as client:
        newest = client.latest(site, points or ())
    if json:
        return show_json({"site_name": site, "latest": newest})
    show_table(
        ("point", "time", "value", "unit", "last seen"),
        [_latest_row(sample) for sample in newest],
        right=("value",),
    )


def _latest_row(sample: Newest) -> tuple[str, ...]:
    time_ms, value = sample["timestamp"], sample["value"]
    return (
        sample["point_name"],
        "" if time_ms is None else formatting.utc(time_ms),
        "" if value is None else formatting.number(value),
        sample["unit"],
        _last_seen(sample),
    )


def _last_seen(sample: Newest) -> str:
    """Returns the last archived hour of a point without a recent sample."""
    if sample["timestamp"] is not None or sample["last_seen"] is None:
        return ""
    return formatting.utc(sample["last_seen"], "minutes")
