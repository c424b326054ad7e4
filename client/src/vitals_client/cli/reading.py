"""The commands that read: sites, points, query, latest, coverage, status."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from vitals_client.cli import drawing
from vitals_client.cli.output import Json, SiteName, message, show, show_json, show_table
from vitals_client.cli.query import query
from vitals_client.client import Client
from vitals_client.shapes import CoverageDay, Newest, SiteStatus

_MOST_DAYS_SHOWN = 10


def add_to(app: typer.Typer) -> None:
    """Adds the commands in the order in which they are met."""
    for command in (sites, points, query, latest, coverage, status):
        app.command()(command)


def sites(json: Json = False) -> None:
    """The sites that the token grants."""
    with Client() as client:
        found = client.sites()
    if json:
        return show_json({"sites": found})
    show_table(
        ("site", "name", "points", "synced until", "lag"),
        [
            (
                site["site_name"],
                site["display_name"],
                f"{site['points']:,}",
                site["synced_until"] or "never",
                _lag(site["lag_seconds"]),
            )
            for site in found
        ],
        right=("points", "lag"),
    )


def points(
    site: SiteName,
    search: Annotated[str, typer.Option(help="words that a point's names, unit, device or tags hold")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="a marker or key=value; repeatable")] = None,
    json: Json = False,
) -> None:
    """The points of a site, by words and tags."""
    with Client() as client:
        found = list(client.points(site, search, tag or ()))
    if json:
        return show_json({"points": found})
    if not found:
        return message("no point is like that")
    show_table(
        ("point", "name", "unit", "every", "equipment"),
        [
            (
                point["point_name"],
                point["display_name"],
                point["unit"],
                f"{point['interval_seconds']} s" if point["interval_seconds"] else "",
                point["equipment"] or "",
            )
            for point in found
        ],
        right=("every",),
    )


def latest(
    site: SiteName,
    points: Annotated[list[str] | None, typer.Argument(metavar="[POINT]...", help="by default all")] = None,
    json: Json = False,
) -> None:
    """The newest sample of each point, of the last 24 hours, and when it was last seen."""
    with Client() as client:
        found = client.latest(site, points or ())
    if json:
        return show_json({"site_name": site, "latest": found})
    show_table(
        ("point", "time", "value", "unit", "last seen"),
        [
            (
                newest["point_name"],
                "" if newest["timestamp"] is None else _time(newest["timestamp"]),
                "" if newest["value"] is None else drawing.number(newest["value"]),
                newest["unit"],
                _last_seen(newest),
            )
            for newest in found
        ],
        right=("value",),
    )


def _last_seen(newest: Newest) -> str:
    """Of a silent point, the hour that the archive has of it."""
    if newest["timestamp"] is not None or newest["last_seen"] is None:
        return ""
    return _time(newest["last_seen"])[:16] + "Z"


def coverage(
    site: SiteName,
    start: Annotated[str, typer.Option(help="first day, YYYY-MM-DD in UTC", show_default="a year ago")] = "",
    end: Annotated[str, typer.Option(help="the day after the last", show_default="tomorrow")] = "",
    json: Json = False,
) -> None:
    """How much of each day there is, as a heat map."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with Client() as client:
        found = client.coverage(site, start or tomorrow - timedelta(days=366), end or tomorrow)
    if json:
        return show_json(found)
    show("         1   5    10   15   20   25   30")
    for line in [*drawing.heat_map(found["days"]), "", drawing.LEGEND, *_incomplete(found["days"])]:
        show(line)


def _incomplete(days: list[CoverageDay]) -> list[str]:
    """The latest days of which something but not everything is there."""
    some = [
        f"{day['date']}  {day['windows_with_data']} of {day['windows_expected']} windows have data, "
        f"{day['windows_polled']} were asked for"
        for day in days
        if 0 < day["windows_with_data"] < day["windows_expected"]
    ]
    more = len(some) - _MOST_DAYS_SHOWN
    return some[-_MOST_DAYS_SHOWN:] + ([f"and {more} days before"] if more > 0 else [])


def status(json: Json = False) -> None:
    """How the sites are doing: lag, rejected readings, days that wait for the archive, dead letters."""
    with Client() as client:
        found = client.status()
    if json:
        return show_json(found)
    show_table(
        ("site", "points", "synced until", "lag", "rejected by the latest sync", "unarchived days"),
        [_status(site) for site in found["sites"]],
        right=("points", "lag", "unarchived days"),
    )
    for site in found["sites"]:
        if site["unarchived_count"]:
            days = site["unarchived_days"]
            listed = f"{', '.join(days[:_MOST_DAYS_SHOWN])}{' …' if len(days) > _MOST_DAYS_SHOWN else ''}"
            show(f"{site['site_name']}: to be archived: {listed}")
        if site["upstream_paused_until"]:
            show(f"{site['site_name']}: upstream is not asked until {site['upstream_paused_until']}")
    if found["dead_letters"] is not None:
        counts = {name: _count(count) for name, count in found["dead_letters"].items()}
        show("dead letters: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    for warning in found["warnings"]:
        message(f"warning: {warning}")


def _status(site: SiteStatus) -> tuple[str, ...]:
    return (
        site["site_name"],
        f"{site['points']:,}",
        site["synced_until"] or "never",
        _lag(site["lag_seconds"]),
        ", ".join(f"{reason} {count:,}" for reason, count in site["rejected"].items()),
        _count(site["unarchived_count"]),
    )


def _count(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _lag(seconds: int | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=seconds))


def _time(time_ms: int) -> str:
    return (
        datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
