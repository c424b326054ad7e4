"""`vitals coverage`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from vitals_client.cli import charts
from vitals_client.cli.output import Json, SiteName, show, show_json
from vitals_client.client import Client
from vitals_client.shapes import CoverageDay

_MAX_INCOMPLETE_DAYS = 10


def coverage(
    site: SiteName,
    start: Annotated[str, typer.Option(help="first day, YYYY-MM-DD in UTC", show_default="a year ago")] = "",
    end: Annotated[
        str, typer.Option(help="end of the range, the day after the last", show_default="tomorrow")
    ] = "",
    json: Json = False,
) -> None:
    """Show the share of five-minute windows with data, as a heat map of days."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with Client() as client:
        coverage = client.coverage(site, start or tomorrow - timedelta(days=366), end or tomorrow)
    if json:
        return show_json(coverage)
    show("         1   5    10   15   20   25   30")
    for line in [*charts.heat_map(coverage["days"]), "", charts.LEGEND, *_incomplete(coverage["days"])]:
        show(line)


def _incomplete(days: list[CoverageDay]) -> list[str]:
    """Returns a line for each of the latest days that have data in some windows only."""
    lines = [
        f"{day['date']}  {day['windows_with_data']} of {day['windows_expected']} windows have data, "
        f"{day['windows_polled']} were polled"
        for day in days
        if 0 < day["windows_with_data"] < day["windows_expected"]
    ]
    hidden = len(lines) - _MAX_INCOMPLETE_DAYS
    return lines[-_MAX_INCOMPLETE_DAYS:] + ([f"and {hidden} earlier days"] if hidden > 0 else [])
